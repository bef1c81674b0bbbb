"""Many faults in random order through one running agent: no crash, no leak, the right verdict each time.

Run: python tests/benchmarks/soak.py [--faults 1000] [--seed N]

The agent is the real one on real simulator processes, its graces shortened; the faults and what is to be said of each
are those of `tests/faults`. Exit status 1 on a wrong verdict, a fault of the agent's own, or growth.
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import random
import stat
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, fields, replace
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from agent.app.world import first_state
from agent.core.events import UserAsked
from agent.core.settings import Settings
from agent.core.shown.display import Connect, Disconnect
from agent.runtime.loop import AgentLoop
from agent.simulator.world import SimulatedApplication
from tests.faults.test_faults import CASES, Case
from tests.faults.watching import QUICK, Audience, calm, paper

TIMING = replace(QUICK, exit_grace=4.0, restart_allowance=6.0)
"""A loaded machine takes seconds to start a process: a restart must not be taken for an end, nor a slow one for a stuck
one."""
SETTLE = 0.1
"""Seconds a healed connection is left alone before the next fault."""
STAY = 0.4
"""Seconds a verdict must stand without another one beside it."""
EQUALLY_RIGHT = {
    "half-frame": frozenset({"app-frozen", "api-silent"}),
    "starting": frozenset({"login-pending"}),
}
"""Verdicts as right as that of the case: a session that sends half a message is given up, and the next one meets the
same silence; which is seen first is a matter of milliseconds. What has been starting for too long, on a machine that is
slow to start it, waits for a log-in."""
ON_THE_WAY = {
    "port-taken": frozenset({"api-disabled"}),
    "close-wait": frozenset({"api-silent"}),
    "too-many-clients": frozenset({"api-silent"}),
}
"""What is true for a moment while the fault comes or goes: the port is closed before another program takes it, the
stuck sockets or the crowd are gone before the application answers again. The graces are too short here to hide it."""
SAID_EVERY = 25
"""Faults between two lines of progress."""
GROWTH = {"sockets": 2.0, "tasks": 2.0, "threads": 1.0, "descriptors": 3.0, "megabytes": 8.0}
"""How much the median of the last tenth may exceed that of the first."""


@dataclass(frozen=True)
class Sample:
    """What the agent's process holds after one fault is healed."""

    sockets: int
    tasks: int
    threads: int
    descriptors: int
    megabytes: float

    @classmethod
    def now(cls) -> "Sample":
        """Take one; rubbish that only waits for the collector is no leak."""
        gc.collect()
        process = psutil.Process()
        return cls(
            sockets=sum(stat.S_ISSOCK(mode) for mode in _descriptors()),
            tasks=len(asyncio.all_tasks()),
            threads=threading.active_count(),
            descriptors=process.num_fds(),
            megabytes=process.memory_info().rss / 2**20,
        )


def _descriptors() -> Iterator[int]:
    for entry in Path("/proc/self/fd").iterdir():
        # The one that reads the folder is gone by now.
        with contextlib.suppress(OSError):
            yield entry.stat().st_mode


class Faulty(logging.Handler):
    """Keeps what the agent logs about faults of its own: they come with a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """One more."""
        if record.exc_info and record.name.startswith("agent"):
            self.records.append(self.format(record))


def say(text: str) -> None:
    """Progress and result."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def put_through(gateway: SimulatedApplication, loop: AgentLoop, agent: Audience, case: Case, home: int) -> None:
    """One fault: in force, judged, healed. `home` is the port that is configured."""
    said = len(agent.notices)
    seen = len(agent.statuses)
    if case.begins:
        # It is met by who connects, not by who is connected.
        loop.post(UserAsked(Disconnect("")))
        await agent.until(lambda a: a.connection.phase == "idle", "disconnected")
    await gateway.fault(case.fault, case.value)
    if case.begins:
        loop.post(UserAsked(Connect("")))
    verdicts = ({case.agent} - {None}) | EQUALLY_RIGHT.get(case.fault, frozenset())
    if verdicts:
        await agent.until(lambda a: bool(verdicts & set(a.codes)), f"told {case.agent}")
    await asyncio.sleep(STAY)
    wanted = verdicts | ON_THE_WAY.get(case.fault, frozenset())
    # On a loaded machine a restart takes longer than that: what is starting is told, and passes.
    await agent.until(lambda a: set(a.codes) <= verdicts, f"told {sorted(filter(None, verdicts))} and nothing else")
    # A fault may pass through a stage that is no problem, as starting; what may not be is another problem.
    shown = {
        p.code for s in agent.statuses[seen:] for p in s.connections[0].problems if p.visible and p.severity != "info"
    }
    assert shown <= wanted, f"shown {sorted(shown)}"
    await gateway.heal()
    if gateway.port != home:
        # It moved for good.
        await gateway.restart(port=home, delay=0.0)
    if case.fault == "read-only-notice":
        # Where the settings do not tell, only a later session without a complaint does.
        await gateway.fault("drop-sessions")
    await agent.connected()
    await asyncio.sleep(SETTLE)
    spoken = [("over: " if n.over else "") + n.key.split("/", 1)[1].split(":")[0] for n in agent.notices[said:]]
    assert {s.removeprefix("over: ") for s in spoken} <= wanted, f"said {spoken}"
    del agent.statuses[:-1], agent.notices[:]


