from dataclasses import replace
from typing import Any

import pytest

from agent.core.facts import Known, SettingsHints, SettingsTold, Sight
from agent.core.shown.status import ShownCalendar
from agent.core.state_machine.inquiry import Inquiry
from agent.core.state_machine.state import calendar_of, facts_about, others, replace_at
from agent.tws.api_settings import ConfigResponse, LockAndExit
from agent.tws.applications import TradingMode
from agent.tws.calendar import Expectation, Outage, OutageKind
from agent.tws.coming import DailyEnd, KnownFrom
from agent.tws.reset_windows import Region
from agent.tws.time_zone import TimeZone
from tests.core.made_up_agent import PAPER, connected, started
from tests.problems.scene import NOW, connection

LIVE = connection("Live", port=4001)


def test_the_others_are_all_but_the_one() -> None:
    state = started(PAPER, LIVE)

    assert others(state, state.watched[0]) == (LIVE,)
    assert others(state, replace(state.watched[0], wish=False)) == (LIVE,)


def test_replacing_one_leaves_the_others() -> None:
    state = started(PAPER, LIVE)
    changed = replace(state.watched[1], wish=False)

    assert replace_at(state, 1, changed).watched == (state.watched[0], changed)
    assert replace_at(state, 1, state.watched[1]) is state


def test_the_facts_about_a_connection_are_those_of_the_state() -> None:
    asked: list[dict[str, object]] = []

    def calendar(wall: float, **known: object) -> Expectation:
        asked.append({"wall": wall, **known})
        return Expectation()

    state = connected(PAPER, LIVE)
    state = replace(state, knowledge=replace(state.knowledge, expect=calendar), config_error="line 3")
    facts = facts_about(state, state.watched[0], NOW)

    assert (facts.now, facts.connection, facts.machine) == (NOW, PAPER, state.machine)
    assert (facts.session.accounts, facts.sight) == (("DU1234567",), state.watched[0].sight)
    assert (facts.config_error, facts.other_connections, facts.timing) == ("line 3", (LIVE,), state.timing)
    assert asked == [
        {
            "wall": NOW.wall,
            # A paper account, whose servers are in America.
            "region": Region.AMERICA,
            "restart_time": None,
            "zone": TimeZone(),
            "allowance": state.timing.expected_restart_allowance,
        }
    ]


@pytest.mark.parametrize(
    ("lock_and_exit", "expected"),
    [
        (LockAndExit("11:45", "PM", "restart"), 23 * 60 + 45),
        (LockAndExit("11:45", "PM", "logoff"), None),
        (LockAndExit("11:45", "PM", None), 60),
    ],
)
def test_the_daily_restart_is_that_of_the_application_itself(lock_and_exit: LockAndExit, expected: int | None) -> None:
    asked: list[int | None] = []

    def expect(now: float, *, restart_time: int | None, **known: Any) -> Expectation:
        asked.append(restart_time)
        return Expectation()

    state = started()
    told = SettingsTold(Known(ConfigResponse(lock_and_exit=lock_and_exit)), NOW.monotonic, 226)
    hints = SettingsHints(auto_restart_time=60)
    watched = replace(state.watched[0], inquiry=Inquiry(told=told), sight=Sight(ever=True, hints=hints))
    state = replace(state, knowledge=replace(state.knowledge, expect=expect))

    facts_about(state, watched, NOW)

    assert asked == [expected]


