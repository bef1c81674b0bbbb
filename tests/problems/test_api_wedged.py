"""api-wedged: silent, with half-closed sockets piled up on the API port."""

from agent.core.facts import ApiClient
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.problems.api_silent import API_SILENT
from agent.problems.api_wedged import API_WEDGED
from agent.tws.limits import API_CLIENTS
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, facts, gateway, machine

SILENT = backing_off(Outcome.SILENT, elapsed=5.0)
WEDGED = gateway(close_wait=((4002, 23),))


def test_a_pile_of_dead_connections_is_told_with_its_number(judge: Judge) -> None:
    verdict = judge(API_WEDGED, facts(machine(WEDGED), SILENT))

    assert isinstance(verdict, Present)
    assert verdict.args["count"] == "23"
    assert verdict.evidence[-1] == "23 sockets on port 4002 are in CLOSE_WAIT: IB Gateway never closed its end"
    assert judge(API_SILENT, facts(machine(WEDGED), SILENT)) == Absent()


def test_a_few_are_usual_and_so_is_a_pile_on_another_port(judge: Judge) -> None:
    for close_wait in ((), ((4002, 4),), ((7462, 50),)):
        assert judge(API_WEDGED, facts(machine(gateway(close_wait=close_wait)), SILENT)) == Absent()


def test_an_api_that_answers_is_not_blocked(judge: Judge) -> None:
    assert judge(API_WEDGED, facts(machine(WEDGED))) == Absent()
    assert judge(API_WEDGED, facts(machine(WEDGED), backing_off(Outcome.CLOSED))) == Absent()


def test_a_full_house_is_something_else(judge: Judge) -> None:
    clients = tuple(ApiClient(4002, pid=100 + n) for n in range(API_CLIENTS))

    assert judge(API_WEDGED, facts(machine(WEDGED, clients=clients), SILENT)) == Absent()


def test_before_an_attempt_it_is_undecided(judge: Judge) -> None:
    assert isinstance(judge(API_WEDGED, facts(machine(WEDGED), backing_off())), Undecided)
