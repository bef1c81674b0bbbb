"""Reports of relays, as files that any process may have left there, and the programs behind connections."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent.core.clock import Moment
from agent.core.evidence.relays_together import limits_by_application
from agent.core.facts import Known, RelaySeen, Unknown
from agent.core.relay_facts import LEARNT_LASTS, LimitUse, NearMark
from agent.observers.relays import (
    IDLE_LATE_AFTER,
    LATE_AFTER,
    RelayObserver,
    clear_away,
    relay_runs,
)
from agent.platforms import current
from agent.platforms.sockets.row import SocketReading, SocketRow, SocketState
from agent.relay.counter import ConnectionCounter
from agent.relay.ledger import HistoryWindows, ProgramUsage
from agent.relay.report import relay_as_json


def report(now: Moment, *, port: int = 5002, peers: tuple[str, ...] = (), **about: Any) -> dict[str, Any]:
    """As a relay writes it, whose process is this one."""
    usages = [ProgramUsage(now.monotonic - 60.0, peer) for peer in peers]
    for usage in usages:
        usage.client_id, usage.server_version = 7, 178
    told = {"name": "Mine", "port": port, "to": "127.0.0.1:4002", "pid": os.getpid(), "written": now.wall, **about}
    near = {"lines": NearMark(5.0), "history": NearMark(5.0)}
    if peers:
        near["lines"].take(now.monotonic - 10.0, 93, 100)
    started = {"started": psutil.Process().create_time() + 1.0}
    return relay_as_json(started | told, usages, HistoryWindows(), 100, near, now.monotonic)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "relays"
    made.mkdir()
    return made


def observed(folder: Path, now: Moment, *reports: Any) -> tuple[RelaySeen, ...]:
    for number, told in enumerate(reports):
        (folder / f"{number}.json").write_text(told if isinstance(told, str) else json.dumps(told))
    found = RelayObserver(folder, current().socket_reader).observe(now)
    assert isinstance(found, Known)
    return found.value


def test_a_report_is_read_with_its_age(folder: Path, now: Moment) -> None:
    (seen,) = observed(folder, now, report(now, peers=("127.0.0.1:9",)))

    assert (seen.name, seen.pid, seen.port, seen.host, seen.to_port) == ("Mine", os.getpid(), 5002, "127.0.0.1", 4002)
    assert isinstance(seen.counts, Known)
    counts = seen.counts.value
    assert counts.written == now.wall
    assert counts.lines == LimitUse(0, 100, now.wall - 10.0, 93)
    (program,) = counts.programs
    assert (program.peer, program.client_id, program.since, program.pid) == ("127.0.0.1:9", 7, now.wall - 60.0, None)


@pytest.mark.parametrize(("peers", "after"), [(("127.0.0.1:9",), LATE_AFTER), ((), IDLE_LATE_AFTER)])
def test_a_relay_that_has_told_nothing_for_a_while_is_not_known(
    folder: Path, now: Moment, peers: tuple[str, ...], after: float
) -> None:
    told = report(now, peers=peers)

    (fresh,) = observed(folder, now.later(after - 1.0), told)
    (late,) = observed(folder, now.later(after + 1.0), told)
    assert isinstance(fresh.counts, Known)
    assert late.counts == Unknown("it has reported nothing for a while")
    assert (late.name, late.port) == (fresh.name, fresh.port)


@pytest.mark.parametrize(
    "change", [{"schema": 2}, {"schema": None}, {"lines": 5}, {"history": {}}, {"lines": {"used": "x", "of": 1}}]
)
def test_a_report_of_another_version_is_not_guessed_at(folder: Path, now: Moment, change: dict[str, Any]) -> None:
    (seen,) = observed(folder, now, report(now, peers=("127.0.0.1:9",)) | change)

    assert isinstance(seen.counts, Unknown)
    assert seen.port == 5002


def test_what_is_no_report_is_passed_over(folder: Path, now: Moment) -> None:
    broken = ["", "[]", '{"programs": 5}', "{" * 20_000, '{"programs": [], "pid": 5, "written": 0}', "[" * 200_000]
    (folder / "link.json").symlink_to(folder / "0.json")

    assert observed(folder, now, *broken) == ()
    assert observed(folder / "gone", now) == ()


def test_one_that_does_not_tell_where_it_leads_hides_no_other(folder: Path, now: Moment) -> None:
    good, lost = report(now, refusals=[]), report(now, port=5003)
    del lost["to"]
    found = {one.port: one for one in observed(folder, now, good, lost)}
    told = RelayObserver(folder, current().socket_reader).told_together(now)

    assert (found[5002].to_port, found[5003].to_port) == (4002, 0)
    assert [("unknown" in one, one["name"]) for one in told if "unknown" in one] == [(True, "Mine")]
    assert [one["to"] for one in told if "unknown" not in one] == ["127.0.0.1:4002"]


def test_a_report_without_a_time_is_none_and_hides_no_other(folder: Path, now: Moment) -> None:
    observed(folder, now, report(now) | {"written": "now", "name": "Broken"}, report(now))
    told = RelayObserver(folder, current().socket_reader).told(now)

    assert [one["name"] for one in told] == ["Mine"]


def test_a_report_that_an_ended_relay_left_is_none(folder: Path, now: Moment) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    assert observed(folder, now, report(now, pid=ended.pid)) == ()
    assert not relay_runs({"pid": "x"})


def test_one_that_does_not_tell_is_named_beside_one_of_its_name_and_port(folder: Path, now: Moment) -> None:
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as other:
        silent = report(now.later(-LATE_AFTER - 1.0), peers=("127.0.0.1:9",), pid=other.pid, refusals=[])
        silent["started"] = psutil.Process(other.pid).create_time()
        observed(folder, now, silent, report(now, refusals=[]))
        told = RelayObserver(folder, current().socket_reader).told_together(now)
        other.communicate(timeout=60.0)

    assert [("unknown" in one, one.get("relays", [one])[0]["pid"]) for one in told] == [
        (False, os.getpid()),
        (True, other.pid),
    ]
    # How much of the limits of the application it uses is in no number of the first.
    assert told[0]["uncounted"] == ["Mine"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such processes")
def test_what_a_relay_has_left_goes_also_where_its_process_was_not_collected_yet(folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        while psutil.Process(ended.pid).status() != psutil.STATUS_ZOMBIE:
            threading.Event().wait(0.01)
        (folder / f"5002-{ended.pid}.json").write_text("{}")
        clear_away(folder)

        assert list(folder.iterdir()) == []


def test_what_ended_relays_have_left_goes_but_for_what_the_next_one_believes(folder: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    fresh, old = time.time() - 60.0, time.time() - LEARNT_LASTS - 60.0

    def leave(port: int, pid: int, **told: Any) -> str:
        (folder / f"{port}-{pid}.json").write_text(json.dumps(told))
        return f"{port}-{pid}.json"

    kept = leave(5002, ended.pid, learnt={"at": fresh, "lines": 50})
    for port, learnt in ((5003, {"at": old, "lines": 50}), (5004, {"at": "x"}), (5005, 7)):
        leave(port, ended.pid, learnt=learnt)
    runs = leave(5006, os.getpid())
    (folder / f"5002-{ended.pid}.order").write_text("{}")
    others = leave(5007, 2**22 + 1)
    clear_away(folder, ended.pid)
    assert {file.name for file in folder.iterdir()} == {kept, runs, others}
    clear_away(folder)
    assert {file.name for file in folder.iterdir()} == {kept, runs}


def test_after_the_clock_was_set_the_command_line_tells() -> None:
    started = psutil.Process().create_time() - 7200.0
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with (
        subprocess.Popen([*command, "relay", "Mine"], stdin=subprocess.PIPE) as relay,
        subprocess.Popen(command, stdin=subprocess.PIPE) as other,
    ):
        assert relay_runs({"pid": relay.pid, "started": started})
        assert not relay_runs({"pid": other.pid, "started": started})
        for process in (relay, other):
            process.communicate()


@pytest.fixture
def connection() -> Iterator[tuple[int, str]]:
    """The port of a listener, and the address of a program that has connected to it: of this process."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as program:
            taken, _ = server.accept()
            with taken:
                yield port, f"127.0.0.1:{program.getsockname()[1]}"


