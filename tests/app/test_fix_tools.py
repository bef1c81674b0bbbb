"""The fixes with their real tools: a real configuration file, real programs, a simulated TWS, IBC's command server."""

import itertools
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from ibapi.protobuf.UpdateConfigRequest_pb2 import UpdateConfigRequest
from ibapi.protobuf.UpdateConfigResponse_pb2 import UpdateConfigResponse

from agent.app.fix_tools import RealTools, still_there
from agent.config.reading import load
from agent.core.evidence.processes import listener_key_at
from agent.core.facts import Abilities, Facts, Installation, Known, SettingsTold
from agent.core.fix import ChangeSettings, CommandAnswer, Done, Failed, FixOutcome, NeedsConsent, Offer
from agent.core.settings import WantedApplication
from agent.fixes import FIXES
from agent.session import settings as settings_session
from agent.simulator.free_ports import free_port
from agent.simulator.server import Simulator
from agent.simulator.state import Profile
from agent.tws.api_settings import ApiSettings, Configuration, LockAndExit, Precautions, UpdateWarning
from agent.tws.api_settings_table import PRECAUTIONS
from agent.tws.applications import ApplicationKind
from tests.ibkr_settings import ibkr_response
from tests.lookalikes import API, Start, lookalikes
from tests.problems.scene import NOW, backing_off, connected, connection, facts, gateway, machine
from tests.session.ibkr_server import CONFIG as CONFIG_TOLD
from tests.session.ibkr_server import UPDATED, framed, serving

CONFIG = """\
# Mine; do not touch
[page]
port   =   0      # any


[[connections]]   # paper
name = "Paper Gateway"
application    = 'tws'   # was TWS once
port = 7497 # <- the old one
  client_id = 7

[notifications]
quiet_hours = [ "22:00-07:00", ]
"""


