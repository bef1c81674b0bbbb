"""app-starting: young, and without an API port."""

from agent.core.facts import Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.problems.app_starting import APP_STARTING
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, facts, gateway, machine, relay


def test_a_young_process_without_an_api_port_is_starting(judge: Judge) -> None:
    verdict = judge(APP_STARTING, facts(machine(gateway(age=20.0, ports=(), link_for=None)), backing_off()))

    assert isinstance(verdict, Present)
    assert verdict.args["since"] == "13:59"
    assert "IB Gateway 10.45 (pid 3117) listens on no API port" in verdict.evidence


def test_a_young_link_does_not_end_the_start(judge: Judge) -> None:
    seen = facts(machine(gateway(age=20.0, ports=(), link_for=5.0)), backing_off())

    assert isinstance(judge(APP_STARTING, seen), Present)


def test_a_settled_link_does(judge: Judge) -> None:
    assert judge(APP_STARTING, facts(machine(gateway(age=60.0, ports=(), link_for=31.0)), backing_off())) == Absent()


def test_it_is_over_after_the_start_grace_or_with_the_port(judge: Judge) -> None:
    old, listening = gateway(age=90.0, ports=(), link_for=None), gateway(age=20.0)

    assert judge(APP_STARTING, facts(machine(old), backing_off())) == Absent()
    assert judge(APP_STARTING, facts(machine(listening), backing_off())) == Absent()


def test_an_automatic_restart_is_given_longer(judge: Judge) -> None:
    restarted = gateway(age=200.0, ports=(), link_for=100.0, restarted=True)
    verdict = judge(APP_STARTING, facts(machine(restarted), backing_off()))

    assert isinstance(verdict, Present)
    assert verdict.args["then"] == "That is normal for up to 5 min."
    assert "it was started by its own automatic restart" in verdict.evidence


def test_a_container_that_serves_the_port_is_not_held_up_by_it(judge: Judge) -> None:
    inside = gateway(age=20.0, ports=(), link_for=None)
    seen = facts(machine(inside, listeners=(relay(4002),)), backing_off(Outcome.READY, 4002))

    assert judge(APP_STARTING, seen) == Absent()


def test_without_the_sockets_it_is_undecided(judge: Judge) -> None:
    around = machine(gateway(age=20.0, ports=(), link_for=None), sockets=Unknown("denied"))

    assert isinstance(judge(APP_STARTING, facts(around, backing_off())), Undecided)
