"""A session stands: it may lead to the wrong one of two applications, and nothing else is left to object to."""

from hypothesis import given, settings

from agent.core.facts import (
    Facts,
)
from agent.problems.shared.connected import connected_to
from agent.problems.shared.obstacles import ListensElsewhere, NoObstacle, OtherKindRuns
from tests.problems.scene import connected, connection, facts, gateway, machine, tws
from tests.problems.situations import situations


@given(situations())
@settings(max_examples=300, deadline=None)
def test_only_the_wrong_application_is_objected_to(seen: Facts) -> None:
    assert isinstance(connected_to(seen), NoObstacle | OtherKindRuns | ListensElsewhere)


def test_the_other_application_serves_the_port() -> None:
    assert connected_to(facts(machine(tws()), connected(7497))) == OtherKindRuns(tws())


def test_the_application_that_is_meant_listens_on_another_port() -> None:
    both, wants = machine(gateway(), tws()), connection(port=7497)

    assert connected_to(facts(both, connected(7497), wants=wants)) == ListensElsewhere(gateway())
    assert connected_to(facts(both, connected(4002), wants=wants)) == NoObstacle()


def test_another_machine_is_not_looked_into() -> None:
    far = connection(host="192.168.1.20", port=7497)

    assert connected_to(facts(machine(tws()), connected(7497), wants=far)) == NoObstacle()
