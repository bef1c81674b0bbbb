"""The week that comes, in the user's own zone, also over the clock changes of three zones."""

import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tws.calendar import OutageKind, expect, outages_between
from agent.tws.coming import DAYS_AHEAD, Coming, ComingKind, DailyEnd, KnownFrom, day_after, what_comes
from agent.tws.reset_windows import Region
from agent.tws.time_zone import TimeZone

NEW_YORK, BERLIN, SYDNEY, HONG_KONG = "America/New_York", "Europe/Berlin", "Australia/Sydney", "Asia/Hong_Kong"
ZONES = (NEW_YORK, BERLIN, SYDNEY, HONG_KONG)
NIGHTLY = DailyEnd(23 * 60 + 45, restarts=True, known_from=KnownFrom.API)


def in_zone(zone: str) -> Callable[[date, int], float]:
    return lambda day, minutes: datetime.combine(day, time(minutes // 60, minutes % 60), ZoneInfo(zone)).timestamp()


def at(zone: str, text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def comes(zone: str, now: str, *, region: Region | None = None, daily: DailyEnd | None = None) -> tuple[Coming, ...]:
    moment = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(zone))
    return what_comes(moment.timestamp(), moment.date(), in_zone(zone), region=region, daily=daily)


def shown(zone: str, coming: tuple[Coming, ...], kind: ComingKind) -> list[str]:
    """When the entries of a kind begin, as a clock of the zone shows it."""
    return [f"{datetime.fromtimestamp(one.begins, ZoneInfo(zone)):%a %d %H:%M}" for one in coming if one.kind is kind]


# ── the restart goes by the user's clock ────────────────────────────────────────────────────────


def test_the_next_expected_outage_has_the_times_that_the_week_has() -> None:
    """Now, on the page, tells the one; History tells the other."""
    now = at("UTC", "2026-11-18T20:00")
    alone = expect(now, region=Region.EUROPE, restart_time=NIGHTLY.minutes, zone=TimeZone(), allowance=300.0)

    (first, *_) = comes("UTC", "2026-11-18T20:00", region=Region.EUROPE, daily=NIGHTLY)

    assert alone.next_outage is not None
    assert (first.kind, first.begins, first.ends) == (
        ComingKind.RESTART,
        alone.next_outage.began,
        alone.next_outage.ends,
    )


@pytest.mark.parametrize(
    ("zone", "now", "hours"),
    [
        # The clocks go back, and forward, in the week that comes: a day of it has 25 or 23 hours.
        (NEW_YORK, "2026-10-29T12:00", 25),
        (NEW_YORK, "2026-03-05T12:00", 23),
        (BERLIN, "2026-10-22T12:00", 25),
        (BERLIN, "2026-03-26T12:00", 23),
        (SYDNEY, "2026-04-02T12:00", 25),
        (SYDNEY, "2026-10-01T12:00", 23),
    ],
)
def test_a_restart_is_at_the_same_time_of_the_clock_on_every_day(zone: str, now: str, hours: int) -> None:
    coming = [one for one in comes(zone, now, daily=NIGHTLY) if one.kind is ComingKind.RESTART]
    clocks = {f"{datetime.fromtimestamp(one.begins, ZoneInfo(zone)):%H:%M}" for one in coming}
    apart = {round((b.begins - a.begins) / 3600) for a, b in itertools.pairwise(coming)}

    assert len(coming) == DAYS_AHEAD + 1
    assert clocks == {"23:45"}
    assert apart == {24, hours}


def test_a_log_off_is_a_moment_and_a_restart_ends() -> None:
    log_off = DailyEnd(23 * 60 + 45, restarts=False, known_from=KnownFrom.API)
    ends = {
        (one.kind, None if one.ends is None else one.ends - one.begins)
        for daily in (NIGHTLY, log_off)
        for one in comes(BERLIN, "2026-11-18T12:00", daily=daily)
        if one.kind in (ComingKind.RESTART, ComingKind.LOG_OFF)
    }

    assert ends == {(ComingKind.RESTART, 300.0), (ComingKind.LOG_OFF, None)}


def test_a_restart_that_is_under_way_is_told_and_one_that_is_over_is_not() -> None:
    under_way, over = (comes(BERLIN, f"2026-11-18T23:{minute}", daily=NIGHTLY) for minute in (48, 51))

    assert shown(BERLIN, under_way, ComingKind.RESTART)[0] == "Wed 18 23:45"
    assert shown(BERLIN, over, ComingKind.RESTART)[0] == "Thu 19 23:45"


def test_after_midnight_a_restart_of_yesterday_may_still_be_under_way() -> None:
    late = DailyEnd(23 * 60 + 58, restarts=True, known_from=KnownFrom.FILE)

    assert shown(BERLIN, comes(BERLIN, "2026-11-18T00:01", daily=late), ComingKind.RESTART)[0] == "Tue 17 23:58"


# ── resets go by the clock of their servers ─────────────────────────────────────────────────────


def test_europes_reset_seen_from_new_york_moves_by_an_hour_between_the_two_clock_changes() -> None:
    """Europe puts its clocks back on 25 October 2026, New York on 1 November."""
    coming = comes(NEW_YORK, "2026-10-22T12:00", region=Region.EUROPE)

    assert shown(NEW_YORK, coming, ComingKind.RESET) == [
        "Thu 22 23:30", "Sun 25 00:30", "Mon 26 00:30", "Tue 27 00:30", "Wed 28 00:30", "Thu 29 00:30",
    ]  # fmt: skip


def test_americas_reset_seen_from_berlin_moves_as_well() -> None:
    coming = comes(BERLIN, "2026-10-22T12:00", region=Region.AMERICA)

    assert shown(BERLIN, coming, ComingKind.RESET) == [
        # That of Saturday is inside the weekend window; the clocks go back before that of Sunday.
        "Fri 23 05:30", "Sun 25 04:30", "Mon 26 04:30", "Tue 27 04:30", "Wed 28 04:30", "Thu 29 04:30",
    ]  # fmt: skip


def test_in_hong_kong_nothing_moves_for_its_own_windows() -> None:
    coming = comes(HONG_KONG, "2026-10-29T12:00", region=Region.ASIA)
    evening = [one for one in shown(HONG_KONG, coming, ComingKind.RESET) if one.endswith("20:00")]

    assert len(evening) == DAYS_AHEAD + 1


@pytest.mark.parametrize("zone", ZONES)
def test_the_weekly_log_in_is_told_once_or_on_both_ends_of_the_week(zone: str) -> None:
    coming = [one for one in comes(zone, "2026-10-28T12:00") if one.kind is ComingKind.LOGIN]

    assert [(one.begins, one.ends) for one in coming] == [(at(NEW_YORK, "2026-11-01T01:00"), None)]


def test_an_unknown_region_has_the_resets_of_each_with_its_name() -> None:
    coming = comes(BERLIN, "2026-11-18T12:00")

    assert {one.region for one in coming if one.kind is ComingKind.RESET} == set(Region)
    assert len([one for one in coming if one.kind is ComingKind.WEEKEND]) == 1


def test_a_reset_inside_the_weekend_window_is_not_told_twice() -> None:
    coming = comes(NEW_YORK, "2026-11-20T12:00", region=Region.AMERICA)
    weekend = next(one for one in coming if one.kind is ComingKind.WEEKEND)

    assert shown(NEW_YORK, coming, ComingKind.RESET)[0] == "Sat 21 23:30"
    assert shown(NEW_YORK, (weekend,), ComingKind.WEEKEND) == ["Fri 20 22:45"]


# ── at any time ─────────────────────────────────────────────────────────────────────────────────


@given(
    st.floats(1_600_000_000, 2_100_000_000),
    st.sampled_from(ZONES),
    st.sampled_from([None, *Region]),
    st.none() | st.builds(DailyEnd, st.integers(0, 1439), st.booleans(), st.just(KnownFrom.FILE)),
)
def test_all_that_is_told_lies_ahead_in_order(
    now: float, zone: str, region: Region | None, daily: DailyEnd | None
) -> None:
    today = datetime.fromtimestamp(now, ZoneInfo(zone)).date()
    local = in_zone(zone)
    coming = what_comes(now, today, local, region=region, daily=daily)
    until = local(day_after(today, DAYS_AHEAD + 1), 0)

    assert list(coming) == sorted(coming, key=lambda one: one.begins)
    assert all((one.begins if one.ends is None else one.ends) > now and one.begins < until for one in coming)
    assert 1 <= sum(one.kind is ComingKind.LOGIN for one in coming) <= 2
    assert region is None or {one.region for one in coming if one.kind is ComingKind.RESET} == {region}


@given(st.floats(1_600_000_000, 2_100_000_000), st.sampled_from(list(Region)))
def test_the_agent_judges_by_the_windows_that_are_told(now: float, region: Region) -> None:
    today = datetime.fromtimestamp(now, UTC).date()
    coming = what_comes(now, today, in_zone("UTC"), region=region, daily=None)
    windows = {(o.kind, o.began, o.ends) for o in outages_between(now, now + 8 * 86_400, region)}
    told = {(OutageKind(one.kind.value), one.begins, one.ends) for one in coming if one.kind is not ComingKind.LOGIN}

    assert told <= windows
