"""The fault `limits`: what IBKR documents is enforced, each rule at its edge."""

from collections.abc import Mapping
from typing import Any

import pytest

from agent.simulator.server import Simulator
from agent.tws.codec import frame, split_frames
from agent.tws.wire import ErrorMessage, parse_message
from tests.simulator.conftest import Clock
from tests.simulator.without_sockets import Connection, request, simulated

VERSIONS = (178, 205, 226)
AAPL: Mapping[str, Any] = {"symbol": "AAPL", "sec_type": "STK", "exchange": "SMART", "currency": "USD"}
MSFT = {**AAPL, "symbol": "MSFT"}
PACING = "Historical Market Data Service error message:Historical data request pacing violation"


class Program:
    """A session, and the notices that it gets about its requests."""

    def __init__(self, simulator: Simulator, client_id: int = 1) -> None:
        self.version = simulator.situation.profile.server_version
        self.notices: list[tuple[int, int]] = []
        self.text = ""
        self._heard, self._greeted = bytearray(), False
        self.connection = Connection(simulator, self._hear)
        self.connection.send(b"API\0" + frame(b"v157..%d" % self.version))
        self.ask(71, client_id=client_id)

    def _hear(self, data: bytes) -> None:
        self._heard += data
        for payload in split_frames(self._heard):
            if not self._greeted:
                self._greeted = True
                continue
            message = parse_message(self.version, payload)
            if isinstance(message, ErrorMessage) and not 2000 <= message.code < 3000:
                self.notices.append((message.request_id, message.code))
                self.text = message.text

    def ask(self, number: int, **values: Any) -> None:
        self.connection.send(request(number, self.version, values))

    def stream(self, request_id: int, *, snapshot: bool = False) -> None:
        self.ask(1, request_id=request_id, contract=AAPL, generic_ticks="", snapshot=snapshot)

    def history(self, request_id: int, duration: int = 60, what: str = "TRADES", size: str = "5 secs") -> None:
        given = {"request_id": request_id, "contract": AAPL, "end": "", "bar_size": size, "what": what}
        self.ask(20, **given, duration=f"{duration} S", regular_hours=True, date_format=1, keep_up_to_date=False)


@pytest.fixture(params=VERSIONS)
async def simulator(request: pytest.FixtureRequest, clock: Clock) -> Simulator:
    made = simulated(clock, request.param)
    await made.apply("limits")
    return made


async def test_the_line_beyond_a_hundred_is_refused_whoever_holds_them(simulator: Simulator) -> None:
    simulator.situation.active["limits"] = "4"
    first, second = Program(simulator, 1), Program(simulator, 2)
    first.stream(1)
    first.stream(2)
    second.ask(50, request_id=3, contract=AAPL, bar_size=5, what="TRADES")
    second.stream(4)
    assert simulator.limits.lines() == 4

    second.stream(5)
    first.stream(6, snapshot=True)
    assert (first.notices, second.notices) == ([(6, 101)], [(5, 101)])

    second.ask(51, request_id=3)
    first.stream(7, snapshot=True)
    assert simulator.limits.lines() == 3
    first.connection.close()
    assert simulator.limits.lines() == 1
    assert (first.notices, second.notices) == ([(6, 101)], [(5, 101)])


@pytest.mark.parametrize(("number", "cancel", "code"), [(10, 11, 309), (97, 98, 10190)])
@pytest.mark.parametrize(("lines", "allowed"), [("100", 3), ("300", 5)])
async def test_depth_and_tick_by_tick_have_allowances_of_their_own(
    simulator: Simulator, number: int, cancel: int, code: int, lines: str, allowed: int
) -> None:
    simulator.situation.active["limits"] = lines
    program = Program(simulator)
    for request_id in range(allowed):
        program.ask(number, request_id=request_id, contract=AAPL)
    assert (program.notices, simulator.limits.lines()) == ([], 0)

    program.ask(number, request_id=90, contract=AAPL)
    program.ask(cancel, request_id=0)
    program.ask(number, request_id=91, contract=AAPL)
    program.ask(cancel, request_id=99)
    assert program.notices == [(90, code), (99, 300)]


async def test_the_third_time_too_many_messages_come_in_a_second_the_session_ends(
    simulator: Simulator, clock: Clock
) -> None:
    program = Program(simulator)
    for _ in range(2):
        clock.now += 1
        for _ in range(51):
            program.ask(17)
    assert (program.notices, program.connection.open) == ([(-1, 100)] * 2, True)

    clock.now += 1
    for _ in range(50):
        program.ask(17)
    assert program.connection.open
    program.ask(17)
    assert (program.notices, program.connection.open) == ([(-1, 100)] * 3, False)


async def test_the_rate_grows_with_the_lines(simulator: Simulator) -> None:
    simulator.situation.active["limits"] = "400"
    program = Program(simulator)
    for _ in range(200):
        program.ask(17)
    assert program.notices == []
    program.ask(17)
    assert program.notices == [(-1, 100)]


async def test_sixty_historical_requests_fit_into_ten_minutes(simulator: Simulator, clock: Clock) -> None:
    program = Program(simulator)
    for number in range(30):
        clock.now += 3
        program.history(number, duration=60 + number)
        program.history(100 + number, duration=60 + number, size="1 min")
    for number in range(15):
        clock.now += 3
        program.history(200 + number, duration=60 + number, what="BID_ASK")
    assert (program.notices, simulator.limits.history(clock.now)) == ([], 60)

    clock.now += 3
    program.history(300, duration=999)
    assert program.notices == [(300, 162)]
    assert program.text == PACING
    # Two have to leave: the first, and one for the request that was refused.
    clock.now += 600 - 132
    program.history(301, duration=999)
    assert program.notices == [(300, 162)]


async def test_the_same_request_is_refused_for_fifteen_seconds(simulator: Simulator, clock: Clock) -> None:
    program = Program(simulator)
    program.history(1)
    program.history(2, duration=61)
    clock.now += 14.9
    program.history(3)
    clock.now += 15
    program.history(4)

    assert program.notices == [(3, 162)]


async def test_the_sixth_request_for_a_contract_in_two_seconds_is_refused(simulator: Simulator, clock: Clock) -> None:
    program = Program(simulator)
    for number in range(5):
        clock.now += 0.1
        program.history(number, duration=60 + number)
    program.history(10, what="MIDPOINT")
    assert program.notices == []

    program.history(11, duration=99)
    clock.now += 2
    program.history(12, duration=98)
    assert program.notices == [(11, 162)]


async def test_real_time_bars_are_paced_with_a_notice_of_their_own(simulator: Simulator) -> None:
    program = Program(simulator)
    program.ask(50, request_id=1, contract=AAPL, bar_size=5, what="TRADES")
    program.ask(50, request_id=2, contract=AAPL, bar_size=5, what="TRADES")

    assert program.notices == [(2, 420)]


async def test_without_the_fault_nothing_is_enforced(clock: Clock) -> None:
    simulator = simulated(clock, 226)
    program = Program(simulator)
    for number in range(150):
        program.stream(number)
    program.history(200)
    program.history(201)
    program.ask(10, request_id=202, contract=AAPL)

    assert program.notices == [(202, 354)]