class NoScreen:
    """A desktop that brings nothing to the front."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def bring_to_front(self, pid: int) -> str | None:
        self.asked.append(pid)
        return "it has no window any more"


_ids = itertools.count(7400)


def lease() -> tuple[int, int]:
    return next(_ids), next(_ids)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gatelight.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture
def tools(config: Path) -> RealTools:
    return RealTools(NoScreen(), config, lease)  # type: ignore[arg-type]


async def done(fix_id: str, seen: Facts, tools: RealTools) -> FixOutcome:
    """Do what is offered."""
    offer = FIXES[fix_id].offer(seen)
    assert offer is not None
    return await FIXES[fix_id].do(offer, tools)


# ── Gatelight's own configuration ───────────────────────────────────────────────────────────────

WANTS_TWS = connection(application=WantedApplication.TWS, port=7497)


def own_config() -> Facts:
    """TWS is configured, IB Gateway runs on another port: two keys have to change."""
    seen = facts(machine(gateway()), backing_off(), wants=WANTS_TWS)
    return replace(seen, abilities=Abilities("gatelight.toml"))


def text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


@pytest.fixture
def read_only(config: Path) -> Path:
    config.chmod(0o444)
    return config


@pytest.fixture
def gone(config: Path) -> Path:
    config.unlink()
    return config


@pytest.fixture
def meanwhile(config: Path, request: pytest.FixtureRequest) -> str:
    """What somebody has made of the file since the question was asked."""
    text: str = request.param
    config.write_text(text, encoding="utf-8")
    return text


async def test_remarks_and_layout_of_the_configuration_stay(config: Path, tools: RealTools) -> None:
    assert isinstance(await done("use-application", own_config(), tools), Done)

    changed = CONFIG.replace("'tws'   #", '"gateway"   #').replace("7497 #", "4002 #")
    assert text_of(config) == changed
    assert (load(config).connections[0].application.value, load(config).connections[0].port) == ("gateway", 4002)


async def test_a_configuration_that_may_not_be_written_stays_whole(read_only: Path, tools: RealTools) -> None:
    outcome = await done("use-application", own_config(), tools)

    assert isinstance(outcome, Failed)
    assert "is read-only, so nothing was changed" in outcome.text
    assert outcome.by_hand.startswith(
        "Set Application to IB Gateway and API port to 4002 for “Paper Gateway” in Gatelight’s Settings"
    )
    assert text_of(read_only) == CONFIG


@pytest.mark.parametrize(
    ("meanwhile", "words"),
    [
        (CONFIG.replace("[page]", "[page"), "gatelight.toml, line 2"),
        (CONFIG.replace('"Paper Gateway"', '"Renamed"'), "There is no connection"),
        (CONFIG.replace("client_id = 7", "client_id = 0"), "client_id"),
        ("[page]\nport = 0\n", "holds no connection"),
    ],
    ids=["broken", "renamed", "refused", "emptied"],
    indirect=["meanwhile"],
)
async def test_a_configuration_that_was_changed_meanwhile_is_left_as_it_is(
    meanwhile: str, words: str, config: Path, tools: RealTools
) -> None:
    outcome = await done("use-application", own_config(), tools)

    assert isinstance(outcome, Failed)
    assert words in outcome.text
    assert text_of(config) == meanwhile


@pytest.mark.parametrize("key", ["connections.Paper Gateway.start_command", "notifications.remote"])
async def test_a_fix_never_says_which_program_runs_or_who_is_told(key: str, config: Path, tools: RealTools) -> None:
    trouble = await tools.change_config((("page.port", "1"), (key, '["/bin/sh"]')))

    assert trouble == f"{key} is changed by you alone: run `gatelight config set {key} VALUE`"
    assert text_of(config) == CONFIG


async def test_a_configuration_that_is_gone_is_not_made_anew(gone: Path, tools: RealTools) -> None:
    outcome = await done("use-application", own_config(), tools)

    assert isinstance(outcome, Failed)
    assert outcome.text == "gatelight.toml is not there any more, so nothing was changed."
    assert text_of(gone) is None


# ── programs and windows ────────────────────────────────────────────────────────────────────────


def installed(program: Path) -> Facts:
    found: Known[tuple[Installation, ...]] = Known(
        (Installation(ApplicationKind.GATEWAY, "10.45", str(program.parent), (str(program),)),)
    )
    return facts(machine(installed=found), backing_off())


async def test_an_installed_application_is_started(tmp_path: Path, tools: RealTools) -> None:
    launcher = tmp_path / "ibgateway"
    launcher.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    launcher.chmod(0o755)
    outcome = await done("start-app", installed(launcher), tools)

    assert isinstance(outcome, Done)
    assert (tmp_path / "started").exists()


async def test_one_that_was_removed_meanwhile_is_told(tmp_path: Path, tools: RealTools) -> None:
    outcome = await done("start-app", installed(tmp_path / "ibgateway"), tools)

    assert isinstance(outcome, Failed)
    assert outcome.text == f"It could not be started: there is no program {tmp_path}/ibgateway."


async def test_what_the_desktop_says_about_a_window_is_handed_on(tools: RealTools) -> None:
    at_login = replace(gateway(ports=(), link_for=None), has_window=True)
    outcome = await done("focus-app", facts(machine(at_login), backing_off()), tools)

    assert isinstance(outcome, Failed)
    assert outcome.text == "The window did not come to the front: it has no window any more."


# ── IBC ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_command_goes_to_ibc(tools: RealTools) -> None:
    port = free_port()

    assert await tools.send_command(port, "ENABLEAPI") == CommandAnswer(
        False, f"nothing listens on port {port} of this computer any more"
    )


# ── settings of TWS ─────────────────────────────────────────────────────────────────────────────

StartSimulator = Callable[..., Awaitable[Simulator]]
LOGS_OFF = LockAndExit("11:45", "PM", "logoff")
ALL_KEPT = Precautions(**{p.name: False for p in PRECAUTIONS})


@pytest.fixture
async def simulated() -> AsyncIterator[StartSimulator]:
    """A simulated IB Gateway that logs off every day and bypasses no precaution; faults as typed after `--fault`."""
    opened: list[Simulator] = []

    async def open_one(*faults: str, **profile: Any) -> Simulator:
        simulator = Simulator(Profile(**profile), port=0)
        opened.append(simulator)
        simulator.configure(Configuration(precautions=ALL_KEPT, lock_and_exit=LOGS_OFF))
        for fault in faults:
            name, _, value = fault.partition("=")
            await simulator.apply(name, value or None)
        await simulator.open()
        return simulator

    yield open_one
    for simulator in opened:
        await simulator.close()


async def seen_of(port: int, **told_instead: Any) -> Facts:
    """What is known of the application on a port, in the process of this test, once it was asked for its settings."""
    answer = await settings_session.ask_settings("127.0.0.1", port, lease())
    process = replace(gateway(pid=os.getpid(), ports=(port,)), started=psutil.Process().create_time())
    around = machine(process)
    wants = connection(port=port)
    session = replace(connected(port), served_listener=listener_key_at(wants, around, port))
    known = SettingsTold(answer.settings, NOW.monotonic, answer.server_version, session.served_listener)
    return replace(facts(around, session, wants=wants), api_settings=replace(known, **told_instead))


async def test_every_precaution_is_ticked_and_the_next_answer_says_so(
    simulated: StartSimulator, tools: RealTools
) -> None:
    simulator = await simulated()
    outcome = await done("set-precautions", await seen_of(simulator.port), tools)
    after = await seen_of(simulator.port)

    assert isinstance(outcome, Done)
    assert all(p.title in outcome.text for p in PRECAUTIONS)
    assert isinstance(after.api_settings.configuration, Known)
    found = after.api_settings.configuration.value
    assert [found.value(p) for p in PRECAUTIONS] == [True] * len(PRECAUTIONS)
    assert found.lock_and_exit == LOGS_OFF
    assert FIXES["set-precautions"].offer(after) is None


async def test_the_daily_restart_is_switched_on_and_keeps_its_time(simulated: StartSimulator, tools: RealTools) -> None:
    simulator = await simulated()
    outcome = await done("set-auto-restart", await seen_of(simulator.port), tools)
    after = await seen_of(simulator.port)

    assert outcome == Done("The application says that it has made the change: Auto logoff / Auto restart.")
    assert isinstance(after.api_settings.configuration, Known)
    assert after.api_settings.configuration.value.lock_and_exit == replace(LOGS_OFF, auto_logoff_type="restart")
    assert FIXES["set-auto-restart"].offer(after) is None


@pytest.mark.parametrize("fix_id", ["set-precautions", "set-auto-restart"])
async def test_warnings_are_asked_about_and_nothing_changes_before_the_yes(
    fix_id: str, simulated: StartSimulator, tools: RealTools
) -> None:
    simulator = await simulated("config-warnings")
    before = simulator.situation.configuration
    asked = await done(fix_id, await seen_of(simulator.port), tools)

    assert isinstance(asked, NeedsConsent)
    assert simulator.situation.configuration == before
    assert asked.offer.question.changes[-1] == (
        "Accepts the warning of the application “Changed by an API client: "
        "An API client wants to change the settings of this application.”"
    )
    assert isinstance(await FIXES[fix_id].do(asked.offer, tools), Done)
    assert simulator.situation.configuration != before


@pytest.mark.parametrize("fix_id", ["set-precautions", "set-auto-restart"])
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("read-only", "Nothing was changed: Read-Only API is on, and only a person can clear it."),
        ("config-refused", "Nothing was changed: the application refused it: refused with notice 10357"),
        ("accept-close", "Nothing was changed: the connection was closed: the hello was not answered"),
        ("client-id-in-use", "Nothing was changed: client ID"),
    ],
)
async def test_each_failure_is_told_as_what_it_is(
    fix_id: str, fault: str, words: str, simulated: StartSimulator, tools: RealTools
) -> None:
    simulator = await simulated()
    seen = await seen_of(simulator.port)
    before = simulator.situation.configuration
    await simulator.apply(fault, None)
    outcome = await done(fix_id, seen, tools)

    assert isinstance(outcome, Failed)
    assert outcome.text.startswith(words), outcome.text
    assert outcome.by_hand
    assert simulator.situation.configuration == before


@pytest.mark.parametrize("fault", ["config-silent", "config-garbage", "config-half"])
async def test_without_an_answer_that_can_be_read_it_is_not_known_what_became_of_it(
    fault: str, simulated: StartSimulator, tools: RealTools
) -> None:
    simulator = await simulated()
    seen = await seen_of(simulator.port)
    await simulator.apply(fault, None)
    outcome = await done("set-precautions", seen, tools)
    kept = simulator.situation.configuration.precautions == ALL_KEPT

    assert isinstance(outcome, Failed)
    assert outcome.text.startswith("It is not known whether anything was changed: ")
    # And that is the truth: the one answers badly after it has made the change, the other never made it.
    assert kept is (fault == "config-silent")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with lookalikes(tmp_path) as begin:
        yield begin


def offer_at(port: int, pid: int, started: float) -> Offer:
    """An offer for the application that a process was, whatever it is now."""
    seen = facts(machine(replace(gateway(pid=pid, ports=(port,)), started=started)), wants=connection(port=port))
    plan = ChangeSettings(
        "127.0.0.1",
        port,
        listener_key_at(seen.connection, seen.machine, port),
        Configuration(precautions=Precautions(bypass_bond_warning=True)),
    )
    return Offer("set-precautions", "Paper Gateway", "Bypass a precaution", _QUESTION, plan, "By hand.")


_QUESTION = FIXES["start-app"].offer(installed(Path("ibgateway"))).question  # type: ignore[union-attr]


async def test_an_application_that_was_started_anew_is_not_changed(
    simulated: StartSimulator, tools: RealTools, start: Start
) -> None:
    """The old process is gone, or its number has gone to another one; another one owns the port."""
    simulator = await simulated()
    before, received = simulator.situation.configuration, dict(simulator.received)
    me, born = os.getpid(), psutil.Process().create_time()
    gone = start("install4j.ibgateway.GWClient")
    gone_pid, gone_born = gone.pid, psutil.Process(gone.pid).create_time()
    other = start("install4j.ibgateway.GWClient", listen=((API, 0),))
    gone.process.kill()
    gone.process.wait()
    for pid, started in (
        (gone_pid, gone_born),
        (me, born - 3600.0),
        (other.pid, psutil.Process(other.pid).create_time()),
    ):
        outcome = await FIXES["set-precautions"].do(offer_at(simulator.port, pid, started), tools)

        assert outcome == Failed(
            "Nothing was changed: the application has been started anew, or left its port, "
            "since the question was asked.",
            "By hand.",
        )
    assert simulator.situation.configuration == before
    assert dict(simulator.received) == received, "it was not even knocked at"
    assert isinstance(await FIXES["set-precautions"].do(offer_at(simulator.port, me, born), tools), Done)


def test_a_clock_that_was_set_makes_nobody_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        born, read = psutil.Process().create_time(), psutil.Process.create_time
        # Every start is an hour later when read anew, as on Linux after the clock was set.
        monkeypatch.setattr(psutil.Process, "create_time", lambda self: read(self) + 3600.0)

        assert still_there(f"{port}/{os.getpid()}/{born}", port)
        assert not still_there(f"{port}/{os.getpid()}/{born - 60.0}", port)


def test_a_door_without_a_process_cannot_be_checked() -> None:
    assert still_there("192.0.2.7:4002", 4002)
    assert still_there("4002/771", 4002)


# ── what goes over the wire, as IBKR's own classes read it ──────────────────────────────────────

SOME_KEPT = Precautions(**{p.name: p.number % 3 == 0 for p in PRECAUTIONS})
CAP = UpdateWarning(131, "Mandatory cap price", "Orders may be capped.")


async def sent(fix_id: str, accepted: tuple[UpdateWarning, ...] = ()) -> UpdateConfigRequest:
    """What an application is sent for a fix."""
    settings = Configuration(ApiSettings(read_only_api=False), SOME_KEPT, LOGS_OFF)
    async with serving(
        config=lambda request: [framed(CONFIG_TOLD, ibkr_response(settings, request.reqId))],
        update=lambda request: [framed(UPDATED, UpdateConfigResponse(reqId=request.reqId, status="success"))],
    ) as server:
        offer = FIXES[fix_id].offer(await seen_of(server.port))
        assert offer is not None
        assert isinstance(offer.plan, ChangeSettings)
        agreed = replace(offer, plan=replace(offer.plan, accepted=accepted))
        tools = RealTools(NoScreen(), Path("none"), lease)  # type: ignore[arg-type]

        assert isinstance(await FIXES[fix_id].do(agreed, tools), Done)
        (request,) = [r for r in server.asked if isinstance(r, UpdateConfigRequest)]
    return request


async def test_only_the_precautions_that_are_kept_are_sent_and_as_ticked() -> None:
    request = await sent("set-precautions")
    kept = [p for p in PRECAUTIONS if getattr(SOME_KEPT, p.name) is False]

    assert [f.name for f, _ in request.api.precautions.ListFields()] == [p.wire_name for p in kept]
    assert all(value is True for _, value in request.api.precautions.ListFields())
    assert [f.name for f, _ in request.ListFields()] == ["reqId", "api"]
    assert not request.api.HasField("settings")


async def test_only_the_kind_of_daily_end_is_sent_so_that_its_time_stays() -> None:
    request = await sent("set-auto-restart")

    assert [(f.name, value) for f, value in request.lockAndExit.ListFields()] == [("autoLogoffType", "restart")]
    assert [f.name for f, _ in request.ListFields()] == ["reqId", "lockAndExit"]


@pytest.mark.parametrize("fix_id", ["set-precautions", "set-auto-restart"])
async def test_only_warnings_that_were_accepted_are_sent_as_accepted(fix_id: str) -> None:
    none, one = await sent(fix_id), await sent(fix_id, (CAP,))

    assert len(none.acceptedWarnings) == 0
    assert [(w.messageId, w.title, w.message) for w in one.acceptedWarnings] == [
        (131, "Mandatory cap price", "Orders may be capped.")
    ]
