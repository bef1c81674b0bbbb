"""When a relay reports: regularly while there is something to count, and at once when a limit becomes near."""

from typing import Any, cast

from agent.relay.link import RelayedConnection
from agent.relay.meter import Meter
from agent.simulator.messages import reply_frame
from agent.tws.codec import frame
from tests.relay.test_counter import AAPL
from tests.simulator.without_sockets import request

VERSION = 178
IN_WINDOW = {"historical_requests_in_window": 1, "historical_requests_in_doubt": 0}
PACING = "Historical Market Data Service error message:Historical data request pacing violation"


class Watched:
    """The part of a relayed connection that a meter uses."""

    def watch(self, counter: Any) -> None:
        self.sent, self.received = counter.sent, counter.received

    def unwatch(self) -> None:
        raise AssertionError("it counts no more")


class Relayed:
    """A relay's meter, with a clock."""

    def __init__(self, lines: int = 100) -> None:
        self.now = 1000.0
        self.reports: list[dict[str, Any]] = []
        self.meter = Meter("test", "127.0.0.1:4002", lines, self.reports.append, lambda: self.now)
        self.meter.open(5002)

    def later(self, seconds: float) -> int:
        """So much later; returns how many reports came of it."""
        before, self.now = len(self.reports), self.now + seconds
        self.meter.tick(self.now)
        return len(self.reports) - before

    @property
    def near(self) -> dict[str, Any]:
        told = self.reports[-1]
        return {
            **{"lines": told["lines"].get("near"), "history": told["history"]["ten_minutes"].get("near")},
            "rates": [one["messages_per_s"].get("near") for one in told["programs"]],
        }


class Program:
    """A program that is connected through it."""

    def __init__(self, relayed: Relayed, client_id: int = 7) -> None:
        self.relayed, self.link = relayed, Watched()
        relayed.meter.begin(cast("RelayedConnection", self.link), f"127.0.0.1:{50000 + client_id}")
        self.link.sent(memoryview(b"API\0" + frame(b"v100..178")))
        self.link.received(memoryview(frame(b"178\x0020261129 20:00:00 UTC\0")))
        self.ask(71, {"client_id": client_id, "capabilities": ""})

    def ask(self, number: int, values: dict[str, Any]) -> None:
        self.link.sent(memoryview(request(number, VERSION, values)))

    def stream(self, request_id: int) -> None:
        self.ask(1, {"request_id": request_id, "contract": AAPL, "generic_ticks": "", "snapshot": False})

    def history(self, request_id: int) -> None:
        given = {"request_id": request_id, "contract": AAPL, "end": "", "bar_size": "5 secs", "duration": "60 S"}
        self.ask(20, {**given, "regular_hours": True, "what": "TRADES", "date_format": 1, "keep_up_to_date": False})

    def refused(self, code: int, request_id: int) -> None:
        told: dict[str, Any] = {"request_id": request_id, "code": code, "text": PACING, "time": 0}
        self.link.received(memoryview(reply_frame("ErrorMessage", told, VERSION)))

    def leave(self) -> None:
        self.relayed.meter.end(cast("RelayedConnection", self.link))


def test_it_reports_every_two_seconds_while_programs_are_connected_and_seldom_otherwise() -> None:
    relayed = Relayed()
    assert relayed.later(29.0) == 0
    assert relayed.later(1.0) == 1
    program = Program(relayed)
    assert [relayed.later(1.0) for _ in range(4)] == [0, 1, 0, 1]
    program.history(1)
    before = len(relayed.reports)
    program.leave()
    assert len(relayed.reports) == before + 1
    # What it has asked for still counts.
    assert relayed.reports[-1]["left"] == [{"peer": "127.0.0.1:50007", **IN_WINDOW, "client_id": 7}]
    assert relayed.later(2.0) == 1
    relayed.now += 600.0
    assert relayed.later(30.0) == 1
    assert relayed.later(2.0) == 0
    assert relayed.reports[-1]["left"] == []


def test_lines_that_become_near_are_reported_at_once_and_once() -> None:
    relayed = Relayed(lines=20)
    one, other = Program(relayed, 1), Program(relayed, 2)
    relayed.later(2.0)
    for number in range(17):
        (one if number % 2 else other).stream(number)
    assert relayed.later(0.1) == 0
    one.stream(17)
    assert relayed.later(0.1) == 1
    assert relayed.near == {"lines": {"since_s": 0.0, "most": 18}, "history": None, "rates": [None, None]}
    one.stream(18)
    assert relayed.later(0.1) == 0
    # The lines of a program that leaves are free.
    other.leave()
    relayed.later(4.9)
    assert relayed.near["lines"] is not None
    relayed.later(5.0)
    assert relayed.near["lines"] is None


def test_lines_that_were_near_are_told_to_be_free_soon_after_the_last_program_has_left() -> None:
    relayed = Relayed(lines=20)
    program = Program(relayed)
    for number in range(18):
        program.stream(number)
    relayed.later(2.0)
    program.leave()
    relayed.later(1.0)
    assert relayed.near["lines"] is not None
    relayed.later(3.0)
    relayed.later(3.0)
    assert relayed.near["lines"] is None
    # From then on there is nothing to count.
    assert relayed.later(3.0) == 0


def test_a_rate_that_was_near_for_a_moment_is_reported_however_late_it_is_looked_at() -> None:
    relayed = Relayed()
    program = Program(relayed)
    relayed.later(2.0)
    for number in range(45):
        program.stream(number)
    assert relayed.later(1.5) == 1
    assert relayed.near["rates"] == [{"since_s": 1.5, "most": 45}]
    relayed.later(28.0)
    assert relayed.near["rates"] != [None]
    relayed.later(2.0)
    assert relayed.near["rates"] == [None]


def test_historical_requests_are_near_from_54_on() -> None:
    relayed = Relayed()
    program = Program(relayed)
    for number in range(53):
        program.history(number)
        relayed.later(1.0)
    assert not relayed.near["history"]
    program.history(53)
    assert relayed.later(0.1) == 1
    assert relayed.near["history"]["most"] == 54


def test_a_refusal_is_told_for_a_quarter_of_an_hour_also_when_its_program_has_left() -> None:
    relayed = Relayed()
    program = Program(relayed)
    program.history(3)
    program.refused(162, 3)
    relayed.later(2.0)
    told = {"code": 162, "limit": "historical requests", "request": "history of AAPL STK SMART USD"}
    assert relayed.reports[-1]["refusals"] == [{"ago_s": 2.0, **told, "peer": "127.0.0.1:50007", "client_id": 7}]
    program.leave()
    assert relayed.reports[-1]["refusals"][0].items() >= told.items()
    relayed.later(900.0)
    assert relayed.reports[-1]["refusals"] == []
    # Of all that was, the sums stay.
    assert relayed.reports[-1]["refused"] == {"historical requests": 1}
    assert relayed.reports[-1]["messages"] == 2
