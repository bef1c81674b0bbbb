"""What comes, from what was kept: learnt only where days show it, and never for what is not watched any more."""

import itertools
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.history.ahead import Ahead, ahead, learnt_end
from agent.history.spans import Kept, KeptSpan, Span, SpanKind, daily_of, daily_span
from agent.history.store import NOT_WATCHED
from agent.tws.coming import ComingKind, DailyEnd, KnownFrom
from agent.tws.reset_windows import Region

BERLIN, NEW_YORK, SYDNEY = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Sydney")
NAME = "Paper"
NOON = datetime(2026, 11, 20, 12, tzinfo=BERLIN)
BEGAN = (NOON - timedelta(days=9)).timestamp()


def clock(zone: ZoneInfo) -> Callable[[date, int], float]:
    return lambda day, minutes: datetime.combine(day, time(minutes // 60, minutes % 60), zone).timestamp()


def life(now: datetime, ends: Sequence[datetime], *, back: float = 40.0, end: str = "") -> tuple[KeptSpan, ...]:
    """The processes of an application that ended at these times and was back after `back` seconds each."""
    began, found = (now - timedelta(days=9)).timestamp(), []
    for number, one in enumerate(sorted(ends)):
        found.append(KeptSpan(application(number), began, one.timestamp(), end))
        began = one.timestamp() + back
    return (*found, KeptSpan(application(len(ends)), began, None))


def application(pid: int) -> Span:
    return Span(NAME, SpanKind.APPLICATION, "gateway", str(pid))


def nights(now: datetime, days: Sequence[int], hour: int = 23, minute: int = 45, second: int = 20) -> list[datetime]:
    """That time of the clock, so many days ago each."""
    return [datetime.combine(now.date() - timedelta(days=n), time(hour, minute, second), now.tzinfo) for n in days]


def learnt(now: datetime, spans: tuple[KeptSpan, ...]) -> DailyEnd | None:
    assert isinstance(now.tzinfo, ZoneInfo)
    return learnt_end(spans, now.timestamp(), now.date(), clock(now.tzinfo))


# ── learnt ──────────────────────────────────────────────────────────────────────────────────────


def test_a_restart_of_most_nights_is_learnt_with_the_days_that_show_it() -> None:
    assert learnt(NOON, life(NOON, nights(NOON, [1, 2, 3, 5, 6]))) == DailyEnd(
        23 * 60 + 45, restarts=True, known_from=KnownFrom.LEARNT, seen=(5, 7)
    )


@pytest.mark.parametrize(
    ("zone", "today"),
    [
        (BERLIN, (2026, 10, 27)),
        (BERLIN, (2026, 3, 31)),
        (NEW_YORK, (2026, 11, 3)),
        (NEW_YORK, (2026, 3, 10)),
        (SYDNEY, (2026, 4, 7)),
        (SYDNEY, (2026, 10, 6)),
    ],
)
def test_it_is_the_time_of_the_clock_also_where_the_clocks_were_changed(
    zone: ZoneInfo, today: tuple[int, int, int]
) -> None:
    now = datetime(*today, 12, tzinfo=zone)
    found = learnt(now, life(now, nights(now, range(1, 8))))

    assert found is not None
    assert (found.minutes, found.seen) == (23 * 60 + 45, (7, 7))


@pytest.mark.parametrize(
    ("what", "ends"),
    [
        ("two nights are chance", nights(NOON, [1, 2])),
        ("not on most nights", nights(NOON, [1, 3, 5])),
        ("not on the latest night", nights(NOON, [2, 3, 4, 5, 6])),
        ("each night at another time", [t for n in range(1, 7) for t in nights(NOON, [n], hour=n * 3)]),
        ("never", []),
    ],
)
def test_what_the_days_do_not_show_is_not_learnt(what: str, ends: list[datetime]) -> None:
    assert learnt(NOON, life(NOON, ends)) is None, what


def test_an_application_that_stays_away_was_not_restarted() -> None:
    assert learnt(NOON, life(NOON, nights(NOON, range(1, 8)), back=3600.0)) is None


def test_a_process_that_was_out_of_sight_for_a_moment_was_not_restarted() -> None:
    same = application(7)
    ends = [one.timestamp() for one in nights(NOON, range(7, 0, -1))]
    spans = [KeptSpan(same, began, end) for began, end in itertools.pairwise([BEGAN, *ends])]

    assert learnt(NOON, (*spans, KeptSpan(same, ends[-1], None))) is None


def test_an_agent_that_was_killed_every_night_saw_no_restart() -> None:
    assert learnt(NOON, life(NOON, nights(NOON, range(1, 8)), end=NOT_WATCHED)) is None


def test_nights_without_the_agent_count_neither_way() -> None:
    seen = nights(NOON, [1, 2, 3])
    three_days = (NOON - timedelta(days=3, hours=11)).timestamp()
    spans = tuple(s for s in life(NOON, seen) if s.ended is None or s.ended > three_days)
    spans = (KeptSpan(spans[0].span, three_days, spans[0].ended), *spans[1:])
    found = learnt(NOON, spans)

    assert found is not None
    assert found.seen == (3, 3)


def test_a_restart_whose_time_was_changed_is_learnt_anew_once_most_nights_show_it() -> None:
    found = learnt(NOON, life(NOON, [*nights(NOON, [5, 6, 7]), *nights(NOON, [0, 1, 2, 3], hour=4, minute=10)]))

    assert found is not None
    assert found.minutes == 4 * 60 + 10


# ── what is told ────────────────────────────────────────────────────────────────────────────────

RUN = KeptSpan(Span("", SpanKind.RUN, "0.1.0"), BEGAN, None)
STATE = KeptSpan(Span(NAME, SpanKind.STATE, "connected"), BEGAN, None)
EUROPE = KeptSpan(Span(NAME, SpanKind.REGION, "europe", KnownFrom.FILE), BEGAN, None)
TOLD = DailyEnd(23 * 60 + 30, restarts=True, known_from=KnownFrom.API)


def told(*spans: KeptSpan, heard: float = NOON.timestamp()) -> Ahead | None:
    kept = Kept((RUN, STATE, *spans), began=BEGAN, heard=heard)
    return ahead(kept, NAME, NOON.timestamp(), NOON.date(), clock(BERLIN))


def daily(end: DailyEnd, *, own_clock: bool = False, ended: float | None = None) -> KeptSpan:
    return KeptSpan(daily_span(NAME, end, own_clock=own_clock), BEGAN, ended)


def test_a_known_region_has_its_resets_alone_and_no_other_is_claimed() -> None:
    one = told(EUROPE)

    assert one is not None
    assert (one.region, one.as_of) == (Region.EUROPE, None)
    assert {c.region for c in one.coming if c.kind is ComingKind.RESET} == {Region.EUROPE}
    assert "European servers" in one.notes[0]


def test_without_a_region_every_one_is_listed_and_it_is_said_that_it_is_not_known() -> None:
    one = told()

    assert one is not None
    assert one.region is None
    assert "is not known" in one.notes[0]
    assert "is not known" in one.notes[1]
    assert ComingKind.RESTART not in {c.kind for c in one.coming}


def test_what_the_application_told_counts_more_than_what_was_learnt() -> None:
    one = told(daily(TOLD), *life(NOON, nights(NOON, range(1, 8))))

    assert one is not None
    assert one.daily == TOLD


def test_what_was_learnt_says_so() -> None:
    one = told(*life(NOON, nights(NOON, range(1, 8))))

    assert one is not None
    assert one.daily is not None
    assert one.daily.known_from is KnownFrom.LEARNT
    assert "learnt from the last 7 days" in one.notes[1]


def test_a_restart_by_another_clock_is_said_and_not_listed() -> None:
    one = told(daily(TOLD, own_clock=True))

    assert one is not None
    assert (one.daily, one.elsewhere) == (None, TOLD)
    assert ComingKind.RESTART not in {c.kind for c in one.coming}
    assert "by its own clock" in one.notes[1]


def test_an_agent_that_was_killed_knows_nothing_newer_than_its_last_word() -> None:
    heard = NOON.timestamp() - 2 * 86_400
    one = told(EUROPE, *life(NOON, nights(NOON, range(3, 8))), heard=heard)

    assert one is not None
    assert one.as_of == heard
    # The nights since then are none that say anything.
    assert one.daily is not None
    assert one.daily.seen == (5, 5)


def test_what_ended_with_the_agent_is_told_as_of_then() -> None:
    ended = NOON.timestamp() - 3600
    spans = tuple(
        KeptSpan(one.span, one.began, ended, NOT_WATCHED if one is not RUN else "") for one in (RUN, STATE, EUROPE)
    )
    one = ahead(Kept(spans, began=BEGAN, heard=ended), NAME, NOON.timestamp(), NOON.date(), clock(BERLIN))

    assert one is not None
    assert (one.region, one.as_of) == (Region.EUROPE, ended)


def test_what_the_agent_saw_end_is_not_known_any_more() -> None:
    """A live account took the place of a paper one: nothing tells whose servers it is on."""
    paper = KeptSpan(Span(NAME, SpanKind.REGION, "america", KnownFrom.PAPER), BEGAN, NOON.timestamp() - 3600)
    one = told(paper, daily(TOLD, ended=NOON.timestamp() - 3600))

    assert one is not None
    assert (one.region, one.daily, one.as_of) == (None, None, None)


@pytest.mark.parametrize("apart", [30.0, 3600.0, 4 * 3600.0])
def test_an_application_that_crashes_all_day_restarts_at_no_time(apart: float) -> None:
    began = NOON.timestamp() - 7 * 86_400
    times = [began + n * apart for n in range(int(7 * 86_400 / apart))]

    assert learnt(NOON, tuple(KeptSpan(application(n), at, at + apart - 5) for n, at in enumerate(times))) is None


def test_some_restarts_by_hand_are_no_matter() -> None:
    by_hand = [NOON - timedelta(days=n, hours=n) for n in range(1, 7)]
    found = learnt(NOON, life(NOON, [*nights(NOON, range(1, 8)), *by_hand]))

    assert found is not None
    assert (found.minutes, found.seen) == (23 * 60 + 45, (7, 7))


def test_nothing_comes_for_a_connection_that_is_not_watched_any_more() -> None:
    gone = KeptSpan(Span("Old", SpanKind.STATE, "connected"), BEGAN, BEGAN + 3600)
    kept = Kept((RUN, STATE, gone), began=BEGAN, heard=NOON.timestamp())

    assert ahead(kept, "Old", NOON.timestamp(), NOON.date(), clock(BERLIN)) is None
    assert ahead(kept, "Never", NOON.timestamp(), NOON.date(), clock(BERLIN)) is None


# ── kept and read back ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("own_clock", [True, False])
@pytest.mark.parametrize("restarts", [True, False])
def test_a_daily_end_is_read_back(restarts: bool, own_clock: bool) -> None:
    one = DailyEnd(1425, restarts=restarts, known_from=KnownFrom.FILE)

    assert daily_of(daily_span(NAME, one, own_clock=own_clock)) == (one, own_clock)


@pytest.mark.parametrize(
    ("what", "state"), [("restart", "1440 learnt"), ("restart", "x learnt"), ("dance", "9 learnt"), ("restart", "9 ?")]
)
def test_a_daily_end_of_another_version_is_none(what: str, state: str) -> None:
    assert daily_of(Span(NAME, SpanKind.DAILY_END, what, state)) is None
