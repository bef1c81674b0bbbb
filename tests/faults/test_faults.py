"""Every fault of the simulated application: the agent and the doctor name it, and only it, and the agent its end."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.core.settings import ConnectionSettings
from agent.simulator.process_faults import FAULTS
from agent.simulator.world import SimulatedApplication
from tests.faults.watching import CALM, QUICK, Audience, examined, paper, visible, watching


@dataclass(frozen=True)
class Case:
    """One fault and what is to be said of it."""

    fault: str
    agent: str | None
    doctor: str | None
    value: str | None = None
    """None: as the simulator has it by default."""
    fixed_id: int | None = None
    shape: str = "itself"
    auto_port: bool = False
    begins: bool = False
    """The agent meets it from the start instead of in the middle of a session."""

    @property
    def name(self) -> str:
        return self.fault if self.value is None else f"{self.fault}={self.value}"

    @property
    def title(self) -> str:
        """Tells all cases apart."""
        return f"{self.name}-first" if self.begins else self.name


CASES = [
    Case("accept-close", "peer-not-trusted", "peer-not-trusted", begins=True),
    Case("accept-reset", "peer-not-trusted", "peer-not-trusted", begins=True),
    Case("silent", "api-silent", "api-silent", begins=True),
    Case("hello-hang", "session-not-ready", "session-not-ready", begins=True),
    Case("start-refused", "session-not-ready", "session-not-ready", begins=True),
    Case("start-refused", "server-link-lost", "server-link-lost", "1100", begins=True),
    Case("start-refused", "session-not-ready", "session-not-ready", "507", begins=True),
    Case("no-next-valid-id", "session-not-ready", "session-not-ready", begins=True),
    Case("client-id-in-use", "client-id-in-use", "client-id-in-use", "17", fixed_id=17, begins=True),
    Case("client-id-in-use", "client-id-in-use", "client-id-in-use", begins=True),
    Case("too-many-clients", "too-many-clients", "too-many-clients", begins=True),
    Case("too-many-clients", "too-many-clients", "too-many-clients", "ignore", begins=True),
    Case("old-version", "app-outdated", "app-outdated", begins=True),
    Case("read-only", "read-only-api", "read-only-api"),
    Case("read-only-notice", "read-only-api", None),
    Case("read-only-notice", "read-only-api", None, "de"),
    Case("precautions-on", "precautions-on", "precautions-on"),
    Case("auto-logoff", "restart-at-risk", "restart-at-risk"),
    Case("link-lost", "server-link-lost", "server-link-lost"),
    Case("link-lost", "server-link-lost", "server-link-lost", "2110"),
    Case("link-back-lost", "data-lost", None),
    Case("market-data-farm-broken", "data-farm-broken", "data-farm-broken"),
    Case("historical-farm-broken", "data-farm-broken", "data-farm-broken"),
    Case("security-definition-farm-broken", "data-farm-broken", "data-farm-broken"),
    Case("competing-session", "competing-session", "competing-session"),
    Case("pacing", "pacing-violation", "pacing-violation"),
    Case("pacing", "pacing-violation", "pacing-violation", "420"),
    Case("message-rate", "message-rate-exceeded", "message-rate-exceeded"),
    Case("lines-exhausted", "data-lines-exhausted", "data-lines-exhausted"),
    Case("delayed", "data-delayed", "data-delayed"),
    Case("not-subscribed", "data-not-subscribed", "data-not-subscribed"),
    Case("not-subscribed", "data-not-subscribed", "data-not-subscribed", "10089"),
    Case("not-subscribed", "data-not-subscribed", "data-not-subscribed", "10090"),
    Case("not-subscribed", "data-not-subscribed", "data-not-subscribed", "10168"),
    Case("not-subscribed", "data-not-subscribed", "data-not-subscribed", "10186"),
    Case("freeze", "app-frozen", "api-silent"),
    Case("slow", None, None, "0.3"),
    Case("reset-sessions", None, None),
    Case("drop-sessions", None, None),
    Case("half-frame", "api-silent", "api-silent"),
    Case("garbage", "not-tws", "not-tws", begins=True),
    Case("huge-prefix", "not-tws", "not-tws", begins=True),
    Case("garbage", "not-tws", "not-tws"),
    Case("huge-prefix", "not-tws", "not-tws"),
    Case("clock-off", "clock-off", "clock-off"),
    Case("clock-off", "clock-off", "clock-off", "-30"),
    Case("port-changed", "api-port-mismatch", "api-port-mismatch"),
    Case("not-running", "app-not-running", "app-not-running"),
    Case("starting", "app-starting", "app-starting"),
    Case("login-pending", "login-pending", "login-pending"),
    Case("no-listener", "api-disabled", "api-disabled"),
    Case("other-port", "api-port-mismatch", "api-port-mismatch"),
    Case("restart", None, None, "0"),
    Case("restart-other-port", "api-port-mismatch", "api-port-mismatch"),
    Case("updated", "app-changed", None),
    Case("restart-stuck", "restart-stuck", "restart-stuck"),
    Case("close-wait", "api-wedged", "api-wedged"),
    Case("port-taken", "api-port-taken", "api-port-taken"),
    Case("several", "several-apps", "several-apps", "same-port", begins=True),
    Case("several", "several-apps", "several-apps", "other-port", auto_port=True, begins=True),
    Case("wrong-application", "wrong-application", "wrong-application"),
    Case("client-portal", "wrong-product", "wrong-product", begins=True),
    Case("container-not-ready", "container-not-ready", "container-not-ready", shape="container", begins=True),
    Case("memory", "app-memory-low", "app-memory-low"),
]


LATER = {"app-starting": ("login-pending",)}
"""What a verdict may rightly become on a slow machine: a start that outlasts the shortened grace waits for a log-in."""


def connection(gateway: SimulatedApplication, case: Case) -> ConnectionSettings:
    return paper("auto" if case.auto_port else gateway.asked_port, client_id=case.fixed_id or "auto")


SILENT = {
    "limits",
    "link-back-kept",
    "link-back-unsaid",
    "market-closed",
    *(name for name in FAULTS if name.startswith("config-")),
}
"""Faults that nothing is said of: they are for what reads data and settings or uses limits, and tested there."""


def test_every_fault_of_the_simulator_is_tried() -> None:
    assert {c.fault for c in CASES} | SILENT == set(FAULTS)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.title)
async def test_the_agent_names_the_fault_alone_and_its_end_once(case: Case, tmp_path: Path) -> None:
    faults = (case.name,) if case.begins else ()
    async with (
        await SimulatedApplication.start(tmp_path, faults=faults, shape=case.shape) as gateway,
        watching(connection(gateway, case), folder=tmp_path) as agent,
    ):
        if not case.begins:
            await agent.connected()
            await gateway.fault(case.fault, case.value)
        await judged(agent, case)
        await healed(agent, case, gateway)


async def judged(agent: Audience, case: Case) -> None:
    """The right verdict, and nothing beside it for a while."""
    if case.agent is not None:
        await agent.until(lambda a: case.agent in a.codes, f"told {case.agent}")
    await asyncio.sleep(CALM)
    wanted = [] if case.agent is None else [case.agent, *LATER.get(case.agent, ())]
    # Some verdicts fade while we wait; what may not be is another one.
    assert set(agent.codes) <= set(wanted), agent.connection.problems
    assert {s.removeprefix("over: ") for s in agent.said} <= set(wanted)
    for problem in agent.connection.problems:
        assert problem.evidence
        assert problem.steps


async def healed(agent: Audience, case: Case, gateway: SimulatedApplication) -> None:
    """Once it is put right the agent is connected again, and has said so once."""
    if case.fault == "port-changed":
        await gateway.restart(port=gateway.asked_port, delay=0.0)
        return
    await gateway.heal()
    if case.fault == "read-only-notice":
        # Where the settings do not tell, only a later session without a complaint does.
        await gateway.fault("drop-sessions")
    await agent.connected()
    await asyncio.sleep(0.1)
    shown = [p for s in agent.statuses for p in s.connections[0].problems if p.visible and p.code == case.agent]
    loud = case.agent is not None and shown[0].severity != "info"

    later = LATER.get(case.agent or "", ())
    said = [s for s in agent.said if s.removeprefix("over: ") not in later]
    assert said == ([case.agent, f"over: {case.agent}"] if loud else [])


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if not (c.begins is False and c.fault in ("garbage", "huge-prefix"))],
    ids=lambda c: c.name,
)
async def test_the_doctor_names_the_fault_alone(case: Case, tmp_path: Path) -> None:
    faults = (case.name,) if not FAULTS[case.fault].one_shot else ()
    async with await SimulatedApplication.start(tmp_path, faults=faults, shape=case.shape) as gateway:
        wanted = connection(gateway, case)
        if FAULTS[case.fault].one_shot:
            await gateway.fault(case.fault, case.value)
        if case.doctor in ("login-pending", "restart-stuck"):
            # These are told from a process that only starts by its age.
            await asyncio.sleep(QUICK.start_grace)
        found = await examined(wanted, folder=tmp_path)

    assert visible(found) == ([] if case.doctor is None else [case.doctor]), found.problems
    for problem in found.problems:
        assert problem.evidence
        assert problem.steps
