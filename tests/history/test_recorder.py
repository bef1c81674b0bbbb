"""What the history keeps of the statuses that are shown."""

from dataclasses import replace
from typing import Any

from agent.core.effects import Happened, MarkKind
from agent.core.shown.display import IconState
from agent.core.shown.status import (
    ShownApplication,
    ShownCalendar,
    ShownConnection,
    ShownProblem,
    ShownProgram,
    Status,
)
from agent.history.recorder import Recorder
from agent.history.spans import NOT_LINKED, LatencyMinute, Mark, Span, SpanKind, daily_span
from agent.history.store import NOT_WATCHED
from agent.tws.coming import DailyEnd, KnownFrom
from agent.tws.farms import Farm, FarmKind, FarmStatus
from agent.tws.reset_windows import Region

RUN = Span("", SpanKind.RUN, "0.1.0")
WELL = Span("Paper", SpanKind.STATE, "connected")


def shown(**more: Any) -> Status:
    given: dict[str, Any] = {"overall": IconState.CONNECTED, "phase": "connected", "since": 50.0, "port": 4002}
    return Status("0.1.0", 1, 50.0, (ShownConnection(name="Paper", host="127.0.0.1", **{**given, **more}),))


def problem(code: str = "app-frozen", *, title: str = "It hangs", since: float = 90.0, **more: Any) -> ShownProblem:
    given: dict[str, Any] = {"severity": "error", "text": "", "evidence": (), "steps": (), "visible": True}
    return ShownProblem(code=code, title=title, since=since, **{**given, **more})


def test_the_first_status_begins_all_that_is_so() -> None:
    found = Recorder("0.1.0", 60.0).take(shown(trading_mode="paper"), 61.0)

    assert found is not None
    assert {span for span, _ in found.begun} == {RUN, WELL, Span("Paper", SpanKind.MODE, "paper")}
    assert found.ended == ()


def test_the_same_status_is_no_news() -> None:
    recorder = Recorder("0.1.0", 60.0)
    recorder.take(shown(), 61.0)

    assert recorder.take(shown(), 62.0) is None


def test_a_problem_begins_when_it_began_and_its_state_when_it_was_shown() -> None:
    recorder = Recorder("0.1.0", 60.0)
    recorder.take(shown(), 61.0)
    found = recorder.take(shown(overall=IconState.PROBLEM, problems=(problem(),)), 100.0)

    assert found is not None
    assert found.ended == (WELL,)
    assert dict(found.begun) == {
        Span("Paper", SpanKind.STATE, "problem"): 100.0,
        Span("Paper", SpanKind.PROBLEM, "app-frozen", "error"): 90.0,
    }


def test_a_problem_of_before_begins_with_the_agent() -> None:
    found = Recorder("0.1.0", 60.0).take(shown(problems=(problem(since=10.0),)), 61.0)

    assert found is not None
    assert dict(found.begun)[Span("Paper", SpanKind.PROBLEM, "app-frozen", "error")] == 60.0


def test_a_title_that_changes_is_the_same_problem() -> None:
    recorder = Recorder("0.1.0", 60.0)
    recorder.take(shown(problems=(problem(title="3 s ahead"),)), 91.0)

    assert recorder.take(shown(problems=(problem(title="4 s ahead"),)), 92.0) is None


def test_what_decides_what_comes_is_kept() -> None:
    daily = DailyEnd(23 * 60 + 45, restarts=True, known_from=KnownFrom.API)
    known = ShownCalendar(Region.EUROPE, KnownFrom.FILE, daily)
    application = ShownApplication("gateway", "10.45", 3117, 61.5, (4002,))
    found = Recorder("0.1.0", 60.0).take(shown(calendar=known, application=application), 63.0)

    assert found is not None
    begun = dict(found.begun)
    assert begun[Span("Paper", SpanKind.APPLICATION, "gateway", "3117")] == 61.5
    assert begun[Span("Paper", SpanKind.REGION, "europe", KnownFrom.FILE)] == 63.0
    assert begun[daily_span("Paper", daily, own_clock=False)] == 63.0


def test_what_is_not_shown_and_what_is_not_known_is_not_kept() -> None:
    programs = (ShownProgram(None, "unknown", 1.0), ShownProgram(7, "quantower", 1.0))
    status = shown(problems=(problem(visible=False),), programs=programs, trading_mode="unknown")
    found = Recorder("0.1.0", 60.0).take(status, 61.0)

    assert found is not None
    assert {span for span, _ in found.begun} == {RUN, WELL, Span("Paper", SpanKind.PROGRAM, "quantower")}


def test_a_farm_that_changes_ends_one_span_and_begins_another() -> None:
    farm = Farm("usfarm", FarmKind.MARKET_DATA, FarmStatus.OK)
    recorder = Recorder("0.1.0", 60.0)
    recorder.take(shown(farms=(farm,)), 61.0)
    found = recorder.take(shown(farms=(replace(farm, status=FarmStatus.BROKEN),)), 62.0)

    assert found is not None
    assert found.ended == (Span("Paper", SpanKind.FARM, "usfarm", "ok"),)
    assert found.begun == ((Span("Paper", SpanKind.FARM, "usfarm", "broken"), 62.0),)


def test_the_heartbeats_of_a_minute_are_kept_together() -> None:
    recorder = Recorder("0.1.0", 60.0)
    many = [recorder.take(shown(latency=took), wall) for took, wall in ((0.001, 60.0), (0.003, 70.0), (0.003, 71.0))]
    next_minute = recorder.take(shown(latency=0.002), 121.0)
    end = recorder.end(125.0)

    assert [found.latencies for found in many if found is not None] == [()]
    assert next_minute is not None
    assert next_minute.latencies == (LatencyMinute("Paper", 1, 0.003, 0.002, 2),)
    assert end.latencies == (LatencyMinute("Paper", 2, 0.002, 0.002, 1),)


def test_after_the_end_nothing_is_watched() -> None:
    recorder = Recorder("0.1.0", 60.0)
    recorder.take(shown(), 61.0)
    end = recorder.end(99.0)

    assert set(end.ended) == {RUN, WELL}
    assert end.ends == {WELL: NOT_WATCHED}
    assert end.at == 99.0


def test_a_warning_without_a_session_is_another_state() -> None:
    recorder = Recorder("0.1.0", 60.0)
    beside = recorder.take(shown(overall=IconState.WARNING), 61.0)
    without = recorder.take(shown(overall=IconState.WARNING, phase="idle"), 62.0)

    assert beside is not None
    assert without is not None
    assert Span("Paper", SpanKind.STATE, "warning") in dict(beside.begun)
    assert without.ended == (Span("Paper", SpanKind.STATE, "warning"),)
    assert dict(without.begun) == {Span("Paper", SpanKind.STATE, "warning", NOT_LINKED): 62.0}


def test_a_pause_of_notices_is_nothing_about_the_connection() -> None:
    recorder = Recorder("0.1.0", 60.0)
    recorder.take(shown(), 61.0)

    assert recorder.take(shown(overall=IconState.PAUSED), 62.0) is None


def test_a_problem_ends_for_the_reason_that_was_said() -> None:
    recorder = Recorder("0.1.0", 60.0)
    recorder.take(shown(problems=(problem(),)), 91.0)
    why = Mark(100.0, Happened(MarkKind.ENDED, "Paper", "app-frozen", "over"))
    found = recorder.take(shown(), 100.0, [why])

    assert found is not None
    assert found.ends == {Span("Paper", SpanKind.PROBLEM, "app-frozen", "error"): "over"}
    assert found.marks == (why,)
