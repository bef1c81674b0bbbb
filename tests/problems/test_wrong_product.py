"""wrong-product: the Client Portal Gateway instead of an application with the TWS API."""

from agent.core.facts import Listener, OtherProcess, Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.problems.api_port_mismatch import API_PORT_MISMATCH
from agent.problems.app_not_running import APP_NOT_RUNNING
from agent.problems.wrong_product import WRONG_PRODUCT
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connection, facts, gateway, machine, tws

PORTAL = OtherProcess(640, "java", (5000,))
ITS_PORT = Listener(5000, 640, "java")


def test_client_portal_beside_the_wanted_application_is_no_problem(judge: Judge) -> None:
    around = machine(gateway(), client_portal=(PORTAL,), listeners=(ITS_PORT,))

    assert judge(WRONG_PRODUCT, facts(around, backing_off())) == Absent()


def test_client_portal_alone_is_told_in_place_of_an_absence(judge: Judge) -> None:
    seen = facts(machine(client_portal=(PORTAL,), listeners=(ITS_PORT,)), backing_off())
    verdict = judge(WRONG_PRODUCT, seen)

    assert isinstance(verdict, Present)
    assert "Client Portal Gateway runs (pid 640) and listens on 5000" in verdict.evidence
    assert judge(APP_NOT_RUNNING, seen) == Absent()


def test_its_port_in_the_configuration_is_told_even_when_ib_gateway_runs(judge: Judge) -> None:
    around = machine(gateway(), client_portal=(PORTAL,), listeners=(ITS_PORT,))
    seen = facts(around, backing_off(Outcome.NOT_TWS, 5000), wants=connection(port=5000))
    verdict = judge(WRONG_PRODUCT, seen)

    assert isinstance(verdict, Present)
    assert "the configured API port is 5000" in verdict.evidence
    assert judge(API_PORT_MISMATCH, seen) == Absent()


def test_the_other_application_counts_for_more(judge: Judge) -> None:
    around = machine(tws(), client_portal=(PORTAL,), listeners=(ITS_PORT,))

    assert judge(WRONG_PRODUCT, facts(around, backing_off())) == Absent()


def test_without_the_process_table_it_is_undecided(judge: Judge) -> None:
    assert isinstance(judge(WRONG_PRODUCT, facts(machine(processes=Unknown("denied")), backing_off())), Undecided)
