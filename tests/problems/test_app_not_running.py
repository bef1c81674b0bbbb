"""app-not-running: absence, where a presence was expected."""

from dataclasses import replace

from agent.core.facts import Known, MachineFacts, SettingsHints, Sight, Sockets, Unknown
from agent.core.memory import Served
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.core.settings import WantedApplication
from agent.guides import load_guides
from agent.problems.app_not_running import APP_NOT_RUNNING
from agent.tws.api_settings import Configuration, LockAndExit
from agent.tws.applications import ApplicationKind
from agent.tws.calendar import Expectation, Outage, OutageKind
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, backing_off, connection, facts, foreign, gateway, machine, relay, tws

GONE = Sight(last_pid=3117, gone_since=NOW.monotonic - 30.0, ever=True)
NEVER_SEEN = Sight()


def test_a_running_application_is_no_problem(judge: Judge) -> None:
    assert judge(APP_NOT_RUNNING, facts()) == Absent()


def test_an_application_that_went_away_is_missed(judge: Judge) -> None:
    verdict = judge(APP_NOT_RUNNING, facts(machine(), backing_off(Outcome.REFUSED), sight=GONE))

    assert isinstance(verdict, Present)
    assert "the process seen before (pid 3117) has been gone since 13:59:30" in verdict.evidence
    assert "nothing listens on 4001" in verdict.evidence


def test_an_attempt_that_once_succeeded_does_not_hide_the_absence(judge: Judge) -> None:
    assert isinstance(judge(APP_NOT_RUNNING, facts(machine(), backing_off(Outcome.READY, 4001), sight=GONE)), Present)


def test_an_api_that_answers_through_a_relay_is_enough(judge: Judge) -> None:
    for owner in (relay(4001), foreign(4001, program=None, pid=None)):
        seen = facts(machine(listeners=(owner,)), backing_off(Outcome.READY, 4001), sight=GONE)

        assert judge(APP_NOT_RUNNING, seen) == Absent()


def test_a_tunnel_that_served_and_is_gone_is_missed_by_its_kind(judge: Judge) -> None:
    served = Served(4001, "ssh", 700)
    verdict = judge(APP_NOT_RUNNING, replace(facts(machine(), backing_off(Outcome.REFUSED, 4001)), served=served))

    assert isinstance(verdict, Present)
    assert verdict.case == "tunnel"
    assert verdict.args["missing"].startswith("The tunnel (ssh) that led to IB Gateway is gone, and no TWS API answers")
    steps = load_guides()["app-not-running"].steps_for(ApplicationKind.GATEWAY, verdict.args, verdict.case)
    assert [step.split(",")[0] for step in steps] == [
        "If a tunnel leads to IB Gateway",
        "Check that IB Gateway runs there and is logged in.",
    ]


def test_a_tunnel_is_not_called_gone_where_not_all_listeners_are_shown(judge: Judge) -> None:
    around = machine(sockets=Known(Sockets(unseen="programs of other users are not shown")))
    told = [
        judge(APP_NOT_RUNNING, replace(facts(around, backing_off(result, 4001)), served=Served(4001, "ssh", 700)))
        for result in (None, Outcome.REFUSED)
    ]

    assert [getattr(verdict, "case", None) == "tunnel" for verdict in told] == [False, True]


def test_a_foreign_program_on_the_port_does_not_make_up_for_it(judge: Judge) -> None:
    seen = facts(machine(listeners=(foreign(4001),)), backing_off(Outcome.NOT_TWS, 4001), sight=GONE)

    assert isinstance(judge(APP_NOT_RUNNING, seen), Present)


def test_an_application_of_another_connection_does_not_count(judge: Judge) -> None:
    other = connection("Other", port=4002)
    verdict = judge(APP_NOT_RUNNING, facts(machine(gateway()), backing_off(), sight=NEVER_SEEN, others=(other,)))

    assert isinstance(verdict, Present)
    assert "IB Gateway 10.45 (pid 3117) listens on 4002 and belongs to another connection" in verdict.evidence
    assert verdict.args["missing"].startswith("No IB Gateway runs for this connection, and no TWS API answers on ")


def test_one_of_the_other_kind_is_no_application_that_runs_for_others(judge: Judge) -> None:
    other, wanted = (
        connection("Other", application=WantedApplication.TWS, port=7496),
        connection(application=WantedApplication.GATEWAY),
    )
    around = machine(tws(ports=(7496,)))
    verdict = judge(
        APP_NOT_RUNNING, replace(facts(around, backing_off(), sight=GONE, others=(other,)), connection=wanted)
    )

    assert isinstance(verdict, Present)
    assert verdict.args["missing"].startswith("IB Gateway does not run on this computer")