async def soak(count: int, seed: int) -> int:
    """Run; returns the exit status."""
    dice = random.Random(seed)
    cases = [c for c in CASES if c.shape == "itself" and c.fixed_id is None and not c.auto_port]
    samples: list[Sample] = []
    wrong: list[str] = []
    taken: Counter[str] = Counter()
    faulty = Faulty()
    logging.getLogger().addHandler(faulty)
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatelight-soak-")))
        folder = root / "application"
        folder.mkdir()
        gateway = await stack.enter_async_context(await SimulatedApplication.start(folder))
        home = gateway.asked_port
        world = Audience(folder.resolve())
        state = first_state(Settings(connections=(paper(home),)), world.now(), timing=TIMING, known=calm())
        loop = AgentLoop(state, world)
        running = asyncio.ensure_future(loop.run())
        await world.connected()
        before = "nothing"
        for number in range(1, count + 1):
            case = dice.choice(cases)
            taken[case.name] += 1
            try:
                await put_through(gateway, loop, world, case, home)
            except AssertionError as fault:
                told = f"{str(fault)[:120]}; then {shown_with(world)}"
                wrong.append(f"{number}. {case.name} after {before}: {told}")
                say(f"WRONG {wrong[-1]}")
                await _recover(gateway, world, home)
            before = case.name
            samples.append(Sample.now())
            if running.done():
                wrong.append("the agent's loop ended")
                break
            if number % SAID_EVERY == 0:
                spent = time.monotonic() - began
                say(f"{number} faults, {spent:.0f} s, {len(wrong)} wrong, {samples[-1]}")
        loop.stop()
        await running
    return report(samples, wrong, faulty.records, taken, time.monotonic() - began)


def shown_with(agent: Audience) -> str:
    """What is shown, with what was seen of it."""
    connection = agent.connection
    told = (f"{p.code}{'' if p.visible else ' (young)'}: {', '.join(p.evidence)}" for p in connection.problems)
    return f"{connection.phase}, {'; '.join(told) or 'no problem'}"


async def _recover(gateway: SimulatedApplication, agent: Audience, home: int) -> None:
    """After a wrong verdict: start from a fresh application, so that one fault is counted once."""
    await gateway.heal()
    await gateway.restart(port=home, delay=0.0)
    await agent.connected()
    await asyncio.sleep(SETTLE)
    del agent.statuses[:-1], agent.notices[:]


def report(samples: list[Sample], wrong: list[str], faults: list[str], taken: Counter[str], spent: float) -> int:
    """Say how it went; returns the exit status."""
    tenth = max(1, len(samples) // 10)
    say(f"\n{len(samples)} faults of {len(taken)} kinds in {spent:.0f} s; {len(wrong)} wrong verdicts")
    leaks = []
    for name in (f.name for f in fields(Sample)):
        first, last = (
            statistics.median(getattr(s, name) for s in part) for part in (samples[:tenth], samples[-tenth:])
        )
        say(f"{name:12} first tenth {first:g}, last tenth {last:g}")
        if last - first > GROWTH[name]:
            leaks.append(f"{name} grew from {first:g} to {last:g}")
    for line in (*wrong, *faults, *leaks):
        say(f"FAULT {line}")
    return 1 if wrong or faults or leaks else 0


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(1_000_000)
    say(f"seed {seed}")
    return asyncio.run(soak(options.faults, seed))


if __name__ == "__main__":
    sys.exit(main())
