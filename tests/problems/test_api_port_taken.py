"""api-port-taken: a foreign program with a name on the configured port."""

from agent.core.facts import Process
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.problems.api_port_taken import API_PORT_TAKEN
from agent.problems.app_not_running import APP_NOT_RUNNING
from agent.problems.login_pending import LOGIN_PENDING
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connection, facts, foreign, gateway, machine, relay

ON_4002 = connection(port=4002)
WAITING = gateway(ports=(), link_for=None)
LOGGED_IN = gateway(ports=(), link_for=600.0)


def test_an_application_on_its_port_is_no_problem(judge: Judge) -> None:
    assert judge(API_PORT_TAKEN, facts(machine(gateway()), backing_off(Outcome.SILENT), wants=ON_4002)) == Absent()


def test_the_owner_is_named(judge: Judge) -> None:
    for process in (LOGGED_IN, WAITING, gateway(ports=(4001,))):
        for outcome in (Outcome.NOT_TWS, Outcome.CLOSED, Outcome.SILENT):
            around = machine(process, listeners=(foreign(4002),))
            verdict = judge(API_PORT_TAKEN, facts(around, backing_off(outcome, 4002), wants=ON_4002))

            assert isinstance(verdict, Present)
            assert verdict.args["owner"] == "mailserver (pid 505)"
            assert verdict.evidence[0] == "mailserver (pid 505) listens on 4002"


def test_a_configured_port_that_is_taken_comes_before_an_absence(judge: Judge) -> None:
    seen = facts(machine(listeners=(foreign(4002),)), backing_off(Outcome.NOT_TWS, 4002), wants=ON_4002)

    assert isinstance(judge(API_PORT_TAKEN, seen), Present)
    assert judge(APP_NOT_RUNNING, seen) == Absent()


def test_an_automatic_port_is_only_a_guess_until_somebody_is_logged_in(judge: Judge) -> None:
    port = 4001
    for process, taken in ((WAITING, False), (LOGGED_IN, True)):
        seen = facts(machine(process, listeners=(foreign(port),)), backing_off(Outcome.NOT_TWS, port))

        assert isinstance(judge(API_PORT_TAKEN, seen), Present) is taken
        assert isinstance(judge(LOGIN_PENDING, seen), Present) is not taken


def test_before_an_attempt_it_is_undecided(judge: Judge) -> None:
    seen = facts(machine(LOGGED_IN, listeners=(foreign(4002),)), backing_off(), wants=ON_4002)

    assert isinstance(judge(API_PORT_TAKEN, seen), Undecided)


def test_whoever_speaks_the_tws_api_has_not_taken_the_port(judge: Judge) -> None:
    for outcome in (Outcome.READY, Outcome.ID_IN_USE, Outcome.OUTDATED, Outcome.NOT_READY):
        seen = facts(machine(listeners=(foreign(4002),)), backing_off(outcome, 4002), wants=ON_4002)

        assert judge(API_PORT_TAKEN, seen) == Absent(), outcome


def test_one_that_answers_as_a_web_server_is_no_relay_whatever_its_name(judge: Judge) -> None:
    answer = backing_off(Outcome.NOT_TWS, 4002, detail="answered with “HTTP/1.1 400 Bad”")
    for program in ("nginx", "docker-proxy", "ssh"):
        seen = facts(machine(listeners=(relay(4002, program),)), answer, wants=ON_4002)
        verdict = judge(API_PORT_TAKEN, seen)

        assert isinstance(verdict, Present)
        assert verdict.args["owner"] == f"{program} (pid 771)"
        assert verdict.evidence[1] == "it answered as a web server: the answer begins with “HTTP/1.1 400 Bad”"


def test_a_nameless_owner_is_no_stranger(judge: Judge) -> None:
    owner = foreign(4002, program=None, pid=None)
    seen = facts(machine(listeners=(owner,)), backing_off(Outcome.NOT_TWS, 4002), wants=ON_4002)

    assert judge(API_PORT_TAKEN, seen) == Absent()


def test_one_that_takes_no_connection_is_a_stranger_too(judge: Judge) -> None:
    seen = facts(machine(listeners=(foreign(4002),)), backing_off(Outcome.UNREACHABLE, elapsed=5.0), wants=ON_4002)
    verdict = judge(API_PORT_TAKEN, seen)

    assert isinstance(verdict, Present)
    assert verdict.evidence[1] == "it took no connection within 5.0 s"


def test_one_that_hangs_up_where_no_application_runs_is_taken_for_a_relay(judge: Judge) -> None:
    seen = facts(machine(listeners=(foreign(4002),)), backing_off(Outcome.CLOSED), wants=ON_4002)

    assert judge(API_PORT_TAKEN, seen) == Absent()


def test_the_longest_names_fit(judge: Judge) -> None:
    process: Process = gateway(ports=(), link_for=600.0)
    owner = foreign(65535, program="a-program-with-a-name-of-forty-characters-and-more", pid=4_194_304)
    seen = facts(
        machine(process, listeners=(owner,)), backing_off(Outcome.NOT_TWS, 65535), wants=connection(port=65535)
    )

    assert isinstance(judge(API_PORT_TAKEN, seen), Present)
