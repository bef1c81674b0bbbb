"""One connection read along in each era: what is counted, what is not, and that damage costs the count alone."""

import itertools
import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.relay.counter import ConnectionCounter, instrument_of
from agent.relay.doubts import LineKind
from agent.relay.ledger import HistoryWindows, ProgramUsage
from agent.simulator.messages import reply_frame
from agent.tws.codec import fields_bytes, frame
from agent.tws.requests import REQUEST_MESSAGES
from agent.tws.schema import Values
from tests.attacks.scale import whole
from tests.simulator.without_sockets import request

VERSIONS = (100, 123, 150, 178, 200, 201, 205, 212, 213, 226)
AAPL: Mapping[str, Any] = {"symbol": "AAPL", "sec_type": "STK", "exchange": "SMART", "currency": "USD"}
NAME = "AAPL STK SMART USD"
DAMAGED = 2_000_000 if whole() else 100_000
"""Frames with a damage in them."""


class Program:
    """A program and the counter beside its connection."""

    def __init__(self, version: int = 178, *, greet: bool = True) -> None:
        self.version, self.now, self.off, self.lines_refused = version, 1000.0, 0, 0
        self.usage, self.windows = ProgramUsage(self.now), HistoryWindows()
        self.counter = ConnectionCounter(self.usage, self.windows, lambda: self.now, self._off, self._refused)
        if greet:
            self.counter.sent(memoryview(b"API\0" + frame(b"v100..226")))
            self.counter.received(memoryview(frame(b"%d\x0020261129 20:00:00 UTC\0" % version)))
            self.ask(71, {"client_id": 7, "capabilities": ""})

    def _off(self) -> None:
        self.off += 1

    def _refused(self) -> None:
        self.lines_refused += 1

    def ask(self, number: int, values: Values) -> None:
        self.counter.sent(memoryview(request(number, self.version, values)))

    def answer(self, name: str, values: Values) -> None:
        self.counter.received(memoryview(reply_frame(name, values, self.version)))

    def notice(self, code: int, request_id: int = -1, text: str = "") -> None:
        self.answer("ErrorMessage", {"request_id": request_id, "code": code, "text": text, "time": 0})

    def stream(self, request_id: int, *, snapshot: bool = False, contract: Mapping[str, Any] = AAPL) -> None:
        self.ask(1, {"request_id": request_id, "contract": contract, "generic_ticks": "", "snapshot": snapshot})

    def history(self, request_id: int, size: str = "5 secs", what: str = "TRADES") -> None:
        given: dict[str, Any] = {
            "request_id": request_id,
            "contract": AAPL,
            "end": "",
            "bar_size": size,
            "duration": "60 S",
        }
        self.ask(20, {**given, "regular_hours": True, "what": what, "date_format": 1, "keep_up_to_date": False})


@pytest.fixture(params=VERSIONS)
def program(request: pytest.FixtureRequest) -> Program:
    return Program(request.param)


def test_the_session_is_known_by_its_client_id_and_version(program: Program) -> None:
    assert (program.usage.client_id, program.usage.server_version) == (7, program.version)
    assert (program.usage.messages, program.off, program.usage.uncounted) == (1, 0, "")


def test_a_stream_is_open_until_it_is_cancelled(program: Program) -> None:
    program.stream(4)
    program.stream(5)
    assert program.usage.lines == {4: (LineKind.STREAM, NAME), 5: (LineKind.STREAM, NAME)}

    program.ask(2, {"request_id": 4})
    assert list(program.usage.lines) == [5]
    assert program.usage.messages == 4


def test_a_snapshot_is_over_with_its_end(program: Program) -> None:
    program.stream(4, snapshot=True)
    assert program.usage.lines == {4: (LineKind.SNAPSHOT, NAME)}

    program.now += 0.25
    program.answer("TickSnapshotEnd", {"request_id": 4})
    assert program.usage.lines == {}
    assert program.usage.answers["snapshots"].last_half_most() == pytest.approx((0.25, 0.25, 0.25))


