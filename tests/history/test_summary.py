"""The weekly summary says what was watched, and nothing about what was not."""

from agent.core.shown.display import TEXT_LIMIT, TITLE_LIMIT, OpenPage
from agent.history.reading import HistoryRead
from agent.history.spans import Kept, KeptSpan, Span, SpanKind
from agent.history.summary import week_notice

DAY, HOUR = 86_400.0, 3600.0
MIDNIGHTS = tuple(n * DAY for n in range(8))


def state(what: str, began: float, ended: float | None, name: str = "Paper") -> KeptSpan:
    return KeptSpan(Span(name, SpanKind.STATE, what), began, ended)


def problem(code: str, title: str, began: float, ended: float | None, name: str = "Paper") -> KeptSpan:
    return KeptSpan(Span(name, SpanKind.PROBLEM, code, "error", title), began, ended)


def run(began: float, ended: float | None) -> KeptSpan:
    return KeptSpan(Span("", SpanKind.RUN, "0.1.0"), began, ended)


def week(*spans: KeptSpan) -> HistoryRead:
    ordered = tuple(sorted(spans, key=lambda s: s.began))
    firsts = {s.span.connection: s.began for s in reversed(ordered) if s.span.kind is SpanKind.STATE}
    kept = Kept(ordered, began=ordered[0].began if ordered else None, firsts=firsts)
    return HistoryRead(kept, MIDNIGHTS, 7 * DAY - 1, 15 * DAY)


def test_it_tells_uptime_the_longest_outage_and_what_was_not_watched() -> None:
    notice = week_notice(
        week(
            run(0.0, 4 * DAY),
            state("connected", 0.0, DAY),
            state("problem", DAY, DAY + HOUR),
            problem("app-not-running", "IB Gateway does not run", DAY, DAY + HOUR),
            state("connected", DAY + HOUR, 3 * DAY),
            state("problem", 3 * DAY, 3 * DAY + 600),
            problem("app-frozen", "IB Gateway does not answer", 3 * DAY, 3 * DAY + 600),
            state("connected", 3 * DAY + 600, 4 * DAY),
            run(6 * DAY, None),
            state("connected", 6 * DAY, None),
        )
    )

    assert notice is not None
    assert notice.title == "Your week: 99.03 % well"
    assert notice.text == "Paper: 99.03 % well, longest outage 1 h (IB Gateway does not run), 2 days not watched."
    assert [entry.action for entry in notice.offers] == [OpenPage("history")]


def test_a_week_without_an_outage_says_so_by_its_share() -> None:
    notice = week_notice(week(run(0.0, None), state("connected", 0.0, None)))

    assert notice is not None
    assert notice.text == "Paper: 100 % well."


def test_the_days_before_gatelight_came_are_no_time_unwatched() -> None:
    notice = week_notice(week(run(5 * DAY, None), state("connected", 5 * DAY, None)))

    assert notice is not None
    assert notice.text == "Paper: 100 % well."


def test_of_an_outage_that_began_before_only_what_lies_in_the_week_is_told() -> None:
    notice = week_notice(
        week(
            run(-DAY, None),
            state("problem", -DAY, DAY),
            problem("network-down", "No network", -DAY, DAY),
            state("connected", DAY, None),
        )
    )

    assert notice is not None
    assert "longest outage 24 h (No network)" in notice.text


def test_of_a_week_that_was_not_watched_nothing_is_said() -> None:
    assert week_notice(week()) is None
    assert week_notice(week(run(0.0, None), state("waiting", 0.0, None))) is None
    assert week_notice(week(state("connected", -3 * DAY, -2 * DAY))) is None


def test_a_connection_that_was_not_watched_is_left_out_and_the_worst_comes_first() -> None:
    notice = week_notice(
        week(
            run(0.0, None),
            state("connected", 0.0, None, "Well"),
            state("waiting", 0.0, None, "Idle"),
            state("problem", 0.0, DAY, "Ill"),
            state("connected", DAY, None, "Ill"),
        )
    )

    assert notice is not None
    assert notice.title == "Your week on 2 connections"
    assert notice.text == "Ill: 85.71 % well, longest outage 24 h. Well: 100 % well."


def test_it_fits_into_a_notice_however_many_there_are() -> None:
    many = [state("connected", 0.0, None, f"{'Long ' * 7}{number}") for number in range(30)]
    notice = week_notice(week(run(0.0, None), *many))

    assert notice is not None
    assert len(notice.title) <= TITLE_LIMIT
    assert len(notice.text) <= TEXT_LIMIT