def test_each_connection_has_its_program_also_when_that_has_left(
    folder: Path, now: Moment, connection: tuple[int, str]
) -> None:
    port, peer = connection
    told = report(now, port=port, peers=(peer, "192.0.2.7:50000"))
    observer = RelayObserver(folder, current().socket_reader)
    (folder / "0.json").write_text(json.dumps(told))
    found = observer.observe(now)

    assert isinstance(found, Known)
    assert isinstance(found.value[0].counts, Known)
    here, elsewhere = found.value[0].counts.value.programs
    assert (here.pid, here.name) == (os.getpid(), psutil.Process().name())
    assert (elsewhere.pid, elsewhere.name) == (None, None)

    left = told | {"programs": [], "left": [{"peer": peer, "historical_requests_in_window": 40}]}
    (folder / "0.json").write_text(json.dumps(left))
    found = observer.observe(now)
    assert isinstance(found, Known)
    assert isinstance(found.value[0].counts, Known)
    (gone,) = found.value[0].counts.value.programs
    assert gone == replace(here, connected=False, client_id=None, history=40, since=now.wall, rate=None)


def test_programs_without_an_end_are_bounded(folder: Path, now: Moment) -> None:
    (seen,) = observed(folder, now, report(now, peers=tuple(f"127.0.0.1:{number}" for number in range(1000))))

    assert isinstance(seen.counts, Known)
    assert len(seen.counts.value.programs) == 128