@pytest.mark.parametrize("snapshot", [True, False])
@pytest.mark.parametrize("version", [110, 178, 205])
def test_the_legs_of_a_combination_hide_no_snapshot(snapshot: bool, version: int) -> None:
    program = Program(version)
    contract = ["0", "SPY", "BAG", "", "0", "", "", "SMART", "", "USD", "", ""]
    legs = ["2", "11", "1", "BUY", "SMART", "12", "1", "SELL", "SMART"]
    last = ["1" if snapshot else "0"] + (["0"] if version >= 114 else []) + [""]
    fields = ["11", "4", *contract, *legs, "0", "", *last]
    number = fields_bytes(["1"]) if version < 201 else (1).to_bytes(4, "big")
    program.counter.sent(memoryview(frame(number + fields_bytes(fields))))

    assert program.usage.lines == {4: (LineKind.SNAPSHOT if snapshot else LineKind.STREAM, "SPY BAG SMART USD")}


@pytest.mark.parametrize(
    ("number", "cancel", "kind"),
    [(10, 11, LineKind.DEPTH), (97, 98, LineKind.TICKS), (50, 51, LineKind.BARS)],
)
def test_the_other_kinds_of_data_are_open_until_cancelled(
    program: Program, number: int, cancel: int, kind: LineKind
) -> None:
    program.ask(number, {"request_id": 4, "contract": AAPL, "bar_size": 5, "what": "TRADES"})
    assert program.usage.lines == {4: (kind, NAME)}
    assert program.windows.used(program.now) == (kind is LineKind.BARS)

    program.ask(cancel, {"request_id": 4})
    assert program.usage.lines == {}


def test_small_bars_count_and_large_ones_do_not(program: Program) -> None:
    program.history(1)
    program.history(2)
    program.history(3, what="BID_ASK")
    program.history(4, size="1 min")
    program.history(5, size="1 day")

    assert program.windows.used(program.now) == program.usage.history == 4
    assert program.windows.busiest(program.now)[0] == 2
    assert program.windows.identical(program.now) == (2, program.now + 15.0)


def test_orders_are_a_number_and_nothing_else(program: Program) -> None:
    program.ask(3, {"order_id": 11})
    program.ask(3, {"order_id": 12})

    assert (program.usage.orders, program.usage.unread) == (2, 0)


@pytest.mark.parametrize("code", [200, 354, 101, 10186])
def test_what_tws_refuses_is_not_open(program: Program, code: int) -> None:
    program.stream(4)
    program.stream(5)
    program.notice(code, 4)

    assert list(program.usage.lines) == [5]
    assert program.lines_refused == (code == 101)


@pytest.mark.parametrize("code", [10167, 10090, 2104, 10197])
def test_what_tws_only_remarks_stays_open(program: Program, code: int) -> None:
    program.stream(4)
    program.notice(code, 4)

    assert list(program.usage.lines) == [4]


def test_a_request_id_used_twice_does_not_end_the_first(program: Program) -> None:
    program.stream(4)
    program.stream(4)
    program.notice(322, 4, "Error processing request.-'bN' : cause - Duplicate ticker id")
    assert list(program.usage.lines) == [4]

    program.notice(354, 4)
    assert list(program.usage.lines) == []


def test_once_tws_has_ended_the_session_nothing_is_open_however_long_the_program_waits(program: Program) -> None:
    program.stream(1)
    program.counter.ended()
    assert (program.usage.lines, program.usage.over) == ({}, True)

    # What it still sends is not read any more.
    program.stream(2)
    assert (program.usage.lines, program.usage.uses_lines()) == ({}, 0)


def test_after_1101_nothing_is_open(program: Program) -> None:
    program.stream(4)
    program.notice(1101)

    assert program.usage.lines == {}


