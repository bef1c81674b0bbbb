"""Two relays to one TWS: what they use of its limits is told together, before it refuses anything."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from agent.core.clock import Moment
from agent.core.problem import Absent
from agent.core.relay_facts import RelayOrder
from agent.observers.relays import RelayObserver
from agent.platforms import current
from agent.platforms.sockets.row import SocketReading, SocketRow, SocketState
from agent.problems.data_lines_near import DATA_LINES_NEAR
from agent.relay import keeping, pump
from agent.relay.keeping import learnt_before, leave_word, lines_beside
from agent.runtime.clock import SystemClock
from tests.problems.scene import connection, facts, gateway, machine
from tests.relay.test_counts import leave, stock, until
from tests.relay.test_meter import Program, Relayed
from tests.relaying import reporting
from tests.simulator.conftest import StartSimulator, quiet_clients, start
from tests.simulator.ibkr_client import IbkrClient
from tests.simulator.raw_client import STOCK, RawClient

__all__ = ["quiet_clients", "start"]

LINES = 20


@pytest.fixture
def observed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """The relays of a folder, as the agent sees them now."""
    monkeypatch.setattr("agent.observers.relays.relay_runs", lambda _: True)
    observer = RelayObserver(tmp_path, current().socket_reader)
    clock = SystemClock()

    def look() -> tuple[Moment, Any]:
        now = clock.now()
        return now, observer.observe(now)

    return look


@pytest.mark.parametrize("second", ["127.0.0.1", "desk.example"])
async def test_lines_of_two_relays_are_near_together_before_tws_refuses_one(
    start: StartSimulator, tmp_path: Path, observed: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, second: str
) -> None:
    """Also where they name this computer in different ways."""
    resolved = pump.resolved
    monkeypatch.setattr(pump, "resolved", lambda order: resolved(replace(order, host="127.0.0.1")))
    simulator = await start(server_version=226)
    await simulator.apply("limits", str(LINES))

    def near() -> Any:
        now, seen = observed()
        around = machine(gateway(ports=(simulator.port,)), relays=seen)
        return DATA_LINES_NEAR.check(replace(facts(around, wants=connection(port=simulator.port)), now=now))

    with contextlib.ExitStack() as stack:
        ports = [
            stack.enter_context(reporting(tmp_path, name, simulator.port, LINES, host=host))
            for name, host in (("First", "127.0.0.1"), ("Second", second))
        ]
        clients = []
        for number, port in enumerate(ports):
            clients.append(client := IbkrClient())
            await client.start(port, 7 + number)
            for line in range(8):
                client.api.reqMktData(100 + line, stock("AAPL"), "", False, False, [])
        await until(lambda: simulator.limits.lines() == 16)
        assert near() == Absent()

        # Neither is near the limit alone.
        for client in clients:
            client.api.reqMktData(200, stock("MSFT"), "", False, False, [])
        await until(lambda: isinstance(near(), tuple))
        (verdict,) = near()
        assert verdict.evidence[0].startswith(f"relays “First” and “Second” count 18 of {LINES} market data lines")
        assert simulator.limits.lines() == 18

        first, last = clients
        for request in (201, 202):
            first.api.reqMktData(request, stock("MSFT"), "", False, False, [])
        # Which of two connections is read first is not known.
        await until(lambda: simulator.limits.lines() == LINES)
        last.api.reqMktData(201, stock("MSFT"), "", False, False, [])
        await last.notice(101)
        for client in clients:
            client.api.cancelMktData(100)
            client.api.cancelMktData(1)
            await leave(client)


def test_the_allowance_that_is_learnt_is_that_of_all_relays(tmp_path: Path) -> None:
    def report(name: str, **about: Any) -> None:
        told = {"to": "127.0.0.1:4002", "pid": 1, "written": time.time(), "lines": {"used": 30, "of": 100}}
        (tmp_path / f"{name}.json").write_text(json.dumps(told | about))

    report("beside")
    report("localhost", to="localhost:4002")
    report("elsewhere", to="127.0.0.1:4001")
    report("ourselves", pid=os.getpid())
    report("long ago", written=time.time() - 60.0)
    report("broken", lines=None)

    assert lines_beside(tmp_path, "127.0.0.1:4002") == 60
    assert lines_beside(tmp_path / "gone", "127.0.0.1:4002") == 0


LISTENS = SocketRow(SocketState.LISTEN, "", 4002, pid=3117)


@pytest.mark.parametrize(
    ("here", "rows", "lines"),
    [
        ((True, True), (LISTENS,), 30),
        ((True, True), (LISTENS, replace(LISTENS, pid=5)), 0),
        ((True, True), (), 0),
        ((True, False), (LISTENS,), 0),
        ((False, True), (LISTENS,), 0),
    ],
)
def test_lines_beside_are_those_of_every_name_of_this_computer_where_one_program_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: tuple[bool, bool], rows: tuple[SocketRow, ...], lines: int
) -> None:
    for pid, to, so in ((os.getpid(), "desk.example:4002", here[0]), (1, "192.0.2.5:4002", here[1])):
        told = {"to": to, "pid": pid, "written": time.time(), "lines": {"used": 30, "of": 100}, "here": so}
        (tmp_path / f"{pid}.json").write_text(json.dumps(told))
    monkeypatch.setattr(keeping, "every_row", lambda: SocketReading(rows))

    assert lines_beside(tmp_path, "desk.example:4002") == lines


class Wire:
    """A connected socket between two addresses."""

    def __init__(self, ours: str, theirs: str | None) -> None:
        self._ours, self._theirs = ours, theirs

    def getsockname(self) -> tuple[str, int]:
        return self._ours, 50000

    def getpeername(self) -> tuple[str, int]:
        if self._theirs is None:
            raise OSError
        return self._theirs, 4002


@pytest.mark.parametrize(
    ("ours", "theirs", "here"),
    [
        ("192.0.2.5", "192.0.2.5", True),
        # What Debian calls its own name.
        ("127.0.0.1", "127.0.1.1", True),
        ("2001:db8::5", "2001:db8::5", True),
        ("192.0.2.5", "192.0.2.9", False),
        ("192.0.2.5", None, False),
    ],
)
def test_the_ends_of_a_connection_tell_whether_it_stays_on_this_computer(
    ours: str, theirs: str | None, here: bool
) -> None:
    assert pump._leads_here(cast("socket.socket", Wire(ours, theirs))) is here


def test_what_a_connection_has_shown_is_told_until_the_relay_leads_elsewhere() -> None:
    relayed, order = Relayed(), RelayOrder("test", 5002, "desk.example", 4002)
    told = []

    def tell() -> None:
        relayed.meter.report()
        told.append(relayed.reports[-1].get("here"))

    relayed.meter.describe(order)
    tell()
    relayed.meter.reached(here=True)
    tell()
    relayed.meter.describe(replace(order, lines=50))
    tell()
    relayed.meter.describe(replace(order, host="192.0.2.9"))
    tell()

    assert told == [None, True, True, None]


def refused_the_twentieth(relayed: Relayed) -> None:
    """A program asks for twenty lines, and TWS refuses the last; what follows from that is learnt."""
    program = Program(relayed)
    for number in range(20):
        program.stream(number)
    program.refused(101, 19)
    while relayed.meter._learning is not None:
        relayed.later(0.1)


def test_a_refused_line_is_learnt_once_the_others_are_known() -> None:
    relayed = Relayed()
    asked: list[str] = []

    def beside(target: str) -> int:
        asked.append(target)
        return 60

    relayed.meter._beside = beside
    refused_the_twentieth(relayed)
    relayed.later(2.0)

    assert asked == ["127.0.0.1:4002"]
    assert relayed.reports[-1]["lines"]["of"] == 79
    assert relayed.reports[-1]["learnt"]["lines"] == 79


def test_what_was_learnt_is_known_to_the_next_relay_also_where_the_user_has_ended_this_one(tmp_path: Path) -> None:
    order = RelayOrder("Mine", 5002, "127.0.0.1", 4002)
    relayed = Relayed()
    relayed.meter.describe(order)
    assert relayed.meter.for_the_next == {}
    refused_the_twentieth(relayed)
    leave_word(tmp_path / "5002-1.json", order, cut=1, known=relayed.meter.for_the_next)

    found = learnt_before(tmp_path, order)
    assert found is not None
    assert found[0] == 19
    assert learnt_before(tmp_path, replace(order, lines=50)) is None


def test_a_disk_that_does_not_answer_costs_what_the_others_use() -> None:
    relayed = Relayed()

    def beside(_: str) -> int:
        raise OSError

    relayed.meter._beside = beside
    refused_the_twentieth(relayed)

    assert relayed.meter.for_the_next
    assert isinstance(relayed.reports[-1], dict)


async def test_a_session_that_tws_has_ended_uses_nothing_while_its_program_waits(
    start: StartSimulator, tmp_path: Path, observed: Callable[[], Any]
) -> None:
    simulator = await start(server_version=178)
    await simulator.apply("limits", str(LINES))

    def told() -> dict[str, Any]:
        found: dict[str, Any] = json.loads((tmp_path / "First.json").read_text())
        return found

    with reporting(tmp_path, "First", simulator.port, LINES) as port:
        raw = await RawClient.started(port, 5)
        for number in range(3):
            raw.send(1, 11, number, *STOCK, 0, "", 0, 0, "")
        await until(lambda: told()["lines"]["used"] == 3)
        assert told()["clients"]["used"] == 1

        # After three refusals TWS ends the session, and the program does not look.
        for _ in range(60):
            raw.send(59, 1, 1)
        await until(lambda: not simulator.limits.lines())
        await until(lambda: told()["lines"]["used"] == 0)
        assert (told()["lines"]["in_doubt"], told()["clients"]["used"], len(told()["programs"])) == (0, 0, 1)
        await raw.close()