def test_historical_requests_belong_to_the_program_that_sent_them(now: Moment) -> None:
    windows, first, second = HistoryWindows(), ProgramUsage(0.0, "a"), ProgramUsage(0.0, "b")
    for number, usage in enumerate((first, second, second)):
        counter = ConnectionCounter(usage, windows, lambda: 1.0, lambda: None, lambda: None)
        assert counter is not None
        windows.add(1.0, f"{number}", f"{number}", 2, usage)
    told = relay_as_json({}, [first], windows, 100, {"lines": NearMark(1.0), "history": NearMark(1.0)}, 2.0)

    assert [one["historical_requests_in_window"] for one in told["programs"] if one["counted"]] == []
    assert told["left"] == [
        {"peer": "b", "historical_requests_in_window": 4, "historical_requests_in_doubt": 0},
    ]


def test_two_relays_to_one_application_tell_what_both_use_and_one_report_of_it(folder: Path, now: Moment) -> None:
    first = report(now, peers=("127.0.0.1:9",))
    second = report(now, port=5003, name="Lab", to="localhost:4002") | {"refusals": []}
    elsewhere = report(now, port=5004, name="Far", to="nas:4002") | {"refusals": []}
    first |= {"lines": {"used": 50, "of": 100}, "refusals": []}
    second["lines"] = {"used": 43, "of": 100, "in_doubt": 2}
    seen = {one.name: one.counts for one in observed(folder, now, first, second, elsewhere)}

    uses = {name: counts.value.lines for name, counts in seen.items() if isinstance(counts, Known)}
    assert uses["Mine"] == uses["Lab"] == LimitUse(93, 100, now.wall_of(now.monotonic), 93, unsure=2)
    assert (uses["Far"].used, uses["Far"].near_since) == (0, None)

    observer = RelayObserver(folder, current().socket_reader)
    far, both = sorted(observer.told_together(now), key=lambda one: len(one["relays"]))
    assert [one["name"] for one in both["relays"]] == ["Lab", "Mine"]
    assert both["lines"]["used"] == 93
    assert [one["name"] for one in far["relays"]] == ["Far"]
    # What one of them does not tell is said beside what the other does.
    late = observer.told_together(now.later(LATE_AFTER + 1.0))
    assert [one["unknown"] for one in late if "unknown" in one] == ["it has reported nothing for a while"]


LISTENS = SocketRow(SocketState.LISTEN, "", 4002, pid=3117)


class Table:
    """A socket table with these rows."""

    def __init__(self, *rows: SocketRow) -> None:
        self.rows = rows

    def read(self, *_: Any, **__: Any) -> SocketReading:
        if not self.rows:
            raise PermissionError
        return SocketReading(self.rows)

    def stood(self, _: SocketRow) -> float:
        raise AssertionError