def test_a_refusal_names_the_limit_and_the_request(program: Program) -> None:
    program.stream(4)
    program.history(5)
    program.notice(101, 4, "Max number of tickers has been reached")
    program.notice(162, 5, "Historical Market Data Service error message:Historical data request pacing violation")
    program.notice(162, 5, "Historical Market Data Service error message:HMDS query returned no data")
    program.notice(100, -1, "Max rate of messages per second has been exceeded:max=50 rec=51 (1)")

    assert [(one.code, one.rule, one.request) for one in program.usage.refusals] == [
        (101, "market data lines", f"stream of {NAME}"),
        (162, "historical requests", f"history of {NAME}"),
        (100, "messages a second", ""),
    ]


@pytest.mark.parametrize(
    ("number", "answer", "kind"),
    [
        (9, "ContractData", "contracts"),
        (20, "HistoricalData", "history"),
        (49, "CurrentTime", "time"),
        (81, "SymbolSamples", "symbols"),
        (1, "TickReqParams", "market data"),
    ],
)
def test_answers_are_timed(program: Program, number: int, answer: str, kind: str) -> None:
    if number == 81 and program.version < 104:
        pytest.skip("asked from a later server version on")
    program.ask(number, {"request_id": 4, "contract": AAPL})
    program.now += 0.5
    program.answer(answer, {"request_id": 4, "bars": (), "samples": (), "contract": AAPL, "details": {}})

    assert program.usage.answers[kind].last_half_most() == pytest.approx((0.5, 0.5, 0.5))
    assert (program.usage.unread, program.usage.answers[kind].waiting) == (0, 0)


def test_the_rate_is_counted_message_by_message(program: Program) -> None:
    program.now += 5
    program.counter.sent(memoryview(request(49, program.version, {}) * 40))
    program.now += 0.5
    program.counter.sent(memoryview(request(49, program.version, {}) * 3))

    assert program.usage.rate.within(program.now) == 43
    assert program.usage.messages == 44