def test_nothing_is_expected_of_an_application_nobody_asked_for(judge: Judge) -> None:
    nobody = connection("TWS or IB Gateway", application=WantedApplication.ANY, implicit=True)

    assert judge(APP_NOT_RUNNING, facts(machine(), backing_off(), wants=nobody, sight=NEVER_SEEN)) == Absent()


def test_somebody_who_asks_is_told_all_the_same(judge: Judge) -> None:
    nobody = connection("TWS or IB Gateway", application=WantedApplication.ANY, implicit=True)
    seen = facts(machine(), backing_off(), wants=nobody, sight=NEVER_SEEN, doctor=True)

    assert isinstance(judge(APP_NOT_RUNNING, seen), Present)


def test_its_own_daily_restart_is_not_an_absence(judge: Judge) -> None:
    restart = Outage(OutageKind.RESTART, began=NOW.wall - 60.0, ends=NOW.wall + 240.0)
    under_way, over = Expectation(restart=restart), Expectation(restart=replace(restart, ends=NOW.wall - 1.0))

    assert judge(APP_NOT_RUNNING, facts(machine(), backing_off(), sight=GONE, expected=under_way)) == Absent()
    assert isinstance(judge(APP_NOT_RUNNING, facts(machine(), backing_off(), sight=GONE, expected=over)), Present)


def test_a_wish_to_stay_disconnected_expects_no_application(judge: Judge) -> None:
    session = replace(backing_off(), wanted=False)

    assert judge(APP_NOT_RUNNING, facts(machine(), session, sight=GONE)) == Absent()


def test_a_remote_application_is_not_looked_for_here(judge: Judge) -> None:
    far = connection(host="192.168.1.20", port=4002)

    assert judge(APP_NOT_RUNNING, facts(machine(), backing_off(), wants=far)) == Absent()


def test_what_was_not_looked_at_is_undecided(judge: Judge) -> None:
    for around in (MachineFacts(), machine(processes=Unknown("access denied"))):
        assert isinstance(judge(APP_NOT_RUNNING, facts(around, backing_off())), Undecided)


def test_a_refused_port_and_no_process_are_enough_without_the_sockets(judge: Judge) -> None:
    seen = facts(machine(sockets=Unknown("access denied")), backing_off(Outcome.REFUSED, 4001), sight=GONE)

    assert isinstance(judge(APP_NOT_RUNNING, seen), Present)


def test_a_restart_by_hand_and_a_start_at_log_in_are_given_time() -> None:
    assert APP_NOT_RUNNING.visible_after(facts(sight=GONE)) == 10.0
    assert APP_NOT_RUNNING.visible_after(facts(sight=NEVER_SEEN)) == 60.0
    assert APP_NOT_RUNNING.visible_after(facts(sight=NEVER_SEEN, doctor=True)) == 0.0


def test_a_daily_log_off_explains_why_it_is_gone(judge: Judge) -> None:
    logs_off = Configuration(lock_and_exit=LockAndExit("11:45", "PM", "logoff"))
    verdict = judge(APP_NOT_RUNNING, facts(machine(), backing_off(), settings=logs_off))

    assert isinstance(verdict, Present)
    assert "Lock and Exit is set to “Auto logoff” every day at 23:45, as the API told at 13:59:00" in verdict.evidence


def test_one_that_ended_at_its_log_off_time_is_told_with_that_reason(judge: Judge) -> None:
    ibc = SettingsHints(auto_logoff_time=13 * 60 + 59, source="config.ini")
    for hints, settings in (
        (ibc, None),
        (None, Configuration(lock_and_exit=LockAndExit("1:59", "PM", "logoff"))),
    ):
        sight = replace(GONE, hints=hints)
        verdict = judge(APP_NOT_RUNNING, facts(machine(), backing_off(), sight=sight, settings=settings))

        assert isinstance(verdict, Present)
        assert verdict.args["then"] == "It was set to log off every day at 13:59, and ended then. Start it and log in."


def test_a_log_off_at_another_time_is_no_reason(judge: Judge) -> None:
    sight = replace(GONE, hints=SettingsHints(auto_logoff_time=23 * 60, source="config.ini"))
    verdict = judge(APP_NOT_RUNNING, facts(machine(), backing_off(), sight=sight))

    assert isinstance(verdict, Present)
    assert "ended then" not in verdict.args["then"]
    assert "config.ini: it logs off every day at 23:00" in verdict.evidence


def test_one_that_did_not_come_back_from_its_daily_restart_is_told_as_that(judge: Judge) -> None:
    sight = replace(GONE, gone_since=NOW.monotonic - 600.0)
    restarts = Configuration(lock_and_exit=LockAndExit("1:49", "PM", "restart"))
    verdict = judge(APP_NOT_RUNNING, facts(machine(), backing_off(), sight=sight, settings=restarts))

    assert isinstance(verdict, Present)
    words = "It was set to restart every day at 13:49, and did not come back. Start it and log in."
    assert verdict.args["then"] == words
