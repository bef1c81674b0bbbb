from dataclasses import replace

from agent.core.state import facts_about, others, replace_at
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
