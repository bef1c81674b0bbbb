"""api-disabled: a settled link to IB's servers, and no API port."""

from dataclasses import replace

from agent.core.alerts.diagnosis import diagnose
from agent.core.facts import Known, SettingsHints, Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.settings import WantedApplication
from agent.core.timing import Timing
from agent.problems import PROBLEMS
from agent.problems.api_disabled import API_DISABLED
from agent.problems.app_starting import APP_STARTING
from agent.problems.login_pending import LOGIN_PENDING
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connection, facts, gateway, machine, tws

TWS_WANTED = connection("TWS", application=WantedApplication.TWS)
LOGGED_IN = tws(ports=(), link_for=600.0)


def test_an_open_api_port_is_no_problem(judge: Judge) -> None:
    assert judge(API_DISABLED, facts(machine(tws()), backing_off(), wants=TWS_WANTED)) == Absent()


def test_tws_that_is_logged_in_without_a_port_has_its_api_switched_off(judge: Judge) -> None:
    verdict = judge(API_DISABLED, facts(machine(LOGGED_IN), backing_off(), wants=TWS_WANTED))

    assert isinstance(verdict, Present)
    assert "Enable ActiveX and Socket Clients" in verdict.args["cause"]
    assert "198.51.100.7:4001" in verdict.evidence[2]


def test_a_start_is_given_its_time_except_by_the_doctor_who_has_watched_already(judge: Judge) -> None:
    for age, doctor, told in ((50.0, False, True), (40.0, False, False), (40.0, True, True)):
        young = tws(age=age, ports=(), link_for=31.0)
        seen = facts(machine(young), backing_off(), wants=TWS_WANTED, doctor=doctor)

        assert isinstance(judge(API_DISABLED, seen), Present) is told
        assert isinstance(judge(APP_STARTING, seen), Present) is not told


def test_nobody_hears_of_it_while_a_log_in_may_still_open_the_port() -> None:
    def grace(link_for: float, doctor: bool = False) -> float:
        seen = facts(machine(tws(ports=(), link_for=link_for)), backing_off(), wants=TWS_WANTED, doctor=doctor)
        return API_DISABLED.visible_after(seen)

    assert grace(31.0) == 29.0
    assert grace(600.0) == Timing().silence_grace
    assert grace(31.0, doctor=True) == 0.0


def test_ib_gateway_has_no_such_box_and_is_told_otherwise(judge: Judge) -> None:
    hung = gateway(ports=(), link_for=600.0)
    ctci = replace(hung, hints=Known(SettingsHints(api_only=False)))
    of_hung = judge(API_DISABLED, facts(machine(hung), backing_off()))
    of_ctci = judge(API_DISABLED, facts(machine(ctci), backing_off()))

    assert isinstance(of_hung, Present)
    assert isinstance(of_ctci, Present)
    assert of_hung.args["cause"].startswith("it hangs")
    assert of_ctci.args["cause"].startswith("“FIX CTCI” was chosen")
    assert "ActiveX" not in of_hung.args["cause"] + of_ctci.args["cause"]


def test_without_a_link_it_is_a_log_in_that_is_missing(judge: Judge) -> None:
    seen = facts(machine(tws(ports=(), link_for=None)), backing_off(), wants=TWS_WANTED)

    assert judge(API_DISABLED, seen) == Absent()
    assert isinstance(judge(LOGIN_PENDING, seen), Present)


def test_a_young_link_leaves_it_open(judge: Judge) -> None:
    seen = facts(machine(tws(ports=(), link_for=29.0)), backing_off(), wants=TWS_WANTED)

    assert isinstance(judge(API_DISABLED, seen), Undecided)


def test_an_application_whose_ports_are_withheld_may_well_listen(judge: Judge) -> None:
    hidden = replace(LOGGED_IN, ports_withheld=True)
    seen = facts(machine(hidden), backing_off(), wants=TWS_WANTED)

    assert isinstance(judge(API_DISABLED, seen), Undecided)
    assert [f.problem.code for f in diagnose(seen, PROBLEMS).found] == ["agent-cannot-see"]


def test_without_the_sockets_it_is_undecided(judge: Judge) -> None:
    around = machine(LOGGED_IN, sockets=Unknown("denied"))

    assert isinstance(judge(API_DISABLED, facts(around, backing_off(), wants=TWS_WANTED)), Undecided)
