"""When IB's servers and the applications are expected to be away."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tws.calendar import Expectation, Outage, OutageKind, expect, next_login
from agent.tws.reset_windows import HONG_KONG, NEW_YORK, ZURICH, Region
from agent.tws.time_zone import TimeZone
from tests.time_zones import CLOCKS_CHANGE, zone_of

MINUTE = 60.0


def at(zone: str, text: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def look(now: float, region: Region | None = None, restart: int | None = None, offset: float = 0.0) -> Expectation:
    return expect(now, region=region, restart_time=restart, zone=TimeZone(offset), allowance=300.0)


# ── reset windows ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("region", "zone", "begins", "ends"),
    [
        (Region.AMERICA, NEW_YORK, "2026-11-17T23:30", "2026-11-18T02:00"),
        (Region.AMERICA, NEW_YORK, "2026-07-14T23:30", "2026-07-15T02:00"),
        (Region.EUROPE, ZURICH, "2026-11-18T05:30", "2026-11-18T08:00"),
        (Region.EUROPE, ZURICH, "2026-07-15T05:30", "2026-07-15T08:00"),
        (Region.ASIA, HONG_KONG, "2026-11-18T20:00", "2026-11-18T21:30"),
        # 04:45 to 06:05 Hong Kong joined with 16:30 to 17:45 New York, one hour apart in summer and winter.
        (Region.ASIA, HONG_KONG, "2026-11-18T04:30", "2026-11-18T07:00"),
        (Region.ASIA, HONG_KONG, "2026-07-15T04:15", "2026-07-15T06:20"),
    ],
)
def test_a_reset_window_is_the_union_of_both_pages_with_padding(
    region: Region, zone: str, begins: str, ends: str
) -> None:
    began, ended = at(zone, begins), at(zone, ends)
    expected = Outage(OutageKind.RESET, began, ended, region)

    assert look(began - 1, region).outage is None
    assert look(began, region).outage == expected
    assert look(ended - 1, region).outage == expected
    assert look(ended, region).outage is None


def test_a_known_region_ignores_the_windows_of_the_others() -> None:
    during_europe = at(ZURICH, "2026-11-18T07:00")

    assert look(during_europe, Region.AMERICA).outage != look(during_europe, Region.EUROPE).outage
    assert look(at(ZURICH, "2026-11-18T08:01"), Region.AMERICA).outage is None
    assert look(at(HONG_KONG, "2026-11-18T20:30"), Region.EUROPE).outage is None


@pytest.mark.parametrize(
    ("zone", "moment"),
    [(NEW_YORK, "2026-11-18T00:30"), (ZURICH, "2026-11-18T07:50"), (HONG_KONG, "2026-11-18T20:30")],
)
def test_an_unknown_region_expects_the_resets_of_all_of_them(zone: str, moment: str) -> None:
    outage = look(at(zone, moment), None).outage

    assert outage is not None
    assert (outage.kind, outage.region) == (OutageKind.RESET, None)


def test_overlapping_windows_of_an_unknown_region_are_one_outage() -> None:
    outage = look(at(NEW_YORK, "2026-11-18T00:00"), None).outage

    assert outage == Outage(OutageKind.RESET, at(NEW_YORK, "2026-11-17T23:30"), at(NEW_YORK, "2026-11-18T02:00"), None)


@pytest.mark.parametrize("day", ["2026-11-15", "2026-11-16", "2026-11-20", "2026-11-21"])
def test_resets_happen_on_every_day_of_the_week(day: str) -> None:
    assert look(at(ZURICH, f"{day}T06:30"), Region.EUROPE).outage is not None


# ── clock changes ───────────────────────────────────────────────────────────────────────────────


def test_the_american_window_keeps_its_local_time_over_the_clock_change_in_spring() -> None:
    # 2026-03-08 02:00 does not exist in New York: the window ends when the clock jumps.
    outage = look(at(NEW_YORK, "2026-03-08T00:30"), Region.AMERICA).outage

    assert outage is not None
    assert outage.began == at(NEW_YORK, "2026-03-07T23:30")
    assert outage.ends == at(NEW_YORK, "2026-03-08T01:45") + 15 * MINUTE == at(NEW_YORK, "2026-03-08T03:00")


def test_the_american_window_is_an_hour_longer_when_the_hour_comes_twice() -> None:
    outage = look(at(NEW_YORK, "2026-11-01T00:30"), Region.AMERICA).outage

    assert outage is not None
    assert outage.ends - outage.began == 3.5 * 3600
    assert look(at(NEW_YORK, "2026-11-01T01:50", fold=1), Region.AMERICA).outage == outage
    assert look(at(NEW_YORK, "2026-11-01T02:00"), Region.AMERICA).outage is None


def test_europe_moves_by_an_hour_of_utc_on_its_own_day_not_on_americas() -> None:
    before, between, after = (
        look(at(ZURICH, f"2026-{day}T07:00"), Region.EUROPE).outage for day in ("03-06", "03-20", "03-29")
    )

    assert before is not None
    assert between is not None
    assert after is not None
    assert before.began % 86_400 == between.began % 86_400 == 4.5 * 3600
    assert after.began % 86_400 == 3.5 * 3600


# ── weekend ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("region", [None, *Region])
def test_the_weekend_window_is_everybodys(region: Region | None) -> None:
    began, ended = at(NEW_YORK, "2026-11-20T22:45"), at(NEW_YORK, "2026-11-21T03:15")
    weekend = Outage(OutageKind.WEEKEND, began, ended, None)

    assert look(began, region).outage == weekend
    assert look(at(NEW_YORK, "2026-11-21T00:30"), region).outage == weekend
    assert look(ended - 1, region).outage == weekend
    assert look(ended, region).outage is None


@pytest.mark.parametrize("day", ["2026-11-18", "2026-11-21", "2026-11-22"])
def test_other_nights_have_no_weekend_window(day: str) -> None:
    outage = look(at(NEW_YORK, f"{day}T23:40"), Region.AMERICA).outage

    assert outage is not None
    assert outage.kind is OutageKind.RESET


def test_saturday_afternoon_is_not_an_expected_outage() -> None:
    assert look(at(NEW_YORK, "2026-11-21T12:00"), Region.AMERICA).outage is None


# ── the application's own restart ───────────────────────────────────────────────────────────────


def test_the_daily_restart_is_expected_from_a_minute_before_until_its_allowance() -> None:
    offset = -5 * 3600.0
    set_time = at(NEW_YORK, "2026-11-18T23:45")
    restart = Outage(OutageKind.RESTART, set_time, set_time + 300, lead=MINUTE)

    assert look(set_time - 61, restart=23 * 60 + 45, offset=offset).restart is None
    assert look(set_time - MINUTE, restart=23 * 60 + 45, offset=offset).restart == restart
    assert look(set_time + 299, restart=23 * 60 + 45, offset=offset).restart == restart
    assert look(set_time + 300, restart=23 * 60 + 45, offset=offset).restart is None


@pytest.mark.parametrize("offset", [-11 * 3600.0, -5 * 3600.0, 0.0, 5.75 * 3600, 14 * 3600.0])
@pytest.mark.parametrize("restart", [0, 1, 720, 1438, 1439])
def test_a_restart_around_midnight_is_found_on_both_sides_of_it(offset: float, restart: int) -> None:
    midnight = at("UTC", "2026-11-18T00:00") - offset
    set_time = midnight + restart * MINUTE

    assert look(set_time - 30, restart=restart, offset=offset).restart is not None
    assert look(set_time + 200, restart=restart, offset=offset).restart is not None
    assert look(set_time + 301, restart=restart, offset=offset).restart is None


def test_without_a_known_time_no_restart_is_expected() -> None:
    assert look(at(NEW_YORK, "2026-11-18T23:45")).restart is None


@pytest.mark.parametrize(("name", "day"), CLOCKS_CHANGE)
@pytest.mark.parametrize("before", [5, 12, 20, 22, 23])
def test_a_restart_keeps_its_time_by_the_clock_on_the_day_of_the_change(name: str, day: date, before: int) -> None:
    """Hours before it: for some of them the clocks have yet to change."""
    # Of this region nothing else comes between.
    zone, region = zone_of(name), Region.ASIA if name == NEW_YORK else Region.EUROPE
    set_time = datetime.combine(day, time(23, 45), ZoneInfo(name)).timestamp()
    now = set_time - before * 3600

    found = expect(now, region=region, restart_time=23 * 60 + 45, zone=zone, allowance=300.0).next_outage

    assert found is not None
    assert found.kind is not OutageKind.RESTART or found.began == set_time
    assert found.kind is OutageKind.RESTART or before > 5


@pytest.mark.parametrize(("name", "day"), CLOCKS_CHANGE)
def test_a_restart_just_after_the_change_is_told_right_before_it(name: str, day: date) -> None:
    zone = zone_of(name)
    set_time = datetime.combine(day, time(4, 0), ZoneInfo(name)).timestamp()
    before = datetime.combine(day, time(0, 30), ZoneInfo(name)).timestamp()

    found = expect(before, region=Region.EUROPE, restart_time=4 * 60, zone=zone, allowance=300.0).next_outage

    assert found == Outage(OutageKind.RESTART, set_time, set_time + 300, lead=MINUTE)


def test_a_restart_in_an_hour_that_comes_twice_may_be_in_either() -> None:
    zone = zone_of("America/New_York")
    first, second = (at(NEW_YORK, "2027-11-07T01:30", fold=fold) for fold in (0, 1))

    for set_time in (first, second):
        found = expect(set_time + 60, region=Region.ASIA, restart_time=90, zone=zone, allowance=300.0).restart
        assert found == Outage(OutageKind.RESTART, set_time, set_time + 300, lead=MINUTE)


# ── what comes next ─────────────────────────────────────────────────────────────────────────────


def test_the_next_outage_is_the_nearest_that_has_not_begun() -> None:
    noon = at(ZURICH, "2026-11-18T12:00")

    assert look(noon, Region.EUROPE).next_outage == Outage(
        OutageKind.RESET, at(ZURICH, "2026-11-19T05:30"), at(ZURICH, "2026-11-19T08:00"), Region.EUROPE
    )


def test_a_restart_can_be_the_next_outage() -> None:
    noon = at(ZURICH, "2026-11-18T12:00")
    coming = look(noon, Region.EUROPE, restart=23 * 60 + 45, offset=3600.0).next_outage

    assert coming == Outage(
        OutageKind.RESTART, at(ZURICH, "2026-11-18T23:45"), at(ZURICH, "2026-11-18T23:50"), lead=MINUTE
    )


def test_a_reset_inside_the_weekend_window_is_not_announced_as_next() -> None:
    coming = look(at(NEW_YORK, "2026-11-20T23:00"), Region.AMERICA).next_outage

    assert coming is not None
    assert coming.began == at(NEW_YORK, "2026-11-21T23:30")


# ── weekly log-in ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-18T12:00", "2026-11-22T01:00"),
        ("2026-11-22T00:59", "2026-11-22T01:00"),
        ("2026-11-22T01:00", "2026-11-29T01:00"),
        ("2026-11-22T01:01", "2026-11-29T01:00"),
        ("2026-10-31T12:00", "2026-11-01T01:00"),
        ("2026-11-01T02:00", "2026-11-08T01:00"),
        ("2026-03-07T12:00", "2026-03-08T01:00"),
        ("2026-03-08T03:00", "2026-03-15T01:00"),
    ],
)
def test_the_weekly_log_in_falls_due_on_sunday_at_one_in_new_york(now: str, due: str) -> None:
    assert look(at(NEW_YORK, now)).login_due == at(NEW_YORK, due)


@given(st.floats(1_500_000_000, 2_200_000_000))
def test_the_log_in_is_always_within_a_week_and_an_hour(now: float) -> None:
    assert now < next_login(now) <= now + timedelta(days=7, hours=1).total_seconds()


@given(st.floats(1_500_000_000, 2_200_000_000), st.sampled_from([None, *Region]), st.none() | st.integers(0, 1439))
def test_every_answer_fits_its_moment(now: float, region: Region | None, restart: int | None) -> None:
    expected = look(now, region, restart, offset=3600.0)

    for current in filter(None, (expected.outage, expected.restart)):
        assert current.counts_from <= now < current.ends <= now + 6 * 3600
    assert expected.next_outage is not None
    assert now < expected.next_outage.counts_from <= now + 26 * 3600


# ── whose servers ───────────────────────────────────────────────────────────────────────────────
