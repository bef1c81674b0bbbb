"""What notice 100, which names no request, leaves in doubt; and how what TWS answers afterwards settles it.

The counts are compared with those of the simulated TWS, which refuses as IBKR documents it: what it keeps open is never
less than what the relay counts as certain, and never more than that and what it says may be.
"""

import random
from typing import Any

import pytest

from agent.relay.doubts import LineKind
from agent.relay.ledger import history_in_doubt
from tests.attacks.scale import whole
from tests.relay.scripted_day import STEP, Day, Program
from tests.relay.test_counter import AAPL, NAME, VERSIONS
from tests.relay.test_counter import Program as Counted

TOO_MANY = "Max rate of messages per second has been exceeded:max=50 rec=51 (1)"
SCRIPTS = 300 if whole() else 40


@pytest.fixture(params=VERSIONS)
def program(request: pytest.FixtureRequest) -> Counted:
    return Counted(request.param)


def lines(program: Counted) -> tuple[int, int]:
    """Lines that are certainly in use, and how many more may be."""
    return program.usage.uses_lines(), program.usage.may_use_lines()


def too_many(program: Counted) -> None:
    program.notice(100, text=TOO_MANY)


def tick(program: Counted, request_id: int) -> None:
    """Data of a line, as it goes on coming."""
    values: dict[str, Any] = {"request_id": request_id, "tick_type": 1, "price": 2.5, "size": "100", "attributes": 1}
    program.answer("TickPrice", values)


def test_a_stream_that_may_have_been_refused_is_not_counted_as_certain(program: Counted) -> None:
    program.stream(1)
    tick(program, 1)
    program.answer("TickReqParams", {"request_id": 1})
    program.stream(2)
    assert lines(program) == (2, 0)
    too_many(program)
    # The first was acknowledged before.
    assert lines(program) == (1, 1)
    assert program.usage.used() == {LineKind.STREAM: 2}


@pytest.mark.parametrize("answer", ["TickReqParams", "TickPrice", "MarketDataType"])
def test_whatever_comes_of_a_stream_shows_that_it_is_open(program: Counted, answer: str) -> None:
    program.stream(1)
    too_many(program)
    values: dict[str, Any] = {"request_id": 1, "tick_type": 1, "price": 2.5, "size": "100", "attributes": 1, "type": 1}
    program.answer(answer, values)

    assert lines(program) == (1, 0)


def test_no_more_than_one_was_refused_for_each_notice(program: Counted) -> None:
    for number in range(5):
        program.stream(number)
    too_many(program)
    assert lines(program) == (4, 1)
    too_many(program)
    assert lines(program) == (3, 2)
    for number in range(4):
        tick(program, number)
    # One is left that could have been refused.
    assert lines(program) == (4, 1)


def test_a_stream_that_is_asked_for_later_is_not_in_doubt(program: Counted) -> None:
    program.stream(1)
    too_many(program)
    program.stream(2)

    assert lines(program) == (1, 1)


def test_a_stream_that_was_asked_for_long_ago_is_not_in_doubt(program: Counted) -> None:
    program.stream(1)
    program.now += 11.0
    too_many(program)

    assert lines(program) == (1, 0)


def test_a_notice_about_a_stream_has_read_it(program: Counted) -> None:
    program.stream(1)
    program.stream(2)
    too_many(program)
    program.notice(10167, 1)
    assert lines(program) == (1, 1)
    program.notice(200, 2)
    assert lines(program) == (1, 0)


def test_a_cancel_that_may_have_been_refused_leaves_a_line_that_may_be_open(program: Counted) -> None:
    program.stream(1)
    tick(program, 1)
    program.answer("TickReqParams", {"request_id": 1})
    program.ask(2, {"request_id": 1})
    assert lines(program) == (0, 0)
    too_many(program)
    assert lines(program) == (0, 1)

    # What was under way as it was cancelled shows nothing.
    tick(program, 1)
    assert lines(program) == (0, 1)
    program.now += 3.0
    tick(program, 1)
    assert lines(program) == (1, 0)
    assert program.usage.lines == {1: (LineKind.STREAM, NAME)}


def test_a_cancel_that_tws_knows_nothing_of_shows_what_it_refused(program: Counted) -> None:
    program.stream(1)
    program.stream(2)
    too_many(program)
    tick(program, 1)
    program.ask(2, {"request_id": 2})
    too_many(program)
    program.notice(300, 2)

    assert lines(program) == (1, 0)


def test_a_historical_request_that_may_have_been_refused_is_not_counted_as_certain(program: Counted) -> None:
    program.history(1)
    program.history(2, what="BID_ASK")
    too_many(program)
    assert (program.windows.used(program.now), in_doubt(program)) == (3, 2)
    program.answer("HistoricalData", {"request_id": 2, "bars": ()})
    assert in_doubt(program) == 1
    program.answer("HistoricalData", {"request_id": 1, "bars": ()})
    assert in_doubt(program) == 0


def in_doubt(program: Counted) -> int:
    return sum(history_in_doubt([program.usage], program.now).values())


def test_real_time_bars_are_in_doubt_as_line_and_as_request(program: Counted) -> None:
    program.ask(50, {"request_id": 4, "contract": AAPL, "bar_size": 5, "what": "TRADES"})
    too_many(program)

    assert (lines(program), in_doubt(program)) == ((0, 1), 1)
    program.now += 601.0
    assert in_doubt(program) == 0


def test_after_1101_nothing_is_in_doubt(program: Counted) -> None:
    program.stream(1)
    too_many(program)
    program.notice(1101)

    assert lines(program) == (0, 0)


@pytest.mark.timeout(1800 if whole() else 120)
async def test_what_the_simulated_tws_keeps_lies_between_what_is_certain_and_what_may_be() -> None:
    refused = doubted = 0
    for seed in range(SCRIPTS):
        chance = random.Random(seed)
        day = Day(chance.choice((178, 205, 226)), 100)
        await day.begin()
        day.programs += [Program(day, number) for number in (1, 2)]
        number = 2
        for _ in range(3):
            program = chance.choice(day.programs)
            for what in chance.choices(("stream", "cancel", "history", "snapshot", "rest"), (4, 3, 1, 1, 2), k=54):
                program.do(chance, what)
                if not program.connection.open:
                    # After three violations TWS has ended it.
                    day.programs.remove(program)
                    program.close()
                    number += 1
                    day.programs.append(Program(day, number))
                    break
                day.move(STEP)
                day.meter.report()
            doubted += day.report["lines"]["in_doubt"]
            for _ in range(8):
                day.move(2.0)
                day.tick()
            day.meter.report()
            # Everything that is open has told so by now.
            assert day.report["lines"]["used"] == day.simulator.limits.lines()
        refused += day.refusals["rate"]
    assert refused > SCRIPTS
    assert doubted > SCRIPTS