@pytest.mark.parametrize(
    ("said", "answered", "because"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", b"", "what it sends is not the TWS API"),
        (b"GET / HTTP/1.1\r\n\r\n", b"", "what it sends is not the TWS API"),
        (b"AP", b"", ""),
        (b"API\0" + frame(b"v100..300"), frame(b"300\0now\0"), "its server version 300 is not known"),
        (b"API\0" + frame(b"v100..300"), frame(b"76\0now\0"), "its server version 76 is not known"),
        (b"API\0" + frame(b"v100..178"), b"HTTP/1.1 400", "the messages of TWS cannot be read"),
        (b"API\0" + frame(b"hello"), b"", "its messages cannot be read"),
        (b"API\0" + b"\xff" * 20, b"", "its messages cannot be read"),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_what_cannot_be_read_is_said_so_once(said: bytes, answered: bytes, because: str, at_once: bool) -> None:
    program = Program(greet=False)
    for hear, data in ((program.counter.sent, said), (program.counter.received, answered)):
        for piece in [data] if at_once else [data[n : n + 1] for n in range(len(data))]:
            if not program.off:
                hear(memoryview(piece))

    assert program.usage.uncounted == because
    assert program.off == (1 if because else 0)


def test_what_was_open_is_not_known_once_the_counting_ends() -> None:
    program = Program()
    program.stream(4)
    program.counter.received(memoryview(b"\xff" * 8))

    assert program.off == 1
    assert program.usage.lines == {}


def test_a_flood_of_requests_ends_the_counting_before_it_holds_up_others() -> None:
    program = Program()
    program.now += 1
    program.counter.sent(memoryview(request(2, 178, {"request_id": 1}) * 5000))
    assert (program.off, program.usage.messages) == (0, 5001)

    program.counter.sent(memoryview(request(2, 178, {"request_id": 1})))
    assert (program.off, program.usage.uncounted) == (1, "there are more messages than can be read along")


def session(version: int, seed: int) -> list[tuple[bool, bytes]]:
    """What both sides send in a session, in turn: whether the program does, and the bytes."""
    chance = random.Random(seed)
    welcome = frame(b"%d\x0020261129 20:00:00 UTC\0" % version)
    said = [(True, b"API\0" + frame(b"v100..226")), (False, welcome), (True, request(71, version, {"client_id": 7}))]
    for _ in range(chance.randrange(30)):
        values: Values = {"request_id": chance.randrange(9), "contract": AAPL, "bar_size": "1 secs", "what": "TRADES"}
        number = chance.choice((1, 1, 2, 3, 9, 10, 11, 20, 49, 50, 51, 97, 98))
        said.append((True, request(number, version, {} if number == 50 else values)))
        name = chance.choice(("ErrorMessage", "TickSnapshotEnd", "TickReqParams", "CurrentTime", "HistoricalData"))
        told = {
            "request_id": chance.randrange(9),
            "code": chance.choice((101, 162, 200, 2104)),
            "text": "x",
            "bars": (),
        }
        said.append((False, reply_frame(name, told, version)))
    return said


@given(st.sampled_from(VERSIONS), st.integers(0, 2**32), st.data())
def test_where_the_bytes_are_cut_changes_no_count(version: int, seed: int, data: st.DataObject) -> None:
    said = session(version, seed)
    plain, cut = Program(version, greet=False), Program(version, greet=False)
    for asked, message in said:
        (plain.counter.sent if asked else plain.counter.received)(memoryview(message))
        places = sorted(data.draw(st.lists(st.integers(0, len(message)), max_size=6)))
        for start, end in itertools.pairwise([0, *places, len(message)]):
            if end > start:
                (cut.counter.sent if asked else cut.counter.received)(memoryview(message)[start:end])

    assert (plain.off, plain.usage.uncounted, plain.usage.client_id) == (0, "", 7)
    for name in ("messages", "orders", "history", "unread", "lines", "refusals", "client_id", "server_version"):
        assert getattr(plain.usage, name) == getattr(cut.usage, name)
    assert plain.windows.used(plain.now) == cut.windows.used(cut.now)


@pytest.mark.timeout(3600 if whole() else 300)
def test_damaged_messages_raise_nothing() -> None:
    chance = random.Random(20261129)
    done = 0
    while done < DAMAGED:
        version = chance.choice(VERSIONS)
        program = Program(version)
        for _ in range(50):
            number = chance.choice(sorted(REQUEST_MESSAGES))
            values: Values = {
                "request_id": chance.randrange(99),
                "contract": AAPL,
                "bar_size": "1 secs",
                "what": "TRADES",
            }
            if number == 109:
                continue
            asked = bytearray(request(number, version, {} if number == 50 else values))
            reply = chance.choice(("ErrorMessage", "TickSnapshotEnd", "TickReqParams", "CurrentTime"))
            given = {"request_id": chance.randrange(99), "code": chance.choice((101, 162, 200, 1101)), "text": "x"}
            told = bytearray(reply_frame(reply, given, version))
            for damaged in (asked, told):
                for _ in range(chance.randrange(4)):
                    # Mostly behind the length, so that the next frame is found.
                    at = chance.randrange(4 if chance.random() < 0.95 and len(damaged) > 4 else 0, len(damaged))
                    damaged[at] = chance.randrange(256)
            program.counter.sent(memoryview(asked))
            program.counter.received(memoryview(told))
            done += 2
            if program.off:
                assert program.usage.uncounted
                break


@pytest.mark.parametrize(
    ("contract", "name"),
    [
        ({"con_id": 265598, "exchange": "SMART"}, "contract 265598"),
        ({"symbol": "EUR", "sec_type": "CASH", "exchange": "IDEALPRO", "currency": "USD"}, "EUR CASH IDEALPRO USD"),
        (
            {"symbol": "SPY", "sec_type": "OPT", "expiry": "20261218", "strike": 600.0, "right": "C"},
            "SPY OPT 20261218 600.0 C",
        ),
        ({"symbol": "A\x1b[31m\u202e"}, "A[31m"),
    ],
)
def test_an_instrument_is_told_as_a_user_knows_it(contract: Values, name: str) -> None:
    assert instrument_of(contract) == name
    assert len(instrument_of({**contract, "symbol": "LONG " * 100})) <= 60
