"""How long a problem must last before anyone hears of it."""

import pytest

from agent.core.facts import Facts, Sight
from agent.problems.shared import grace
from tests.problems.scene import facts


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [(grace.login, 15.0), (grace.handshake, 2.0), (grace.network, 5.0), (grace.sight, 10.0)],
)
def test_somebody_who_asks_is_told_at_once_and_others_after_the_grace(asked: grace.Grace, seconds: float) -> None:
    watching: Facts = facts()

    assert asked(watching) == seconds
    assert asked(facts(doctor=True)) == 0.0


def test_an_application_that_was_seen_is_missed_sooner() -> None:
    assert grace.absence(facts(sight=Sight(ever=True))) == 10.0
    assert grace.absence(facts(sight=Sight())) == 60.0
    assert grace.absence(facts(sight=Sight(), doctor=True)) == 0.0
