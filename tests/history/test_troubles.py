"""How a time was, told from what was kept of it."""

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent.history.spans import NOT_LINKED, Kept, KeptSpan, Span, SpanKind
from agent.history.troubles import Light, Piece, Trouble, connections, days, strip, troubles


def state(what: str, began: float, ended: float | None, connection: str = "Paper") -> KeptSpan:
    return KeptSpan(Span(connection, SpanKind.STATE, what), began, ended)


def problem(code: str, began: float, ended: float | None, *, severity: str = "error", end: str = "over") -> KeptSpan:
    return KeptSpan(Span("Paper", SpanKind.PROBLEM, code, severity, f"Title of {code}"), began, ended, end)


def program(name: str, began: float, ended: float | None) -> KeptSpan:
    return KeptSpan(Span("Paper", SpanKind.PROGRAM, name), began, ended)


def kept(*spans: KeptSpan) -> Kept:
    return Kept(tuple(spans), began=min((s.began for s in spans), default=None))


def test_a_strip_has_no_gap() -> None:
    told = kept(state("connected", 100.0, 200.0), state("problem", 250.0, 300.0), state("connected", 300.0, None))

    assert strip(told, "Paper", 50.0, 400.0) == (
        Piece(Light.NOT_WATCHED, 50.0, 100.0),
        Piece(Light.WELL, 100.0, 200.0),
        Piece(Light.NOT_WATCHED, 200.0, 250.0),
        Piece(Light.PROBLEM, 250.0, 300.0),
        Piece(Light.WELL, 300.0, 400.0),
    )


def test_what_is_not_watched_is_never_well() -> None:
    assert strip(kept(), "Paper", 0.0, 100.0) == (Piece(Light.NOT_WATCHED, 0.0, 100.0),)


def test_a_state_of_another_version_is_not_known() -> None:
    assert strip(kept(state("dancing", 0.0, None)), "Paper", 0.0, 9.0) == (Piece(Light.UNKNOWN, 0.0, 9.0),)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["connected", "problem", "warning", "waiting", "?"]),
            st.floats(0, 1000),
            st.none() | st.floats(0, 1000),
        ),
        max_size=12,
    )
)
def test_every_second_is_told_once_whatever_was_kept(some: list[Any]) -> None:
    spans = sorted(
        (state(what, began, None if ended is None else max(began, ended)) for what, began, ended in some),
        key=lambda s: s.began,
    )
    told = strip(Kept(tuple(spans)), "Paper", 100.0, 900.0)

    assert told[0].began == 100.0
    assert told[-1].ended == 900.0
    assert all(one.ended == other.began for one, other in itertools.pairwise(told))
    assert all(one.light is not other.light for one, other in itertools.pairwise(told))


def test_a_day_counts_what_belongs_to_it() -> None:
    pieces = (Piece(Light.WELL, 0.0, 150.0), Piece(Light.PROBLEM, 150.0, 200.0), Piece(Light.EXPECTED, 200.0, 300.0))
    first, second = days(pieces, (0.0, 100.0, 300.0))

    assert first.seconds == {Light.WELL: 100.0}
    assert first.well == 1.0
    assert second.seconds == {Light.WELL: 50.0, Light.PROBLEM: 50.0, Light.EXPECTED: 100.0}
    assert second.well == 0.5


def test_a_day_that_says_nothing_has_no_share() -> None:
    pieces = (Piece(Light.NOT_WATCHED, 0.0, 60.0), Piece(Light.IDLE, 60.0, 99.6), Piece(Light.WELL, 99.6, 100.0))
    nothing, moment = days((*pieces[:2], Piece(Light.IDLE, 99.6, 100.0)), (0.0, 100.0)), days(pieces, (0.0, 100.0))

    assert nothing[0].well is None
    # What was well for no whole second is not told, and is no 100 %.
    assert moment[0].well is None