def named_differently(folder: Path, now: Moment, *, here: bool = True) -> None:
    """A relay to this computer at 127.0.0.1, one that names it in another way, and one to another computer."""
    ways = (("Mine", 5002, "127.0.0.1"), ("Desk", 5003, "192.0.2.5"), ("Far", 5004, "192.0.2.9"))
    for name, port, host in ways:
        told = report(now, port=port, name=name, to=f"{host}:4002", here=here and name != "Far")
        told |= {"lines": {"used": 30, "of": 100, "in_doubt": 0}, "refusals": []}
        (folder / f"{port}.json").write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("here", "rows", "alike"),
    [
        (True, (LISTENS,), True),
        (True, (replace(LISTENS, pid=None),), True),
        (True, (LISTENS, replace(LISTENS, local_address="::1")), True),
        (True, (LISTENS, replace(LISTENS, local_address="192.0.2.5", pid=5)), False),
        (True, (LISTENS, replace(LISTENS, local_address="192.0.2.5", pid=None)), False),
        (True, (replace(LISTENS, local_port=4001),), False),
        (True, (), False),
        (False, (LISTENS,), False),
    ],
)
def test_relays_that_name_this_computer_in_different_ways_are_counted_together_where_one_program_listens(
    folder: Path, now: Moment, here: bool, rows: tuple[SocketRow, ...], alike: bool
) -> None:
    named_differently(folder, now, here=here)
    observer = RelayObserver(folder, lambda: Table(*rows))
    seen = observer.observe(now)

    assert isinstance(seen, Known)
    assert {one.name: one.here for one in seen.value} == {"Mine": False, "Desk": alike, "Far": False}
    counts = {one.name: one.counts.value.lines.used for one in seen.value if isinstance(one.counts, Known)}
    assert counts == {"Mine": 60 if alike else 30, "Desk": 60 if alike else 30, "Far": 30}
    told = observer.told_together(now)
    assert sorted(len(one["relays"]) for one in told) == ([1, 2] if alike else [1, 1, 1])


def test_where_no_program_listens_any_more_it_is_as_it_was_found_before(folder: Path, now: Moment) -> None:
    named_differently(folder, now)
    table = Table(LISTENS)
    observer = RelayObserver(folder, lambda: table)

    def alone(seconds: float) -> bool:
        seen = observer.observe(now.later(seconds))
        assert isinstance(seen, Known)
        return next(one.here for one in seen.value if one.name == "Desk")

    assert alone(0.0)
    table.rows = (replace(LISTENS, local_port=1),)
    assert alone(60.0)
    table.rows = (LISTENS, replace(LISTENS, pid=5))
    assert not alone(120.0)


def test_the_limits_of_an_application_are_told_for_all_its_relays(folder: Path, now: Moment) -> None:
    named_differently(folder, now)
    (folder / "silent.json").write_text(json.dumps(report(now, port=5005, name="Silent") | {"schema": 99}))
    reports = RelayObserver(folder, lambda: Table(LISTENS)).told(now)
    here, far = limits_by_application(reports)

    assert [(one["name"], one["application"]) for one in reports] == [
        ("Desk", "127.0.0.1:4002"),
        ("Far", "192.0.2.9:4002"),
        ("Mine", "127.0.0.1:4002"),
        ("Silent", "127.0.0.1:4002"),
    ]
    assert (here["application"], here["lines"], here["clients"]["used"]) == (
        "127.0.0.1:4002",
        {"used": 60, "of": 100, "in_doubt": 0},
        0,
    )
    assert [one["name"] for one in here["relays"]] == ["Desk", "Mine"]
    assert here["history"]["ten_minutes"]["used"] == 0
    assert (here["uncounted"], far["uncounted"]) == (["Silent"], [])
    assert [one["name"] for one in far["relays"]] == ["Far"]


@pytest.mark.parametrize("to", ["nas:0", "nas:99999999", f"nas:{'9' * 5000}", "nas:x", "nas", 7, None])
def test_a_target_that_is_none_hides_no_relay(folder: Path, now: Moment, to: Any) -> None:
    told = report(now, here=True) | {"to": to}

    assert [one.name for one in observed(folder, now, told, report(now, name="Good", port=5003))] == ["Mine", "Good"]
