"""login-pending: runs, listens nowhere, and has no link to IB's servers."""

import re
from dataclasses import replace

from agent.core.facts import Known, SettingsHints, Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.settings import WantedMode
from agent.problems.api_disabled import API_DISABLED
from agent.problems.api_port_mismatch import API_PORT_MISMATCH
from agent.problems.app_starting import APP_STARTING
from agent.problems.login_pending import LOGIN_PENDING
from agent.tws.applications import TradingMode
from agent.tws.calendar import Expectation, Outage, OutageKind
from agent.tws.launcher_log import AWAITS_USER, LoginStage
from agent.tws.reset_windows import Region
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, backing_off, connection, facts, gateway, login, machine

WAITING = gateway(age=200.0, ports=(), link_for=None)


def test_an_application_that_listens_is_logged_in(judge: Judge) -> None:
    assert judge(LOGIN_PENDING, facts(machine(gateway()), backing_off())) == Absent()


def test_a_log_in_screen_is_told_with_since_when(judge: Judge) -> None:
    hints = Known(SettingsHints(trading_mode=TradingMode.PAPER, source="jts.ini"))
    verdict = judge(LOGIN_PENDING, facts(machine(replace(WAITING, hints=hints)), backing_off()))

    assert isinstance(verdict, Present)
    assert verdict.evidence == (
        "IB Gateway 10.45 (pid 3117) has been running since 13:56:40",
        "IB Gateway 10.45 (pid 3117) listens on no API port",
        "it has no connection to IB’s servers",
        "jts.ini: paper was selected last on the log-in screen",
    )


def test_it_follows_the_start_without_a_gap(judge: Judge) -> None:
    for age in (44.0, 45.0):
        seen = facts(machine(gateway(age=age, ports=(), link_for=None)), backing_off())
        here = [isinstance(judge(p, seen), Present) for p in (APP_STARTING, LOGIN_PENDING)]

        assert here == [age < 45.0, age >= 45.0]


def test_a_link_too_young_to_prove_a_log_in_leaves_it_open(judge: Judge) -> None:
    for doctor in (False, True):
        young = gateway(age=200.0, ports=(), link_for=10.0)

        assert isinstance(judge(LOGIN_PENDING, facts(machine(young), backing_off(), doctor=doctor)), Undecided)


def test_a_settled_link_proves_the_log_in(judge: Judge) -> None:
    seen = facts(machine(gateway(age=200.0, ports=(), link_for=30.0)), backing_off())

    assert judge(LOGIN_PENDING, seen) == Absent()


def test_the_paper_log_in_is_missed_though_a_live_gateway_listens(judge: Judge) -> None:
    live = gateway(pid=10, ports=(4001,))
    seen = facts(machine(live, WAITING), backing_off(), wants=connection(port=4002, trading_mode=WantedMode.ANY))

    assert isinstance(judge(LOGIN_PENDING, seen), Present)
    assert judge(API_PORT_MISMATCH, seen) == Absent()


def test_without_the_sockets_it_is_undecided(judge: Judge) -> None:
    assert isinstance(
        judge(LOGIN_PENDING, facts(machine(WAITING, sockets=Unknown("denied")), backing_off())), Undecided
    )


def test_somebody_may_be_typing_a_password() -> None:
    assert LOGIN_PENDING.visible_after(facts()) == 15.0
    assert LOGIN_PENDING.visible_after(facts(doctor=True)) == 0.0


def test_a_connection_to_ibs_servers_is_no_log_in_while_the_second_factor_is_awaited(judge: Judge) -> None:
    for link_for in (None, 10.0, 170.0):
        waiting = gateway(age=200.0, ports=(), link_for=link_for, login=login(LoginStage.AWAITED, ago=100.0))
        seen = facts(machine(waiting), backing_off(), doctor=True)

        assert isinstance(judge(LOGIN_PENDING, seen), Present)
        assert judge(API_DISABLED, seen) == Absent()


def test_a_log_that_has_fallen_silent_claims_nothing_of_now_and_says_so(judge: Judge) -> None:
    """What happened remains a fact, with its time; the title tells nothing that may have passed."""
    for stage in set(LoginStage) - {LoginStage.ACCEPTED}:
        silent = replace(WAITING, login=Known(login(stage, ago=3700.0, heard=3600.0)))
        verdict = judge(LOGIN_PENDING, facts(machine(silent), backing_off()))

        assert isinstance(verdict, Present)
        assert verdict.args["which"] == ""
        assert bool(verdict.case) is (stage in AWAITS_USER)
        assert (" at 12:58" in verdict.args["awaited"]) is (stage in AWAITS_USER - {LoginStage.LOCKED})
        assert not re.search(r"\b(has|have) been\b", verdict.args["awaited"])
        assert any("silent since 13:00:00, so that it says nothing about now" in line for line in verdict.evidence)


def test_one_that_needs_the_user_is_told_though_it_has_just_started(judge: Judge) -> None:
    for stage in LoginStage:
        young = gateway(age=10.0, ports=(), link_for=None, login=login(stage, ago=5.0, left=60.0))
        here = [
            isinstance(judge(p, facts(machine(young), backing_off())), Present) for p in (APP_STARTING, LOGIN_PENDING)
        ]

        assert here == [stage not in AWAITS_USER, stage in AWAITS_USER], stage


def test_ibs_reset_is_named_where_it_meets_this_log_in(judge: Judge) -> None:
    reset = Outage(OutageKind.RESET, NOW.wall - 500.0, NOW.wall + 600.0, Region.EUROPE)
    for region, named in ((Region.EUROPE, True), (None, False)):
        expected = Expectation(outage=replace(reset, region=region))
        verdict = judge(LOGIN_PENDING, facts(machine(WAITING), backing_off(), expected=expected))

        assert isinstance(verdict, Present)
        line = "the daily reset of IB’s European servers lasts until 14:10: a log-in may fail until then"
        assert (line in verdict.evidence) is named
