from dataclasses import replace
from typing import Any

import pytest

from agent.core.facts import Known, SettingsHints, SettingsTold, Sight
from agent.core.state_machine.inquiry import Inquiry
from agent.core.state_machine.state import facts_about, others, replace_at
from agent.tws.api_settings import ConfigResponse, LockAndExit
from agent.tws.calendar import Expectation, Outage, OutageKind
from agent.tws.reset_windows import Region
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
            "utc_offset": 0.0,
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

    def expect(now: float, *, restart_time: int | None, utc_offset: float, **known: Any) -> Expectation:
        asked.append((restart_time, utc_offset))
        return Expectation(restart=by_utc if restart_time is not None and utc_offset == 0.0 else None)

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
