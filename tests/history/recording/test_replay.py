"""What a replay tells, in the order of the day: what came in then, and what is decided now."""

from dataclasses import replace

import pytest

from agent.core.events import Arrival, Looked, NoticeArrived, SessionLost, Tick, Woke
from agent.core.state_machine.step import AgentStep, decide_step
from agent.history.recording import replay as replay_module
from agent.history.recording.lines import Item, LineWriter, PieceBegun, Taken, Torn
from agent.history.recording.replay import Replay, came_in
from agent.runtime.clock import SystemClock
from tests.journeys.day import KNOWLEDGE
from tests.recorded_day import RUN, RecordedDay, items_of


def bad_day() -> RecordedDay:
    day = RecordedDay()
    app = day.start()
    day.run(120.0)
    day.notice(1100, "Connectivity between IB and Trader Workstation has been lost.")
    day.run(300.0)
    day.notice(1102, "Connectivity between IB and Trader Workstation has been restored.")
    day.run(60.0)
    day.stop(app)
    day.run(120.0)
    return day


def run(items: list[Item]) -> tuple[list[str], Replay]:
    replay = Replay()
    return [f"{line.at} {'<' if line.came_in else '>'} {line.text}" for line in replay.lines(items)], replay


def test_it_tells_the_day_with_its_times() -> None:
    day = bad_day()
    lines, replay = run(items_of(day.lines()))
    said = [n for _, n in day.notices]

    assert lines[0] == " > an agent of Gatelight 0.1.0 on linux"
    assert (
        "2026-11-23 15:02:00 < session 1 was told 1100: Connectivity between IB and Trader Workstation has been lost."
        in lines
    )
    assert [line.partition("): ")[2] for line in lines if "> notice (" in line] == [n.title for n in said]
    assert len(said) == replay.summary.notices == 3
    assert any(line.endswith("> Paper Gateway: problem (server-link-lost)") for line in lines)
    assert lines[-1].startswith("2026-11-23 15:0")
    assert [line[:19] for line in lines[1:]] == sorted(line[:19] for line in lines[1:])


def test_the_pieces_of_one_run_are_one_day() -> None:
    day = bad_day()

    assert run(items_of(day.lines(every=30)))[0] == run(items_of(day.lines()))[0]


def test_where_steps_are_missing_it_goes_on_from_what_was_so_then() -> None:
    day = bad_day()
    pieces = day.lines(every=30).split('{"gatelight-recording"')
    lines, replay = run(items_of('{"gatelight-recording"'.join(pieces[:2] + pieces[3:])))

    assert replay.summary.gaps == 1
    assert " > steps are missing here: it goes on from what was recorded then" in lines
    assert replay.summary.steps == len(day.steps) - 30
    assert lines[-1] == run(items_of(day.lines()))[0][-1]


def test_another_run_is_another_agent() -> None:
    day = bad_day()
    again = LineWriter(KNOWLEDGE, "0.2.0", "win32", RUN + 5.0)
    text = day.lines() + again.piece(day.steps[0].before, 0) + again.step(day.steps[0], 0)
    lines, replay = run(items_of(text))

    assert " > an agent of Gatelight 0.2.0 on win32" in lines
    assert replay.summary.gaps == 0


def test_times_are_those_of_the_clock_of_that_computer() -> None:
    day = bad_day()
    step = replace(
        day.steps[1], before=replace(day.steps[1].before, machine=replace(day.state.machine, utc_offset=-18000.0))
    )
    writer = LineWriter(KNOWLEDGE, "0.1.0", "linux", RUN)
    woke = replace(step, arrivals=(Arrival(Woke(60.0), step.now),))
    lines, _ = run(items_of(writer.piece(step.before, 0) + writer.step(woke, 0)))

    assert "2026-11-23 10:00:00 < the computer slept for 60 s" in lines


def test_a_decision_that_fails_is_told_and_the_replay_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    day = bad_day()
    count = iter(range(10_000))

    def sometimes(step: AgentStep) -> object:
        if next(count) == 5:
            raise ZeroDivisionError("by nothing")
        return decide_step(step)

    monkeypatch.setattr(replay_module, "decide_step", sometimes)
    lines, replay = run(items_of(day.lines()))

    assert len([line for line in lines if line.endswith("> the decision failed: ZeroDivisionError: by nothing")]) == 1
    assert (replay.summary.faults, replay.summary.steps) == (1, len(day.steps))


def test_one_that_failed_then_says_so() -> None:
    day = bad_day()
    writer = LineWriter(KNOWLEDGE, "0.1.0", "linux", RUN)
    text = writer.piece(day.steps[0].before, 0) + writer.step(day.steps[0], 0, failed=True)

    assert any(line.endswith("> this decision failed when it was recorded") for line in run(items_of(text))[0])


def test_a_torn_piece_is_counted() -> None:
    lines, replay = run([Torn(7, "no JSON object")])

    assert lines == [" > from line 7 on, this piece cannot be read (no JSON object)"]
    assert replay.summary.torn == 1


def test_steps_before_any_state_are_passed_over() -> None:
    taken = Taken(0, (), SystemClock().now(), 0.0, failed=False)

    lines, replay = run([taken])

    assert (lines, replay.summary.steps) == ([], 0)


@pytest.mark.parametrize("wall", [-1.0, 1e300, float("nan"), float("inf")])
def test_a_time_beyond_any_calendar_is_no_fault(wall: float) -> None:
    day = bad_day()
    piece = next(one for one in items_of(day.lines()) if isinstance(one, PieceBegun))
    now = replace(day.now, wall=wall)
    lines, _ = run([piece, Taken(0, (Arrival(Woke(1.0), now),), now, float("inf"), failed=False)])

    assert any(line.startswith("at a time beyond any calendar") for line in lines)


def test_what_comes_all_the_time_is_not_told() -> None:
    day = bad_day()

    assert came_in(Tick()) == came_in(Looked(day.state.machine)) == ""
    assert came_in(NoticeArrived(3, 2104, "OK")) == "session 3 was told 2104: OK"
    assert came_in(SessionLost(3, "reset")) == "session 3 was lost: reset"
