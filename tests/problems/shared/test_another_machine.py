"""On another machine: the outcome of an attempt is all there is to judge by."""

from dataclasses import replace

import pytest

from agent.core.alerts.diagnosis import diagnose
from agent.core.facts import Known
from agent.core.session_facts import Outcome
from agent.problems import PROBLEMS
from agent.problems.network_down import NETWORK_DOWN
from agent.problems.shared.another_machine import on_another_machine
from agent.problems.shared.obstacles import (
    NameUnknown,
    NoAnswer,
    NoObstacle,
    NotTheApi,
    NotTried,
    Reach,
    RelayCloses,
    Silent,
    TurnedAway,
)
from tests.problems.scene import backing_off, connection, facts, machine

FAR = connection(host="192.168.1.20", port=4002)


@pytest.mark.parametrize(
    ("outcome", "met"),
    [
        (Outcome.REFUSED, NoAnswer()),
        (Outcome.UNREACHABLE, NoAnswer()),
        (Outcome.UNRESOLVABLE, NameUnknown()),
        (Outcome.CLOSED, TurnedAway(None)),
        (Outcome.SILENT, Silent(None, None)),
        (Outcome.NOT_TWS, NotTheApi(None, None)),
        (Outcome.NOT_READY, NoObstacle()),
    ],
)
def test_each_outcome_is_one_obstacle(outcome: Outcome, met: Reach) -> None:
    assert on_another_machine(facts(machine(), backing_off(outcome), wants=FAR)) == met


def test_without_an_attempt_nothing_is_known() -> None:
    assert isinstance(on_another_machine(facts(machine(), backing_off(), wants=FAR)), NotTried)


def test_a_port_of_the_container_images_closes_for_its_relay() -> None:
    behind = replace(FAR, port=4004)

    assert on_another_machine(facts(machine(), backing_off(Outcome.CLOSED, 4004), wants=behind)) == RelayCloses(None)


def test_a_failure_means_nothing_once_the_user_wants_no_connection() -> None:
    unwanted = replace(backing_off(Outcome.REFUSED), wanted=False)

    assert on_another_machine(facts(machine(), unwanted, wants=FAR)) == NoObstacle()


def test_a_remote_host_without_a_network_shows_the_network_only() -> None:
    seen = facts(machine(network=Known(False)), backing_off(Outcome.UNREACHABLE), wants=FAR)

    assert [f.problem for f in diagnose(seen, PROBLEMS).found] == [NETWORK_DOWN]
