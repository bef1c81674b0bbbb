import pytest

from agent.core.facts import Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.problems.login_due import LOGIN_DUE, NOTICE_PERIOD
from agent.tws.calendar import Expectation
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, backing_off, connected, connection, facts, gateway, machine

SOON = Expectation(login_due=NOW.wall + 10.5 * 3600)


def test_it_says_when_in_local_time(judge: Judge) -> None:
    verdict = judge(LOGIN_DUE, facts(expected=SOON))

    assert isinstance(verdict, Present)
    assert verdict.args == {"app": "IB Gateway", "due": "Tuesday 00:30"}
    assert verdict.evidence == (
        "IB ends all log-ins at Tuesday 00:30 local time (Sunday 01:00 in New York)",
        "IB Gateway 10.45 (pid 3117) is running",
    )


@pytest.mark.parametrize("ahead", [NOTICE_PERIOD + 1, 0.0, -60.0, 6 * 86400.0])
def test_it_is_absent_long_before_and_once_it_has_passed(judge: Judge, ahead: float) -> None:
    assert judge(LOGIN_DUE, facts(expected=Expectation(login_due=NOW.wall + ahead))) == Absent()


def test_the_whole_notice_period_counts(judge: Judge) -> None:
    assert isinstance(judge(LOGIN_DUE, facts(expected=Expectation(login_due=NOW.wall + NOTICE_PERIOD))), Present)


def test_a_calendar_that_does_not_tell_means_nothing(judge: Judge) -> None:
    assert judge(LOGIN_DUE, facts(expected=Expectation())) == Absent()


def test_a_log_in_screen_has_no_log_in_that_could_end(judge: Judge) -> None:
    young = machine(gateway(link_for=None, ports=()))

    assert judge(LOGIN_DUE, facts(young, backing_off(), expected=SOON)) == Absent()


def test_it_is_as_old_as_its_notice_period_and_never_a_headline(judge: Judge) -> None:
    verdict = judge(LOGIN_DUE, facts(expected=SOON))

    assert isinstance(verdict, Present)
    assert verdict.since == NOW.monotonic - 1.5 * 3600
    assert LOGIN_DUE.ahead


def test_without_a_running_application_nobody_is_logged_in(judge: Judge) -> None:
    assert judge(LOGIN_DUE, facts(machine(), backing_off(), expected=SOON)) == Absent()


def test_a_session_with_a_remote_application_proves_that_it_runs(judge: Judge) -> None:
    wants = connection(host="192.0.2.10", port=4002)

    assert isinstance(judge(LOGIN_DUE, facts(machine(), connected(), expected=SOON, wants=wants)), Present)
    assert judge(LOGIN_DUE, facts(machine(), backing_off(), expected=SOON, wants=wants)) == Absent()


def test_a_process_table_that_cannot_be_read_leaves_it_undecided(judge: Judge) -> None:
    seen = facts(machine(processes=Unknown("timed out")), backing_off(), expected=SOON)

    assert judge(LOGIN_DUE, seen) == Undecided("timed out")
