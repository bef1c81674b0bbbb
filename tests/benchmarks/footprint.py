"""What a running agent costs: processor, memory, messages; how soon its commands and its icon are there."""

import asyncio
import contextlib
import statistics
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.benchmarks.reactions import Bench
from tests.benchmarks.subject import PATIENCE, NeverSaid, end, environment, subject
from tests.benchmarks.table import Row, spread
from tests.desktop_session import session_bus
from tests.tray_host import TrayHost

CALM = 15.0
"""Seconds after the start before anything is measured in a hurry: first looks and reports are over."""
FREE_AGAIN = 3.0
"""Seconds between two sessions with the same client ID."""
SETTLED = 130.0
"""The same for a full measurement: none of the processes started here is young any more, in the eyes of a look."""
LONG = 5.0
"""Minutes from which on a measurement counts as full."""
ICON_AFTER, CONNECTED_AFTER, PACKAGED_ICON_AFTER = 0.18, 0.40, 0.35
"""Seconds from `run`, at most."""
STATUS_AFTER = 0.05
"""Seconds that `gatelight status` may take."""
MEMORY, MEMORY_WITH_TRAY = 38, 47
"""MiB of an idle agent, at most."""
PROCESSOR, PROCESSOR_WITH_TRAY = 0.05, 0.06
"""Percent of one core that an idle agent may use."""
DOWNLOADS = {"gatelight-*-setup.exe": 14.0, "gatelight_*.deb": 16.0}
"""Megabytes of what is downloaded, at most."""
STATUS_RUNS = 20
"""How often `gatelight status` is timed."""
CONNECTED = ": connected (server version"
"""What the agent logs when a session is up."""
HEARTBEAT = 49
"""Message number of reqCurrentTime."""
HISTORY = 20
"""Message number of reqHistoricalData."""
ROOT = Path(__file__).resolve().parents[2]
PACKAGED = ROOT / "build/packaged/gatelight/gatelight"
"""The packaged program, as `installer/build.py linux` leaves it."""
MIB = 2**20


@dataclass
class Spent:
    """What one process used over a stretch of time."""

    pid: int
    used: float = 0.0
    """Seconds of a processor, at the beginning."""
    began: float = 0.0
    percent: float = 0.0
    """Of one core."""
    resident: int = 0
    """Bytes, at the end."""

    def begin(self) -> None:
        """From now."""
        self.used, self.began = processor(self.pid), time.monotonic()

    def finish(self) -> None:
        """Until now."""
        self.percent = 100 * (processor(self.pid) - self.used) / (time.monotonic() - self.began)
        self.resident = psutil.Process(self.pid).memory_info().rss


@dataclass
class Home:
    """A configuration and a data folder for one agent."""

    folder: Path
    port: int
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        config = self.folder / "config.toml"
        config.write_text(
            f'[[connections]]\nname = "Paper Gateway"\napplication = "gateway"\nport = {self.port}\n', encoding="utf-8"
        )
        self.words = ["--config", str(config), "--data-dir", str(self.folder / "data")]

    def log(self) -> str:
        """What the agent has logged so far."""
        with contextlib.suppress(OSError):
            return "".join(p.read_text(encoding="utf-8") for p in sorted(self.folder.rglob("*.log")))
        return ""


def processor(pid: int) -> float:
    """Processor seconds a process used so far, to the nanosecond: its clock as linux/posix-timers.h numbers it."""
    return time.clock_gettime((~pid << 3) | 2)


async def gatelight(cache: Path, *words: str, program: Path | None = None) -> Process:
    """The command as the user types it; or `program`, which is packaged."""
    installed = program or Path(sys.executable).with_name("gatelight")
    command = [str(installed)] if installed.exists() else [sys.executable, "-m", "agent"]
    return await asyncio.create_subprocess_exec(
        *command, *words, cwd=ROOT, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, env=environment(cache)
    )


@asynccontextmanager
async def running(cache: Path, home: Home, *words: str, program: Path | None = None) -> AsyncIterator[Process]:
    """`gatelight run`, ended at the end."""
    process = await gatelight(cache, "run", *words, *home.words, program=program)
    try:
        yield process
    finally:
        await end(process)


async def _connected(home: Home) -> float:
    """Monotonic time at which the log says that it is connected."""
    async with asyncio.timeout(PATIENCE):
        while CONNECTED not in home.log():  # noqa: ASYNC110 - the log is a file
            await asyncio.sleep(0.005)
    return time.monotonic()