def test_a_warning_is_well_only_beside_a_session() -> None:
    told = kept(
        state("warning", 0.0, 100.0), KeptSpan(Span("Paper", SpanKind.STATE, "warning", NOT_LINKED), 100.0, 400.0)
    )
    (day,) = days(strip(told, "Paper", 0.0, 400.0), (0.0, 400.0))

    assert day.seconds == {Light.WARNING: 100.0, Light.NOT_REACHED: 300.0}
    assert day.well == 0.25


def test_an_outage_has_the_cause_that_lasted_longest_and_who_was_there() -> None:
    told = kept(
        program("quantower", 0.0, 195.0),
        program("old bot", 0.0, 50.0),
        state("connected", 0.0, 200.0),
        problem("api-silent", 198.0, 230.0, end="another problem came in its place"),
        state("problem", 200.0, 500.0),
        problem("app-frozen", 230.0, 500.0),
        problem("data-lost", 200.0, 500.0, severity="warning"),
        state("connected", 500.0, None),
    )

    assert troubles(told, "Paper", 0.0, 1000.0) == (
        Trouble(200.0, 500.0, "app-frozen", "Title of app-frozen", ("quantower",), "over"),
    )


def test_an_outage_began_with_its_problem_and_may_last() -> None:
    told = kept(state("connected", 0.0, 200.0), problem("app-frozen", 190.0, None), state("problem", 200.0, None))
    (one,) = troubles(told, "Paper", 0.0, 1000.0)

    assert (one.began, one.ended, one.seconds(1000.0)) == (190.0, None, 810.0)


def test_a_program_that_was_seen_first_with_the_problem_was_there() -> None:
    (one,) = troubles(kept(program("bot", 200.0, None), state("problem", 200.0, None)), "Paper", 0.0, 300.0)

    assert one.programs == ("bot",)


def test_waiting_for_a_log_in_is_an_outage_with_its_own_cause() -> None:
    told = kept(
        state("connected", 0.0, 100.0),
        problem("app-not-running", 100.0, 130.0),
        state("problem", 100.0, 130.0),
        KeptSpan(Span("Paper", SpanKind.STATE, "warning", NOT_LINKED), 130.0, 900.0),
        problem("login-pending", 130.0, 900.0, severity="warning"),
        # Beside a session, a warning is none.
        state("warning", 900.0, 950.0),
        problem("data-lost", 900.0, 950.0, severity="warning"),
        state("connected", 950.0, None),
    )

    assert [(one.code, one.began, one.ended) for one in troubles(told, "Paper", 0.0, 1000.0)] == [
        ("app-not-running", 100.0, 130.0),
        ("login-pending", 130.0, 900.0),
    ]


def test_waiting_for_a_log_in_may_last() -> None:
    waiting = KeptSpan(Span("Paper", SpanKind.STATE, "warning", NOT_LINKED), 130.0, None)
    (one,) = troubles(kept(waiting, problem("login-pending", 130.0, None, severity="warning")), "Paper", 0.0, 1000.0)

    assert (one.code, one.ended) == ("login-pending", None)


def test_an_outage_that_was_not_watched_to_its_end_ends_there() -> None:
    told = kept(state("problem", 200.0, 300.0))
    (one,) = troubles(told, "Paper", 0.0, 1000.0)

    assert (one.began, one.ended, one.code) == (200.0, 300.0, "")


def test_an_outage_of_before_is_told_whole() -> None:
    told = kept(state("problem", 200.0, 600.0), problem("app-frozen", 200.0, 600.0), state("connected", 600.0, None))

    assert [one.began for one in troubles(told, "Paper", 500.0, 1000.0)] == [200.0]
    assert troubles(told, "Paper", 700.0, 1000.0) == ()


def test_a_connection_that_was_only_idle_gives_way_to_those_that_were_more() -> None:
    some = kept(state("waiting", 0.0, 1.0, "TWS or IB Gateway"), state("connected", 1.0, None, "IB Gateway"))

    assert connections(some) == ("IB Gateway",)
    assert connections(kept(state("waiting", 0.0, 1.0))) == ("Paper",)
