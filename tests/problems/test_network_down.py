"""network-down: no route, unless the live session proves one."""

from agent.core.facts import Known, Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import ServerLink
from agent.problems.network_down import NETWORK_DOWN
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connected, facts, machine


def test_a_network_is_no_problem(judge: Judge) -> None:
    assert judge(NETWORK_DOWN, facts()) == Absent()


def test_no_route_is_told(judge: Judge) -> None:
    assert isinstance(judge(NETWORK_DOWN, facts(machine(network=Known(False)), backing_off())), Present)


def test_no_route_is_told_when_the_link_to_ib_is_down_too(judge: Judge) -> None:
    seen = facts(machine(network=Known(False)), connected(server_link=ServerLink.DOWN))

    assert isinstance(judge(NETWORK_DOWN, seen), Present)


def test_a_link_that_is_up_proves_a_network(judge: Judge) -> None:
    assert judge(NETWORK_DOWN, facts(machine(network=Known(False)))) == Absent()


def test_an_unknown_network_is_not_called_down(judge: Judge) -> None:
    verdict = judge(NETWORK_DOWN, facts(machine(network=Unknown("timed out")), backing_off()))

    assert verdict == Undecided("timed out")