@contextmanager
def _bus() -> Iterator[bool]:
    """A private session bus where one can be had; whether there is one."""
    try:
        with session_bus():
            yield True
    except pytest.skip.Exception:
        yield False


async def starts(bench: Bench, host: TrayHost | None) -> list[Row]:
    """`run` to connected, `run` to icon; the same of the packaged program, where it was built."""
    found, seen = await _starts(bench, host, None)
    rows = [_started("`run` → connected", found, CONNECTED_AFTER)]
    if not host:
        return [*rows, Row("`run` → icon visible", "–", "no session bus here", f"≤ {ICON_AFTER:.2f} s", None)]
    rows.append(_started("`run` → icon at the panel", seen, ICON_AFTER))
    if not PACKAGED.exists():
        return [*rows, Row("packaged: start → icon", "–", "not built here", f"≤ {PACKAGED_ICON_AFTER:.2f} s", None)]
    found, seen = await _starts(bench, host, PACKAGED)
    rows.append(_started("packaged: start → icon at the panel", seen, PACKAGED_ICON_AFTER))
    return [*rows, Row("packaged: start → connected", "–", spread(found), "–", None)]


def _started(what: str, times: list[float], limit: float) -> Row:
    return Row(what, "–", spread(times), f"≤ {limit:.2f} s", statistics.median(times) <= limit)


async def _starts(bench: Bench, host: TrayHost | None, program: Path | None) -> tuple[list[float], list[float]]:
    """Seconds to connected, and to the icon."""
    connected: list[float] = []
    seen: list[float] = []
    async with AsyncExitStack() as stack:
        application, folder = await bench.application(stack)
        # One more than counted: the first one compiles.
        for turn in range(bench.repeats + 1):
            home = Home(folder / f"home-{turn}", application.port)
            before = len(host.items) if host else 0
            began = time.monotonic()
            async with running(bench.cache, home, *([] if host else ["--no-tray"]), program=program):
                icon = asyncio.ensure_future(_icon(host, before)) if host else None
                at = await _connected(home)
                connected += [at - began] if turn else []
                if icon is not None:
                    at = await icon
                    seen += [at - began] if turn else []
    return connected, seen


def sizes() -> list[Row]:
    """What is downloaded, where it was built (`installer/build.py`)."""
    rows = []
    for pattern, limit in DOWNLOADS.items():
        found = max((ROOT / "dist").glob(pattern), key=lambda path: path.stat().st_mtime, default=None)
        size = found.stat().st_size / 1e6 if found is not None else None
        measured = "not built here" if size is None else f"{size:.2f} MB"
        met = None if size is None else size <= limit
        rows.append(Row(f"download {pattern.replace('*', '…')}", "–", measured, f"≤ {limit:g} MB", met))
    return rows


async def _icon(host: TrayHost, before: int) -> float:
    async with asyncio.timeout(PATIENCE):
        while len(host.items) == before:  # noqa: ASYNC110 - simpler than an event that is cleared
            await asyncio.sleep(0.002)
    return time.monotonic()


async def status(bench: Bench, home: Home) -> Row:
    """How long `gatelight status` takes beside a running agent."""
    times = []
    for turn in range(STATUS_RUNS + 1):
        began = time.monotonic()
        process = await gatelight(bench.cache, "status", *home.words)
        if await process.wait() not in (0, 1):
            raise NeverSaid("`gatelight status` found no running agent")
        times += [time.monotonic() - began] if turn else []
    met = statistics.median(times) <= STATUS_AFTER
    return Row("`gatelight status`", "–", spread(times), f"≤ {STATUS_AFTER * 1000:.0f} ms", met)


