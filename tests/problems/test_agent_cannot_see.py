"""agent-cannot-see: told only where the answer depends on what is withheld."""

from dataclasses import replace

from agent.core.facts import Known, Listener, MachineFacts, OtherProcess, Processes, Sight, Sockets, Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.fixes.shared.target_process import target_process
from agent.problems.agent_cannot_see import AGENT_CANNOT_SEE
from agent.problems.app_not_running import APP_NOT_RUNNING
from agent.problems.container_not_ready import CONTAINER_NOT_READY
from agent.problems.login_pending import LOGIN_PENDING
from agent.problems.peer_not_trusted import PEER_NOT_TRUSTED
from agent.problems.wrong_application import WRONG_APPLICATION
from agent.problems.wrong_product import WRONG_PRODUCT
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connection, facts, gateway, machine, tws

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


HIDDEN = "the system hides the programs of other users (hidepid)"


def test_where_programs_are_hidden_nothing_that_rests_on_not_seeing_is_told(judge: Judge) -> None:
    """Not that it does not run, not that the other one runs instead, not that another product does."""
    portal = OtherProcess(88, "Client Portal Gateway")
    for table in (Processes(), Processes(applications=(tws(),)), Processes(client_portal=(portal,))):
        around = machine(processes=Known(replace(table, unseen=HIDDEN)))
        seen = facts(around, backing_off(Outcome.REFUSED), sight=NEVER_SEEN, wants=connection(port=4002))
        verdict = judge(AGENT_CANNOT_SEE, seen)

        assert isinstance(verdict, Present)
        assert verdict.evidence == (HIDDEN,)
        for problem in (APP_NOT_RUNNING, WRONG_APPLICATION, WRONG_PRODUCT):
            assert isinstance(judge(problem, seen), Undecided)


def test_one_that_was_seen_and_has_ended_is_told_to_have_ended(judge: Judge) -> None:
    around = machine(processes=Known(Processes(unseen=HIDDEN)))
    seen = facts(around, backing_off(Outcome.REFUSED), sight=Sight(3117, gone_since=99_000.0, ever=True))
    verdict = judge(APP_NOT_RUNNING, seen)

    assert judge(AGENT_CANNOT_SEE, seen) == Absent()
    assert isinstance(verdict, Present)
    assert verdict.args["missing"].startswith("IB Gateway has ended")


def test_a_hidden_owner_of_the_port_may_be_tws(judge: Judge) -> None:
    around = machine(processes=Known(Processes(unseen=HIDDEN)), sockets=Known(Sockets((Listener(4002),))))
    wants = connection(port=4002)

    closed = facts(around, backing_off(Outcome.CLOSED), sight=NEVER_SEEN, wants=wants)
    assert isinstance(judge(PEER_NOT_TRUSTED, closed), Present)
    assert judge(CONTAINER_NOT_READY, closed) == Absent()
    ready = facts(around, backing_off(Outcome.READY), sight=NEVER_SEEN, wants=wants)
    assert judge(AGENT_CANNOT_SEE, ready) == Absent()


def test_a_port_is_free_only_where_every_listener_is_shown(judge: Judge) -> None:
    some = Known(Sockets(unseen="the system shows the sockets of other users’ programs to administrators only"))
    wants = connection(port=4002)
    for outcome, known in ((None, False), (Outcome.REFUSED, True)):
        seen = facts(machine(sockets=some), backing_off(outcome), wants=wants)
        verdict = judge(APP_NOT_RUNNING, seen)

        assert isinstance(verdict, Present)
        assert ("nothing listens on 4002" in verdict.evidence) is known
        assert ("no TWS API answers" in verdict.args["missing"]) is known


def test_an_application_of_another_user_is_said_to_be_another_s(judge: Judge) -> None:
    theirs = replace(gateway(ports=(), link_for=None), foreign=True)
    verdict = judge(LOGIN_PENDING, facts(machine(theirs), backing_off(), wants=connection(port=4002)))

    assert isinstance(verdict, Present)
    assert "IB Gateway 10.45 (pid 3117, another user’s) listens on no API port" in verdict.evidence
    assert target_process(facts(machine(theirs), backing_off())) is None, "only its owner does anything with it"
