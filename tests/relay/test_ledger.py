"""The three rules for historical requests, the message rate, and what is open."""

import pytest

from agent.core.relay_facts import NearMark
from agent.relay.doubts import LineKind
from agent.relay.ledger import AnswerTimes, HistoryWindows, ProgramUsage, RateWindow


def test_sixty_in_ten_minutes_and_when_the_next_is_safe() -> None:
    windows = HistoryWindows()
    for number in range(59):
        windows.add(100.0 + number, f"contract {number}", f"request {number}", 1)
    assert windows.used(160.0) == 59
    assert windows.safe_at(160.0) == 160.0

    windows.add(160.0, "another", "another", 1)
    assert windows.used(160.0) == 60
    # The oldest leaves the window.
    assert windows.safe_at(160.0) == 700.0
    assert windows.safe_at(700.0) == 700.0
    assert windows.used(1000.0) == 0


def test_bid_and_ask_count_twice() -> None:
    windows = HistoryWindows()
    for number in range(31):
        windows.add(100.0 + number, f"{number}", f"{number}", 2)

    assert windows.used(140.0) == 62
    # 62 - 60 and one more: two of them have to leave.
    assert windows.safe_at(140.0) == 701.0


def test_five_of_one_contract_in_two_seconds_and_when_the_next_is_safe() -> None:
    windows = HistoryWindows()
    for number in range(4):
        windows.add(10.0 + number / 10, "AAPL TRADES", f"{number}", 1)
    assert windows.busiest(10.5) == (4, 10.5)

    windows.add(10.5, "AAPL TRADES", "fifth", 1)
    windows.add(10.5, "MSFT TRADES", "other", 1)
    assert windows.busiest(10.5) == (5, 12.0)
    assert windows.busiest(12.05) == (4, 12.05)
    assert windows.busiest(20.0) == (0, 20.0)


def test_the_same_request_again_is_safe_after_fifteen_seconds() -> None:
    windows = HistoryWindows()
    windows.add(10.0, "a", "first", 1)
    windows.add(12.0, "a", "second", 1)
    assert windows.identical(13.0) == (2, 27.0)
    windows.add(14.0, "a", "first", 1)
    assert windows.identical(25.5) == (2, 29.0)
    assert windows.identical(29.0) == (0, 29.0)


def test_a_program_that_sends_without_end_fills_no_memory() -> None:
    windows, usage, answers = HistoryWindows(), ProgramUsage(0.0), AnswerTimes()
    for number in range(10_000):
        windows.add(1.0, f"contract {number}", f"request {number}", 1)
        usage.open_line(number, LineKind.STREAM, "AAPL")
        usage.note(number, "AAPL")
        answers.asked(1.0, number)
    held = (windows._sent, windows._identical, windows._contracts, usage.lines, usage._notes, answers._waiting)

    assert [len(one) for one in held] == [2000] * 6


def test_the_rate_is_that_of_the_last_second() -> None:
    rate = RateWindow()
    rate.add(10.0, 30)
    rate.add(10.5, 20)
    assert (rate.within(10.9), rate.within(11.2), rate.within(12.0)) == (50, 20, 0)
    rate.add(20.0, 3)
    assert rate.most == 50


def test_answers_are_timed_by_their_request_and_counted_once() -> None:
    times = AnswerTimes()
    assert times.last_half_most() is None
    for request_id, took in ((1, 0.5), (2, 0.1), (3, 0.3)):
        times.asked(10.0, request_id)
        times.answered(10.0 + took, request_id)
        times.answered(99.0, request_id)
    times.asked(10.0, 4)

    assert times.last_half_most() == pytest.approx((0.3, 0.3, 0.5))
    assert times.waiting == 1


def test_what_is_open_and_what_of_it_uses_a_line() -> None:
    usage = ProgramUsage(0.0)
    for number, kind in enumerate(LineKind):
        assert usage.open_line(number, kind, "AAPL")
    assert not usage.open_line(0, LineKind.STREAM, "MSFT")
    assert usage.lines[0] == (LineKind.STREAM, "AAPL")
    assert usage.uses_lines() == 3
    assert dict(usage.used()) == dict.fromkeys(LineKind, 1)


def test_the_busiest_second_of_each_step_is_kept_for_ten_minutes() -> None:
    rate = RateWindow()
    rate.add(103.0, 7)
    rate.add(104.5, 9)
    rate.add(131.0, 2)
    assert rate.peaks(139.9) == [9, 0, 0, 2]
    assert rate.peaks(145.0) == [9, 0, 0, 2, 0]
    rate.add(699.0, 1)
    assert rate.peaks(699.0) == [9, 0, 0, 2, *[0] * 55, 1]
    assert rate.peaks(709.0) == [0, 0, 2, *[0] * 55, 1, 0]
    assert rate.peaks(99_999.0) == [0] * 60


def test_the_window_of_ten_minutes_is_told_as_it_filled_and_as_it_empties() -> None:
    windows = HistoryWindows()
    windows.add(1000.0, "a", "first", 1)
    windows.add(1205.0, "b", "second", 2)
    curve = windows.curve(1300.0)
    assert len(curve) == 121
    # 700 s and so on: one step is ten seconds, and 1300 s is in the middle.
    assert {curve[at] for at in range(30)} == {0}
    assert [curve[at] for at in (30, 50, 51, 60, 89, 90, 110, 111, 120)] == [1, 1, 3, 3, 3, 2, 2, 0, 0]
    assert curve[60] == windows.used(1300.0)

    # What has left the window is still part of the picture.
    assert windows.used(1700.0) == 2
    assert windows.curve(1700.0)[:31] == [*[1] * 11, *[3] * 20]


def test_a_limit_is_near_from_90_percent_on_until_it_was_below_80_for_a_while() -> None:
    mark = NearMark(5.0)
    for now, used, since in (
        (0.0, 89, None),
        (1.0, 90, 1.0),
        (2.0, 97, 1.0),
        (3.0, 79, 1.0),
        (6.9, 79, 1.0),
        (7.0, 80, 1.0),
        (11.9, 10, 1.0),
        (12.0, 10, None),
        (13.0, 89, None),
        (14.0, 90, 14.0),
    ):
        mark.take(now, used, 100)
        assert mark.since == since, now
    assert mark.most == 90


def test_a_limit_around_which_the_use_sways_is_near_without_a_break() -> None:
    mark = NearMark(5.0)
    for second in range(100):
        mark.take(float(second), 95 if second % 4 == 0 else 60, 100)
        assert mark.since == 0.0
    assert mark.most == 95


def test_requests_of_the_window_belong_to_those_who_sent_them() -> None:
    windows, first, second = HistoryWindows(), ProgramUsage(0.0), ProgramUsage(0.0)
    for now, who in ((0.0, first), (500.0, first), (550.0, second)):
        windows.add(now, "a", f"{now}", 2, who)
    assert windows.used_by(599.0) == {first: 4, second: 2}
    assert windows.used_by(601.0) == {first: 2, second: 2}
    assert windows.used_by(1200.0) == {}