@asynccontextmanager
async def _idlers(
    bench: Bench, host: TrayHost | None, folder: Path, port: int, other: int
) -> AsyncIterator[tuple[list[Home], list[int]]]:
    """Agents at one application, what they are measured against at another, all connected: homes, and process IDs."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        homes = [Home(folder / "headless", port)]
        agents = [await enter(running(bench.cache, homes[0], "--no-tray"))]
        if host:
            homes.append(Home(folder / "tray", port))
            agents.append(await enter(running(bench.cache, homes[1])))
        dog = await enter(subject("watchdog", bench.cache, port=other))
        bare = await enter(subject("client", bench.cache, port=other, client_id=12))
        poller = await enter(subject("poller", bench.cache, folder=folder.parent))
        for home in homes:
            await _connected(home)
        for client in (dog, bare):
            await client.connected()
        yield homes, [*(a.pid for a in agents), dog.pid, bare.pid, poller.pid]


async def idle(bench: Bench, host: TrayHost | None, minutes: float) -> list[Row]:
    """Processor, memory and messages of agents that are connected and have nothing to do."""
    async with AsyncExitStack() as stack:
        watched, folder = await bench.application(stack)
        other, _ = await bench.application(stack)
        where = (watched.port, other.port)
        # Those that come first compile their modules, and keep some of the memory that this takes.
        async with _idlers(bench, host, folder / "compiling", *where):
            await asyncio.sleep(CALM)
        # A client ID is free again only a while after its session has ended.
        await asyncio.sleep(FREE_AGAIN)
        homes, pids = await stack.enter_async_context(_idlers(bench, host, folder / "measured", *where))
        rows = [await status(bench, homes[0])]
        await asyncio.sleep(CALM if minutes < LONG else SETTLED)
        spent = [Spent(pid) for pid in pids]
        before, before_other = await watched.counters(), await other.counters()
        for one in spent:
            one.begin()
        await asyncio.sleep(minutes * 60)
        for one in spent:
            one.finish()
        sent = _since(before.received, (await watched.counters()).received)
        asked = _since(before_other.received, (await other.counters()).received)
        if any(home.log().count(CONNECTED) != 1 for home in homes):
            raise NeverSaid("an agent did not stay connected while it was measured")
    headless, tray = spent[0], spent[1] if host else None
    watchdog, bare_client, loop = spent[-3:]
    rows.append(_processor("headless", headless, PROCESSOR, loop, watchdog))
    rows.append(_memory("headless", headless, MEMORY, bare_client, watchdog))
    if tray is not None:
        rows.append(_processor("with tray", tray, PROCESSOR_WITH_TRAY, loop, watchdog))
        rows.append(_memory("with tray", tray, MEMORY_WITH_TRAY, bare_client, watchdog))
    rows.append(_messages(sent, asked, len(homes), minutes))
    return rows


def _processor(how: str, ours: Spent, limit: float, loop: Spent, watchdog: Spent) -> Row:
    against = f"loop {loop.percent:.3f} %, Watchdog {watchdog.percent:.3f} %"
    ratio = ours.percent / loop.percent if loop.percent else None
    measured = f"{ours.percent:.3f} %"
    return Row(f"idle CPU of one core, {how}", against, measured, f"≤ {limit:.2f} %", ours.percent <= limit, ratio)


def _memory(how: str, ours: Spent, limit: int, client: Spent, watchdog: Spent) -> Row:
    against = f"bare ib_async {client.resident / MIB:.1f} MiB, Watchdog {watchdog.resident / MIB:.1f} MiB"
    resident = ours.resident / MIB
    ratio = ours.resident / client.resident
    return Row(f"memory (RSS), {how}", against, f"{resident:.1f} MiB", f"≤ {limit} MiB", resident <= limit, ratio)


def _since(before: Mapping[int, int], after: Mapping[int, int]) -> dict[int, int]:
    return {key: n - before.get(key, 0) for key, n in after.items() if n != before.get(key, 0)}


def _messages(sent: dict[int, int], asked: dict[int, int], agents: int, minutes: float) -> Row:
    ours = sum(sent.values()) / agents / minutes
    others = {key: n for key, n in sent.items() if key != HEARTBEAT}
    measured = f"{ours:.1f}/min, " + (f"besides heartbeats: {others}" if others else "nothing but heartbeats")
    history, rest = asked.get(HISTORY, 0) / minutes, sum(n for key, n in asked.items() if key != HISTORY) / minutes
    against = f"Watchdog {history:.1f} history requests/min" + (f", {rest:.1f} others" if rest else "")
    ratio = ours / (history + rest) if history + rest else None
    return Row("standing messages", against, measured, "≤ 7/min, heartbeats only", ours <= 7 and not others, ratio)


async def footprint(bench: Bench, minutes: float) -> list[Row]:
    """All of it, on a session bus of its own where there can be one."""
    with _bus() as there:
        host = await TrayHost.start() if there else None
        try:
            return [*await starts(bench, host), *await idle(bench, host, minutes), *sizes()]
        finally:
            if host is not None:
                await host.end()
