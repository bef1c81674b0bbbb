"""No two problems claim the same fault, whatever the machine looks like, and what they say always fits."""

from hypothesis import given, settings

from agent.core.alerts.diagnosis import diagnose
from agent.core.facts import Facts
from agent.core.session_facts import Outcome
from agent.core.settings import WantedMode
from agent.problems import PROBLEMS
from tests.problems.conftest import hold_to_contract
from tests.problems.scene import backing_off, connection, facts, gateway, machine, relay
from tests.problems.situations import situations

OF_REACH = {
    "agent-cannot-see",
    "app-not-installed",
    "app-not-running",
    "wrong-application",
    "wrong-product",
    "app-starting",
    "login-pending",
    "restart-stuck",
    "api-disabled",
    "api-port-mismatch",
    "api-port-taken",
    "container-not-ready",
    "host-unresolvable",
    "host-unreachable",
    "peer-not-trusted",
    "api-silent",
    "api-wedged",
    "not-tws",
    "session-not-ready",
    "client-id-in-use",
    "too-many-clients",
    "app-outdated",
}
"""Problems that each stand alone in the way of a connection."""


@given(situations())
@settings(max_examples=600, deadline=None)
def test_one_fault_is_one_problem_and_its_words_fit(seen: Facts) -> None:
    diagnosis = diagnose(seen, PROBLEMS)
    shown = [f for f in diagnosis.found if f.problem.code in OF_REACH]

    assert not diagnosis.failures
    assert len(shown) <= 1, [f.problem.code for f in shown]
    for found in diagnosis.found + diagnosis.hidden:
        hold_to_contract(found.problem, found.present)


def test_every_failure_of_a_lasting_kind_is_shown_as_something() -> None:
    far = connection(host="192.168.1.20", port=4002)
    ours, behind = connection(port=4002), connection(port=4002)
    failures = (Outcome.CLOSED, Outcome.SILENT, Outcome.NOT_TWS)
    for wants, around, outcomes in (
        (far, machine(), (*failures, Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.UNRESOLVABLE)),
        (ours, machine(gateway()), failures),
        (behind, machine(listeners=(relay(),)), failures),
    ):
        for outcome in outcomes:
            found = diagnose(facts(around, backing_off(outcome), wants=wants), PROBLEMS).found

            assert [f.problem.code for f in found if f.problem.code in OF_REACH], (wants.host, outcome)


def test_a_healthy_connection_shows_nothing_at_all() -> None:
    for wants in (connection(), connection(port=4002, trading_mode=WantedMode.PAPER), connection(implicit=True)):
        assert diagnose(facts(wants=wants), PROBLEMS).found == ()
