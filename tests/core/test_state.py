from dataclasses import replace
from typing import Any

import pytest

from agent.core.facts import Known, SettingsHints, SettingsTold, Sight
from agent.core.inquiry import Inquiry
from agent.core.state import facts_about, others, replace_at
from agent.tws.api_settings import ConfigResponse, LockAndExit
from agent.tws.calendar import Expectation
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
            "region": None,
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
    watched = replace(state.watched[0], inquiry=Inquiry(told=told), sight=Sight(hints=hints))
    state = replace(state, knowledge=replace(state.knowledge, expect=expect))

    facts_about(state, watched, NOW)

    assert asked == [expected]
