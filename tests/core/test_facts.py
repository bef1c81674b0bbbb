from dataclasses import fields
from typing import get_type_hints

from agent.core.facts import NOT_LOOKED, MachineFacts, Unknown
from tests.problems.scene import gateway, tws

BEGINS = "agent/core/facts.py: a fact of MachineFacts has the default NOT_LOOKED"


def test_a_process_is_named_without_anything_private() -> None:
    assert gateway().label == "IB Gateway 10.45 (pid 3117)"
    assert tws(version=None).label == "TWS (pid 2020)"


def test_a_look_that_saw_nothing_says_why_of_each_fact() -> None:
    why = Unknown("timed out")
    seen = MachineFacts.nothing_seen(why, taken=7.0)
    told = {one.name: getattr(seen, one.name) for one in fields(seen)}

    assert {name for name, fact in told.items() if fact is why} == facts_of_a_look(), BEGINS
    assert seen.taken == 7.0


def test_a_fact_of_a_look_begins_as_not_looked_at() -> None:
    begun = {one.name for one in fields(MachineFacts) if one.default is NOT_LOOKED}

    assert begun == facts_of_a_look(), BEGINS


def facts_of_a_look() -> set[str]:
    """The fields that can be unknown."""
    hints = get_type_hints(MachineFacts)
    return {name for name, hint in hints.items() if Unknown in getattr(hint, "__args__", ())}
