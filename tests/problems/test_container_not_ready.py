"""container-not-ready: the relay answers, the Gateway behind it does not."""

from dataclasses import replace

import pytest

from agent.core.memory import Served
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.guides import load_guides
from agent.problems.app_not_running import APP_NOT_RUNNING
from agent.problems.container_not_ready import CONTAINER_NOT_READY
from agent.problems.login_pending import LOGIN_PENDING
from agent.problems.peer_not_trusted import PEER_NOT_TRUSTED
from agent.tws.applications import ApplicationKind
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connection, facts, foreign, gateway, machine, relay

ON_4002 = connection(port=4002)


def test_a_relay_that_leads_to_an_api_is_no_problem(judge: Judge) -> None:
    seen = facts(machine(listeners=(relay(),)), backing_off(Outcome.READY), wants=ON_4002)

    assert judge(CONTAINER_NOT_READY, seen) == Absent()


def test_a_relay_that_closes_is_told_with_how_fast(judge: Judge) -> None:
    seen = facts(machine(listeners=(relay(),)), backing_off(Outcome.CLOSED, elapsed=0.0042), wants=ON_4002)
    verdict = judge(CONTAINER_NOT_READY, seen)

    assert isinstance(verdict, Present)
    assert verdict.evidence == (
        "docker-proxy (pid 771) listens on 4002",
        "the connection was accepted and closed after 4.2 ms, before any answer",
        "one cause: nothing listens in the container",
        "the other cause: the application there does not trust the gateway address of the container’s network",
    )
    assert judge(APP_NOT_RUNNING, seen) == Absent()
    assert judge(PEER_NOT_TRUSTED, seen) == Absent()


@pytest.mark.parametrize(
    ("program", "where", "case"),
    [
        ("pasta.avx2", "in the container", "container"),
        ("ssh", "at the end of the tunnel", "tunnel"),
        ("VBoxHeadless", "in the virtual machine", "machine"),
        ("socat", "behind the relay", "relay"),
        ("my-own-forwarder", "behind the relay", "relay"),
    ],
)
def test_a_relay_is_called_by_its_kind_and_its_steps_fit_it(judge: Judge, program: str, where: str, case: str) -> None:
    seen = facts(machine(listeners=(relay(program=program),)), backing_off(Outcome.CLOSED), wants=ON_4002)
    verdict = judge(CONTAINER_NOT_READY, seen)

    assert isinstance(verdict, Present)
    assert (verdict.args["where"], verdict.case) == (where, case)
    steps = load_guides()["container-not-ready"].steps_for(ApplicationKind.GATEWAY, verdict.args, verdict.case)
    assert any("docker" in step for step in steps) is (case == "container")
    assert any("tunnel" in step for step in steps) is (case == "tunnel")
    assert any("Trusted IPs" in step for step in steps)


def test_a_relay_that_served_before_was_trusted(judge: Judge) -> None:
    served = Served(4002, "ssh", 700)
    seen = facts(machine(listeners=(relay(program="ssh"),)), backing_off(Outcome.CLOSED), wants=ON_4002)
    verdict = judge(CONTAINER_NOT_READY, replace(seen, served=served))

    assert isinstance(verdict, Present)
    assert verdict.evidence[-1].endswith("the first cause is the likelier one")


def test_what_answers_unseen_and_hangs_up_is_told_as_such(judge: Judge) -> None:
    session = backing_off(Outcome.CLOSED)
    assert session.attempt is not None
    seen = facts(machine(), replace(session, attempt=replace(session.attempt, unseen=True)), wants=ON_4002)
    verdict = judge(CONTAINER_NOT_READY, seen)

    assert isinstance(verdict, Present)
    assert verdict.case == "unseen"
    assert verdict.evidence[0].startswith("no program is seen to listen on 4002")
    assert judge(APP_NOT_RUNNING, seen) == Absent()


def test_a_relay_of_root_without_a_name_is_recognised_by_what_it_does(judge: Judge) -> None:
    # On Linux docker-proxy belongs to root, and the Gateway inside the container is visible as a process.
    nameless, inside = foreign(4002, program=None, pid=None), gateway(ports=(), link_for=None)
    seen = facts(machine(inside, listeners=(nameless,)), backing_off(Outcome.CLOSED), wants=ON_4002)
    verdict = judge(CONTAINER_NOT_READY, seen)

    assert isinstance(verdict, Present)
    assert verdict.args["owner"] == "a program that this system does not name"
    assert judge(LOGIN_PENDING, seen) == Absent()


def test_the_usual_ports_inside_a_container_belong_to_its_relay(judge: Judge) -> None:
    inside = connection(host="ib-gateway", port=4004)
    seen = facts(machine(), backing_off(Outcome.CLOSED, 4004), wants=inside)

    assert isinstance(judge(CONTAINER_NOT_READY, seen), Present)
    assert judge(PEER_NOT_TRUSTED, seen) == Absent()


def test_before_an_attempt_it_is_undecided(judge: Judge) -> None:
    seen = facts(machine(listeners=(relay(),)), backing_off(), wants=ON_4002)

    assert isinstance(judge(CONTAINER_NOT_READY, seen), Undecided)


def test_a_relay_that_went_away_is_not_blamed_for_an_old_attempt(judge: Judge) -> None:
    assert judge(CONTAINER_NOT_READY, facts(machine(), backing_off(Outcome.CLOSED), wants=ON_4002)) == Absent()
