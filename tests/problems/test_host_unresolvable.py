"""host-unresolvable: a name nobody knows."""

from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.problems.host_unresolvable import HOST_UNRESOLVABLE
from agent.problems.network_down import NETWORK_DOWN
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connection, facts, machine

FAR = connection(host="trading-pc", port=4002)


def test_a_known_name_is_no_problem(judge: Judge) -> None:
    for outcome in (Outcome.READY, Outcome.REFUSED, Outcome.CLOSED):
        assert judge(HOST_UNRESOLVABLE, facts(machine(), backing_off(outcome), wants=FAR)) == Absent()


def test_an_unknown_name_is_told(judge: Judge) -> None:
    verdict = judge(HOST_UNRESOLVABLE, facts(machine(), backing_off(Outcome.UNRESOLVABLE), wants=FAR))

    assert isinstance(verdict, Present)
    assert verdict.evidence == ("no address was found for the host name trading-pc",)


def test_before_an_attempt_it_is_undecided(judge: Judge) -> None:
    assert isinstance(judge(HOST_UNRESOLVABLE, facts(machine(), backing_off(), wants=FAR)), Undecided)


def test_the_longest_name_is_shortened(judge: Judge) -> None:
    long = connection(host="a" * 63 + ".example.com", port=65535)

    assert isinstance(
        judge(HOST_UNRESOLVABLE, facts(machine(), backing_off(Outcome.UNRESOLVABLE, 65535), wants=long)), Present
    )


def test_no_network_hides_it() -> None:
    assert HOST_UNRESOLVABLE.hidden_by == (NETWORK_DOWN,)
