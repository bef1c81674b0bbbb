import pytest

from agent.core.facts import ApiClient, MachineFacts, Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome, SessionFacts
from agent.problems.too_many_clients import TOO_MANY_CLIENTS
from agent.tws.limits import API_CLIENTS
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connected, connection, facts, gateway, machine


def crowd(count: int, port: int = 4002) -> MachineFacts:
    return machine(
        gateway(), clients=tuple(ApiClient(port=port, pid=900 + n % 2, name="python3") for n in range(count))
    )


@pytest.mark.parametrize("outcome", [Outcome.CLOSED, Outcome.SILENT, Outcome.NOT_READY])
def test_however_the_thirty_third_is_turned_away_the_crowd_is_named(judge: Judge, outcome: Outcome) -> None:
    verdict = judge(TOO_MANY_CLIENTS, facts(crowd(API_CLIENTS), backing_off(outcome)))

    assert isinstance(verdict, Present)
    assert verdict.args["count"] == "32"
    assert verdict.evidence == (
        "32 clients are connected to port 4002; the limit is 32",
        "the latest attempt to connect failed at 13:59:59",
        "python3 (pid 900): 16 connections",
        "python3 (pid 901): 16 connections",
    )


def test_many_different_programs_fit_a_notice(judge: Judge) -> None:
    clients = tuple(ApiClient(port=4002, pid=4_000_000 + n, name="x" * 70) for n in range(40))

    verdict = judge(TOO_MANY_CLIENTS, facts(machine(gateway(), clients=clients), backing_off(Outcome.SILENT)))

    assert isinstance(verdict, Present)
    assert verdict.evidence[-1] == "30 more programs with one connection or more each"


@pytest.mark.parametrize(
    ("around", "outcome"),
    [
        (crowd(API_CLIENTS - 1), Outcome.CLOSED),
        (crowd(API_CLIENTS, port=7497), Outcome.CLOSED),
        (crowd(API_CLIENTS), Outcome.REFUSED),
        (crowd(API_CLIENTS), Outcome.ID_IN_USE),
        (crowd(API_CLIENTS), None),
    ],
)
def test_a_free_place_or_another_failure_is_something_else(
    judge: Judge, around: MachineFacts, outcome: Outcome | None
) -> None:
    assert judge(TOO_MANY_CLIENTS, facts(around, backing_off(outcome))) == Absent()


def test_who_is_one_of_thirty_two_says_that_nobody_else_can_connect(judge: Judge) -> None:
    verdict = judge(TOO_MANY_CLIENTS, facts(crowd(API_CLIENTS), connected()))

    assert isinstance(verdict, Present)
    assert verdict.evidence[1] == "Gatelight is one of them"
    assert judge(TOO_MANY_CLIENTS, facts(crowd(API_CLIENTS - 1), connected())) == Absent()


def test_clients_that_cannot_be_counted_leave_it_undecided(judge: Judge) -> None:
    blind = machine(gateway(), sockets=Unknown("access denied"))
    remote = connection(host="192.0.2.10", port=4002)

    assert judge(TOO_MANY_CLIENTS, facts(blind, backing_off(Outcome.CLOSED))) == Undecided("access denied")
    assert isinstance(judge(TOO_MANY_CLIENTS, facts(session=backing_off(Outcome.CLOSED), wants=remote)), Undecided)


def test_the_doctor_does_not_try_where_every_place_is_taken(judge: Judge) -> None:
    verdict = judge(TOO_MANY_CLIENTS, facts(crowd(API_CLIENTS), SessionFacts(), doctor=True))

    assert isinstance(verdict, Present)
    assert verdict.evidence[1] == "Gatelight did not try to connect, since that takes a place too"
    assert judge(TOO_MANY_CLIENTS, facts(crowd(API_CLIENTS - 1), SessionFacts(), doctor=True)) == Absent()
