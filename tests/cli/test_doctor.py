"""What the doctor shows while it must wait, and how little it waits beside an agent."""

import asyncio
import contextlib
import os
import pty
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agent.app.known_links import KnownLink, with_links
from agent.app.one_look import OneLook, Wait, willing
from agent.core.clock import Moment
from agent.core.evidence.processes import applications
from agent.core.facts import MachineFacts
from agent.core.settings import ConnectionSettings, Settings, WantedApplication
from agent.core.shown.status import Status
from agent.core.timing import Timing
from agent.simulator.world import SimulatedApplication
from tests.commands import PATIENCE, ROOT, Place
from tests.faults.conftest import place
from tests.faults.watching import Audience, calm, visible

__all__ = ["place"]

API_OFF = ("no-listener",)


def to_tws(port: int) -> Settings:
    connection = ConnectionSettings(name="Paper TWS", application=WantedApplication.TWS, port=port)
    return willing(Settings(connections=(connection,)), None)


class Knowing(Audience):
    """The real world, in which each link to IB is known to have stood for an hour."""

    def look(self, ports: frozenset[int], *, thorough: bool, now: Moment) -> MachineFacts:
        machine = super().look(ports, thorough=thorough, now=now)
        links = (KnownLink(p.pid, p.started, p.upstream or "", now.monotonic - 3600) for p in applications(machine))
        return with_links(machine, tuple(links))


async def test_while_it_waits_it_tells_until_when_and_what_is_known(tmp_path: Path) -> None:
    waits: list[tuple[Wait, Status | None, Moment]] = []
    async with await SimulatedApplication.start(tmp_path, kind="tws", faults=API_OFF) as tws:
        timing = replace(Timing(), settled_link=3.0)
        look = OneLook(
            to_tws(tws.asked_port), Audience(tmp_path), timing=timing, known=calm(), waiting=lambda *w: waits.append(w)
        )
        async with look:
            status = await look.complete()
    counted = [(w, s, now) for w, s, now in waits if w.until is not None]

    assert visible(status.connections[0]) == ["api-disabled"]
    assert counted
    assert all(w.until is not None and w.until >= now.monotonic for w, _, now in counted)
    assert all("stays connected to IB’s servers" in w.text for w, _, _ in counted)
    assert counted[-1][1] is not None
    assert counted[-1][1].connections[0].application is not None


async def test_a_link_that_the_agent_has_known_for_long_is_not_watched_again(tmp_path: Path) -> None:
    waits: list[Wait] = []
    async with await SimulatedApplication.start(tmp_path, kind="tws", faults=API_OFF) as tws:
        look = OneLook(
            to_tws(tws.asked_port), Knowing(tmp_path), known=calm(), waiting=lambda wait, *_: waits.append(wait)
        )
        async with look:
            status = await look.complete()

    assert visible(status.connections[0]) == ["api-disabled"]
    assert [wait for wait in waits if wait.until is not None] == []


@pytest.mark.skipif(sys.platform == "win32", reason="the tests of the commands are for POSIX")
async def test_an_agent_tells_how_long_it_has_known_the_links(place: Place, tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, kind="tws", faults=API_OFF) as tws:
        place.config.write_text(f'[[connections]]\nname = "T"\napplication = "tws"\nport = {tws.asked_port}\n')
        with place.agent():
            place.until(lambda connection: "application" in connection)
            links = place.ask({"command": "links"})["links"]

    address, port = tws.upstream
    assert [link["address"] for link in links if link["address"] == f"{address}:{port}"]
    assert all(link["stood"] >= 0 for link in links)


def broken_off_while_counting(place: Place) -> tuple[bytes, int]:
    """What the doctor draws at a terminal until Ctrl-C in the middle of its countdown, and its exit status."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", "doctor", *place.options],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        cwd=place.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    seen = b""
    with os.fdopen(ours, "rb", buffering=0) as screen:
        while b" s left" not in seen:
            seen += screen.read(4096)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):
            while True:
                seen += screen.read(4096)
    return seen, process.wait(PATIENCE)


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is POSIX")
async def test_at_a_terminal_it_counts_down_below_what_is_known_and_ctrl_c_ends_it(
    place: Place, tmp_path: Path
) -> None:
    async with await SimulatedApplication.start(tmp_path, kind="tws", faults=API_OFF) as tws:
        place.config.write_text(f'[[connections]]\nname = "T"\napplication = "tws"\nport = {tws.asked_port}\n')
        seen, status = await asyncio.to_thread(broken_off_while_counting, place)

    assert b"TWS 10.45, pid" in seen.split(b" s left")[0]
    assert b"Traceback" not in seen
    # The cursor, which was hidden, is back.
    assert seen.rfind(b"\x1b[?25h") > seen.rfind(b"\x1b[?25l")
    assert status == 130
