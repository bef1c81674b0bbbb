"""wrong-application: the other one runs, and nobody else accounts for it."""

from agent.core.facts import Abilities, Sight, Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.core.settings import WantedApplication
from agent.fixes.use_port import USE_PORT
from agent.problems.api_port_mismatch import API_PORT_MISMATCH
from agent.problems.app_not_running import APP_NOT_RUNNING
from agent.problems.wrong_application import WRONG_APPLICATION
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connected, connection, facts, gateway, machine, tws


def test_the_wanted_application_is_no_problem(judge: Judge) -> None:
    assert judge(WRONG_APPLICATION, facts(machine(gateway(), tws()), backing_off())) == Absent()


def test_tws_in_place_of_ib_gateway_is_told_in_place_of_an_absence(judge: Judge) -> None:
    seen = facts(machine(tws()), backing_off(Outcome.REFUSED))
    verdict = judge(WRONG_APPLICATION, seen)

    assert isinstance(verdict, Present)
    assert verdict.args == {"wanted": "IB Gateway", "other": "TWS"}
    assert "TWS 10.45 (pid 2020) listens on 7497" in verdict.evidence
    assert judge(APP_NOT_RUNNING, seen) == Absent()


def test_ib_gateway_in_place_of_tws_is_told_even_on_the_configured_port(judge: Judge) -> None:
    wants = connection(application=WantedApplication.TWS, port=4002)

    assert isinstance(judge(WRONG_APPLICATION, facts(machine(gateway()), backing_off(), wants=wants)), Present)


def test_with_both_running_the_one_that_is_meant_is_on_another_port(judge: Judge) -> None:
    wants = connection(application=WantedApplication.TWS, port=4002)
    both = machine(gateway(), tws())

    for session in (connected(), backing_off(Outcome.SILENT)):
        seen = facts(both, session, wants=wants, abilities=Abilities(config_file="gatelight.toml"))
        mismatch, offer = judge(API_PORT_MISMATCH, seen), USE_PORT.offer(seen)

        assert judge(WRONG_APPLICATION, seen) == Absent()
        assert isinstance(mismatch, Present)
        assert mismatch.evidence[2] == "IB Gateway 10.45 (pid 3117) listens on 4002"
        assert mismatch.args["holder"] == "IB Gateway 10.45 (pid 3117)"
        assert offer is not None
        assert "7497" in offer.label


def test_an_application_that_another_connection_means_is_not_the_wrong_one(judge: Judge) -> None:
    other = connection("Charts", application=WantedApplication.TWS)
    seen = facts(machine(tws()), backing_off(), others=(other,))

    assert judge(WRONG_APPLICATION, seen) == Absent()
    assert isinstance(judge(APP_NOT_RUNNING, seen), Present)


def test_either_will_do_where_any_is_wanted(judge: Judge) -> None:
    anyone = connection(application=WantedApplication.ANY)

    assert judge(WRONG_APPLICATION, facts(machine(tws()), backing_off(), wants=anyone)) == Absent()


def test_without_the_process_table_it_is_undecided(judge: Judge) -> None:
    assert isinstance(judge(WRONG_APPLICATION, facts(machine(processes=Unknown("denied")), backing_off())), Undecided)


def test_it_is_given_the_time_of_an_absence() -> None:
    assert WRONG_APPLICATION.visible_after(facts(sight=Sight())) == 60.0
