from agent.core.problem import Absent, Present
from agent.core.session_facts import Outcome, Phase, SessionFacts
from agent.problems.app_outdated import APP_OUTDATED
from tests.problems.conftest import Judge
from tests.problems.scene import attempt, connected, facts, gateway, machine


def test_it_tells_the_server_version_found_and_the_one_needed(judge: Judge) -> None:
    old = SessionFacts(phase=Phase.BLOCKED, attempt=attempt(Outcome.OUTDATED, server_version=76))

    verdict = judge(APP_OUTDATED, facts(machine(gateway(version="9.72")), old))

    assert isinstance(verdict, Present)
    assert verdict.args["spoken"] == "server version 76"
    assert verdict.evidence == (
        "port 4002 answered at 13:59:59 with server version 76",
        "at least server version 157 is needed (TWS or IB Gateway 972)",
        "IB Gateway 9.72 (pid 3117) runs",
    )


def test_a_version_that_was_not_told_is_not_made_up(judge: Judge) -> None:
    verdict = judge(APP_OUTDATED, facts(session=SessionFacts(attempt=attempt(Outcome.OUTDATED))))

    assert isinstance(verdict, Present)
    assert verdict.args["spoken"] == "an older server version"


def test_the_oldest_version_is_what_our_api_client_asks_for() -> None:
    from ib_async.client import Client

    from agent.problems.app_outdated import OLDEST_SERVER_VERSION

    assert Client.MinClientVersion == OLDEST_SERVER_VERSION


def test_it_is_absent_in_a_session_and_once_the_application_is_gone(judge: Judge) -> None:
    old = SessionFacts(attempt=attempt(Outcome.OUTDATED, server_version=76))

    assert judge(APP_OUTDATED, facts(session=connected())) == Absent()
    assert judge(APP_OUTDATED, facts(machine(), old)) == Absent()