@pytest.mark.parametrize(("utc_offset", "tried"), [(3600.0, [3600.0, 3600.0, 0.0]), (0.0, [0.0, 0.0])])
def test_an_application_out_of_sight_restarts_by_our_time_or_by_utc(utc_offset: float, tried: list[float]) -> None:
    asked: list[tuple[int | None, float]] = []
    by_utc = Outage(OutageKind.RESTART, NOW.wall - 60, NOW.wall + 300)

    def expect(now: float, *, restart_time: int | None, zone: TimeZone, **known: Any) -> Expectation:
        asked.append((restart_time, zone.utc_offset))
        return Expectation(restart=by_utc if restart_time is not None and zone == TimeZone() else None)

    state = started()
    told = SettingsTold(Known(ConfigResponse(lock_and_exit=LockAndExit("11:45", "PM", "restart"))), NOW.monotonic, 226)
    watched = replace(state.watched[0], inquiry=Inquiry(told=told), sight=Sight())
    machine = replace(state.machine, utc_offset=utc_offset)
    state = replace(state, machine=machine, knowledge=replace(state.knowledge, expect=expect))

    facts = facts_about(state, watched, NOW)

    assert asked == list(zip((None, 1425, 1425), tried, strict=False))
    assert facts.expected.restart == by_utc


def test_the_servers_of_a_live_log_in_are_those_it_was_seen_with() -> None:
    asked: list[Region | None] = []

    def expect(now: float, *, region: Region | None, **known: Any) -> Expectation:
        asked.append(region)
        return Expectation()

    state = started(LIVE)
    state = replace(state, knowledge=replace(state.knowledge, expect=expect))
    for hints in (SettingsHints(region=Region.ASIA), SettingsHints(), None):
        facts_about(state, replace(state.watched[0], sight=Sight(hints=hints)), NOW)

    assert asked == [Region.ASIA, None, None]


@pytest.mark.parametrize(
    ("lock_and_exit", "expected"),
    [
        (LockAndExit("11:45", "PM", "restart"), DailyEnd(1425, restarts=True, known_from=KnownFrom.API)),
        (LockAndExit("11:45", "PM", "logoff"), DailyEnd(1425, restarts=False, known_from=KnownFrom.API)),
        (LockAndExit("noon", None, "restart"), None),
        (None, DailyEnd(60, restarts=True, known_from=KnownFrom.FILE)),
    ],
)
def test_the_calendar_knows_the_daily_end_as_it_was_told(
    lock_and_exit: LockAndExit | None, expected: DailyEnd | None
) -> None:
    told = SettingsTold(Known(ConfigResponse(lock_and_exit=lock_and_exit))) if lock_and_exit else SettingsTold()
    hints = SettingsHints(auto_restart_time=60, region=Region.EUROPE)
    sight = Sight(ever=True, hints=hints)
    watched = replace(started().watched[0], inquiry=Inquiry(told=told), sight=sight)

    assert calendar_of(watched, TradingMode.LIVE) == ShownCalendar(Region.EUROPE, KnownFrom.FILE, expected)


def test_a_log_off_of_a_settings_file_is_known_where_no_restart_is() -> None:
    hints = SettingsHints(auto_logoff_time=1380)
    known = calendar_of(replace(started().watched[0], sight=Sight(ever=True, hints=hints)), TradingMode.UNKNOWN)

    assert known.daily == DailyEnd(1380, restarts=False, known_from=KnownFrom.FILE)


def test_a_paper_account_is_on_the_american_servers_whatever_the_files_say() -> None:
    watched = replace(started().watched[0], sight=Sight(ever=True, hints=SettingsHints(region=Region.ASIA)))
    paper = calendar_of(replace(watched, mode=TradingMode.PAPER), TradingMode.UNKNOWN)

    assert (paper.region, paper.region_from) == (Region.AMERICA, KnownFrom.PAPER)
    assert calendar_of(watched, TradingMode.PAPER).region is Region.AMERICA
    assert calendar_of(watched, TradingMode.UNKNOWN).region is Region.ASIA


def test_the_clock_of_an_application_out_of_sight_may_be_another_one() -> None:
    watched = started().watched[0]

    assert calendar_of(replace(watched, sight=Sight()), TradingMode.UNKNOWN).own_clock
    assert not calendar_of(replace(watched, sight=Sight(ever=True)), TradingMode.UNKNOWN).own_clock
