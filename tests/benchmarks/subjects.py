"""The programs that are measured in processes of their own: the agent, and what it is measured against.

Each tells on standard output, in lines of JSON, what it noticed and when, and ends when its standard input closes.
Run by `subject.py`.
"""

import argparse
import asyncio
import json
import logging
import select
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

POLL_EVERY = 5.0
"""Seconds between two readings of the process table by the loop that stands for a home-made watch."""


def say(**noticed: Any) -> None:
    """One line: what was noticed, stamped now."""
    at = time.monotonic()
    sys.stdout.write(json.dumps({"at": at, **noticed}) + "\n")
    sys.stdout.flush()


async def _closed() -> None:
    """Wait until standard input closes."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def agent(options: argparse.Namespace) -> None:
    """The agent's own loop on the real world, default graces; what it decided, as soon as it is decided."""
    from agent.app.world import RealWorld, first_state
    from agent.core.clock import Moment
    from agent.core.settings import Settings
    from agent.core.state_machine.state import AgentState
    from agent.runtime.loop import AgentLoop
    from tests.faults.watching import below, calm, paper, visible

    last: dict[str, Any] = {}

    def after(state: AgentState, _: Moment) -> None:
        nonlocal last
        if state.shown is None or not state.shown.connections:
            return
        shown = state.shown.connections[0]
        found = {
            "phase": shown.phase,
            "link": shown.server_link,
            "application": shown.application is not None,
            "overall": shown.overall.value,
            "codes": visible(shown),
        }
        if found != last:
            last = found
            say(**found)

    settings = Settings(connections=(paper(options.port, auto_connect=not options.apart),))
    world = RealWorld(only=below(options.folder))
    loop = AgentLoop(first_state(settings, world.now(), known=calm()), world, after=after)
    running = asyncio.ensure_future(loop.run())
    await _closed()
    loop.stop()
    await running


async def agents(options: argparse.Namespace) -> None:
    """The agent's own loop with many connections; what it decided about each, as soon as it is decided."""
    from agent.app.world import RealWorld, first_state
    from agent.core.clock import Moment
    from agent.core.settings import ConnectionSettings, Settings
    from agent.core.shown.status import ShownConnection
    from agent.core.state_machine.state import AgentState
    from agent.runtime.loop import AgentLoop
    from tests.faults.watching import calm

    last: dict[str, ShownConnection] = {}

    def after(state: AgentState, _: Moment) -> None:
        for shown in state.shown.connections if state.shown is not None else ():
            before, last[shown.name] = last.get(shown.name), shown
            if before is shown:
                continue
            if before is None or (before.phase, before.server_link) != (shown.phase, shown.server_link):
                say(name=shown.name, phase=shown.phase, link=shown.server_link)

    connections = tuple(ConnectionSettings(name=str(port), port=port) for port in options.ports)
    world = RealWorld()
    loop = AgentLoop(first_state(Settings(connections=connections), world.now(), known=calm()), world, after=after)
    running = asyncio.ensure_future(loop.run())
    await _closed()
    loop.stop()
    await running


async def watchdog(options: argparse.Namespace) -> None:
    """ib_async's Watchdog, everything at its defaults but for the application, which it is not to start."""
    from ib_async import IB, Watchdog

    class NoController:
        """Stands in for IBC: the application is started and ended by others."""

        async def startAsync(self) -> None: ...

        async def terminateAsync(self) -> None: ...

    dog = Watchdog(NoController(), IB(), port=options.port, clientId=options.client_id, appStartupTime=0)  # type: ignore[arg-type]
    dog.startedEvent += lambda _: say(phase="connected")
    dog.stoppedEvent += lambda _: say(phase="stopped")
    dog.hardTimeoutEvent += lambda _: say(phase="frozen")
    dog.start()
    await _closed()
    dog.stop()


async def client(options: argparse.Namespace) -> None:
    """Bare ib_async, connected and idle: what any program that uses it needs."""
    from ib_async import IB

    ib = IB()
    await ib.connectAsync(port=options.port, clientId=options.client_id)
    say(phase="connected")
    await _closed()
    ib.disconnect()


async def clients(options: argparse.Namespace) -> None:
    """Many bare ib_async clients in one process, connected and idle; each tells when its link is lost."""
    from ib_async import IB

    every = []
    for port in options.ports:
        ib = IB()
        await ib.connectAsync(port=port, clientId=options.client_id)
        ib.errorEvent += lambda _, code, *__, port=port: say(name=str(port), link="down") if code == 1100 else None
        every.append(ib)
    say(phase="connected")
    await _closed()
    for ib in every:
        ib.disconnect()


def poller(options: argparse.Namespace) -> None:
    """A loop that reads the process table with psutil and looks for the application."""
    import psutil

    there: bool | None = None
    while True:
        found = any(
            "install4j.ibgateway.GWClient" in (process.info["cmdline"] or ()) and str(options.folder) in " ".join(words)
            for process in psutil.process_iter(["pid", "name", "cmdline"])
            if (words := process.info["cmdline"])
        )
        if found != there:
            there = found
            say(application=found)
        if select.select([sys.stdin], [], [], POLL_EVERY)[0]:
            return


SUBJECTS: dict[str, Callable[[argparse.Namespace], Coroutine[Any, Any, None] | None]] = {
    "agent": agent,
    "agents": agents,
    "clients": clients,
    "watchdog": watchdog,
    "client": client,
    "poller": poller,
}


def main() -> None:
    """Be one of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("subject", choices=tuple(SUBJECTS))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--client-id", type=int, default=11)
    parser.add_argument("--ports", type=lambda text: [int(port) for port in text.split(",")], default=[])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--apart", action="store_true", help="the agent watches, and does not connect")
    options = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    running = SUBJECTS[options.subject](options)
    if running is not None:
        asyncio.run(running)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    main()
