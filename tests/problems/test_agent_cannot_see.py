"""agent-cannot-see: told only where the answer depends on what is withheld."""

from agent.core.facts import Known, MachineFacts, OtherProcess, Processes, Sight, Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.problems.agent_cannot_see import AGENT_CANNOT_SEE
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, facts, gateway, machine

REFUSED = Unknown("access to the process table was denied")
NEVER_SEEN = Sight()


def test_everything_visible_is_no_problem(judge: Judge) -> None:
    assert judge(AGENT_CANNOT_SEE, facts()) == Absent()


def test_a_process_table_that_is_withheld_is_told(judge: Judge) -> None:
    verdict = judge(AGENT_CANNOT_SEE, facts(machine(processes=REFUSED), backing_off()))

    assert isinstance(verdict, Present)
    assert verdict.evidence == ("access to the process table was denied",)


def test_sockets_that_are_withheld_are_told(judge: Judge) -> None:
    blind = machine(gateway(ports=()), sockets=Unknown("the socket table needs administrator rights"))

    assert isinstance(judge(AGENT_CANNOT_SEE, facts(blind, backing_off())), Present)


def test_it_does_not_matter_while_connected(judge: Judge) -> None:
    assert judge(AGENT_CANNOT_SEE, facts(machine(processes=REFUSED, sockets=REFUSED))) == Absent()


def test_it_does_not_matter_where_the_handshake_tells(judge: Judge) -> None:
    for outcome in (Outcome.READY, Outcome.ID_IN_USE, Outcome.SILENT, Outcome.NOT_TWS):
        seen = facts(machine(processes=REFUSED, sockets=REFUSED), backing_off(outcome, 4001))

        assert judge(AGENT_CANNOT_SEE, seen) == Absent(), outcome


def test_before_the_first_look_nothing_is_claimed(judge: Judge) -> None:
    assert isinstance(judge(AGENT_CANNOT_SEE, facts(MachineFacts(), backing_off(), sight=NEVER_SEEN)), Undecided)


def test_a_java_program_without_a_readable_command_line_may_be_tws(judge: Judge) -> None:
    hidden = machine(unreadable=(OtherProcess(88, "java"),))
    verdict = judge(AGENT_CANNOT_SEE, facts(hidden, backing_off(), sight=NEVER_SEEN))

    assert isinstance(verdict, Present)
    assert "java (pid 88)" in verdict.evidence[0]


def test_it_is_some_other_java_program_once_tws_was_readable(judge: Judge) -> None:
    hidden = machine(processes=Known(Processes(unreadable=(OtherProcess(88, "java"),))))

    assert judge(AGENT_CANNOT_SEE, facts(hidden, backing_off(), sight=Sight(last_pid=3117, ever=True))) == Absent()


def test_one_late_look_is_not_told_at_once() -> None:
    assert AGENT_CANNOT_SEE.visible_after(facts()) == 10.0
    assert AGENT_CANNOT_SEE.visible_after(facts(doctor=True)) == 0.0
