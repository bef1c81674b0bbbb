"""What took the time, by cause: every problem has one, and what was not watched is not counted."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from agent.core.problem import Severity
from agent.history.causes import _CAUSE_OF, OutageCause, cause_of, causes
from agent.history.spans import NOT_LINKED, Kept, KeptSpan, Span, SpanKind
from agent.history.store import NOT_WATCHED
from agent.history.troubles import strip, troubles
from agent.problems import PROBLEMS

NAME = "Paper"


def state(what: str, began: float, ended: float | None, linked: str = "") -> KeptSpan:
    return KeptSpan(Span(NAME, SpanKind.STATE, what, linked), began, ended)


def problem(code: str, began: float, ended: float | None, severity: str = "error") -> KeptSpan:
    return KeptSpan(Span(NAME, SpanKind.PROBLEM, code, severity, f"Title of {code}"), began, ended)


def run(began: float, ended: float | None) -> KeptSpan:
    return KeptSpan(Span("", SpanKind.RUN, "0.1.0"), began, ended)


def told(since: float, until: float, *spans: KeptSpan) -> dict[OutageCause, tuple[float, int, float]]:
    first = min(s.began for s in spans if s.span.kind is SpanKind.STATE)
    kept = Kept(tuple(sorted(spans, key=lambda s: s.began)), began=min(s.began for s in spans), firsts={NAME: first})
    found = causes(kept, NAME, strip(kept, NAME, since, until), troubles(kept, NAME, since, until), since, until)
    return {one.cause: (one.seconds, one.count, one.longest) for one in found}


def test_an_outage_of_any_error_has_a_cause_of_its_own() -> None:
    """Those that are left are no fault of the connection."""
    left = {p.code for p in PROBLEMS if p.severity is Severity.ERROR and cause_of(p.code) is OutageCause.OTHER}

    assert left == {"competing-session"}
    assert cause_of("login-pending") is OutageCause.LOGIN
    assert cause_of("of-another-version") is OutageCause.OTHER


def test_every_cause_names_problems_that_there_are() -> None:
    assert set(_CAUSE_OF) <= {p.code for p in PROBLEMS}


def test_the_time_is_told_by_cause() -> None:
    found = told(
        0.0,
        1000.0,
        run(0.0, None),
        state("connected", 0.0, 100.0),
        state("problem", 100.0, 160.0),
        problem("app-not-running", 100.0, 160.0),
        state("warning", 160.0, 400.0, NOT_LINKED),
        problem("login-pending", 160.0, 400.0, "warning"),
        state("maintenance", 400.0, 450.0),
        state("problem", 450.0, 460.0),
        problem("app-frozen", 450.0, 460.0),
        state("connected", 460.0, None),
    )

    assert found == {
        OutageCause.LOGIN: (240.0, 1, 240.0),
        OutageCause.APPLICATION: (70.0, 2, 60.0),
        OutageCause.PLANNED: (50.0, 1, 50.0),
    }


def application(pid: int, began: float, ended: float | None, end: str = "") -> KeptSpan:
    return KeptSpan(Span(NAME, SpanKind.APPLICATION, "gateway", str(pid)), began, ended, end)


SATURDAY = datetime(2026, 11, 21, 0, 30, tzinfo=ZoneInfo("America/New_York")).timestamp()
TUESDAY = datetime(2026, 11, 24, 0, 30, tzinfo=ZoneInfo("America/New_York")).timestamp()


@pytest.mark.parametrize(
    ("at", "applications", "cause"),
    [
        (TUESDAY, [application(1, TUESDAY - 900, None)], OutageCause.RESET),
        (SATURDAY, [application(1, SATURDAY - 900, None)], OutageCause.WEEKEND),
        (
            TUESDAY,
            [application(1, TUESDAY - 900, TUESDAY - 4), application(2, TUESDAY + 30, None)],
            OutageCause.RESTART,
        ),
        # An application that cannot be seen, an earlier version of Gatelight, an agent that was killed.
        (TUESDAY, [], OutageCause.PLANNED),
        (TUESDAY, [application(1, TUESDAY - 900, TUESDAY - 300)], OutageCause.PLANNED),
        (TUESDAY, [application(1, TUESDAY - 900, TUESDAY - 4, NOT_WATCHED)], OutageCause.PLANNED),
    ],
)
def test_which_outage_was_planned_is_told_where_it_is_known(
    at: float, applications: list[KeptSpan], cause: OutageCause
) -> None:
    found = told(
        at - 900,
        at + 900,
        run(at - 900, None),
        state("connected", at - 900, at),
        state("maintenance", at, at + 40),
        state("connected", at + 40, None),
        *applications,
    )

    assert found == {cause: (40.0, 1, 40.0)}


def test_time_unwatched_is_parted_by_whether_gatelight_ran() -> None:
    found = told(
        0.0,
        1000.0,
        # Nothing is said of the time before the first thing that was kept.
        run(100.0, 300.0),
        state("connected", 100.0, 200.0),
        run(500.0, None),
        state("connected", 500.0, None),
    )

    assert found == {OutageCause.NOT_RUNNING: (200.0, 1, 200.0), OutageCause.NOT_WATCHED: (100.0, 1, 100.0)}


def test_the_time_before_there_was_such_a_connection_is_not_called_unwatched() -> None:
    """As on the first day, on which Gatelight waits until an application is found."""
    assert told(0.0, 1000.0, run(0.0, None), state("connected", 900.0, None)) == {}


def test_the_time_after_a_connection_was_renamed_or_removed_is_not_called_unwatched() -> None:
    """As the set-up does when it gives a name to the connection that was found."""
    assert told(0.0, 1000.0, run(0.0, 800.0), state("connected", 0.0, 100.0), run(900.0, None)) == {}
    ended_with_gatelight = told(0.0, 1000.0, run(0.0, 800.0), state("connected", 0.0, 800.0))
    assert ended_with_gatelight == {OutageCause.NOT_RUNNING: (200.0, 1, 200.0)}


def test_an_outage_counts_only_inside_the_time_that_is_asked_for() -> None:
    spans = (run(0.0, None), state("problem", 0.0, None), problem("network-down", 0.0, None))

    assert told(400.0, 1000.0, *spans) == {OutageCause.NETWORK: (600.0, 1, 600.0)}


def test_the_problems_that_took_most_are_named() -> None:
    kept = Kept(
        (
            run(0.0, None),
            state("problem", 0.0, 10.0),
            problem("app-frozen", 0.0, 10.0),
            state("connected", 10.0, 20.0),
            state("problem", 20.0, 100.0),
            problem("app-not-running", 20.0, 100.0),
            state("connected", 100.0, None),
        ),
        began=0.0,
    )
    (one,) = causes(kept, NAME, strip(kept, NAME, 0.0, 200.0), troubles(kept, NAME, 0.0, 200.0), 0.0, 200.0)

    assert one.titles == ("Title of app-not-running", "Title of app-frozen")
