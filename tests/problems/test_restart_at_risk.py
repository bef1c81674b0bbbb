import pytest

from agent.core.facts import Known, SettingsHints, SettingsTold
from agent.core.guide import fill
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.problems.restart_at_risk import RESTART_AT_RISK
from agent.tws.api_settings import Configuration, LockAndExit
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, facts, gateway, machine

LOGS_OFF = Configuration(lock_and_exit=LockAndExit("11:45", "PM", "logoff"))


def test_a_daily_log_off_is_told_with_its_time(judge: Judge) -> None:
    verdict = judge(RESTART_AT_RISK, facts(settings=LOGS_OFF))

    assert isinstance(verdict, Present)
    assert verdict.evidence == (
        "Lock and Exit is set to “Auto logoff” every day at 23:45, as the API told at 13:59:00",
    )
    assert "set to log off every day at 23:45" in fill(RESTART_AT_RISK.text, verdict.args)


def test_a_log_off_without_a_readable_time_is_told_all_the_same(judge: Judge) -> None:
    verdict = judge(
        RESTART_AT_RISK, facts(settings=Configuration(lock_and_exit=LockAndExit("noon", "", "Auto logoff")))
    )

    assert isinstance(verdict, Present)
    assert verdict.args["when"] == "every day"


@pytest.mark.parametrize(
    "lock", [LockAndExit("11:45", "PM", "restart"), LockAndExit("11:45", "PM", None), LockAndExit("11:45", "PM", "?")]
)
def test_a_restart_or_something_unknown_is_no_risk_to_warn_of(judge: Judge, lock: LockAndExit) -> None:
    assert judge(RESTART_AT_RISK, facts(settings=Configuration(lock_and_exit=lock))) == Absent()


def test_it_cannot_be_told_before_the_settings_were_asked_for(judge: Judge) -> None:
    assert isinstance(judge(RESTART_AT_RISK, facts(settings=SettingsTold())), Undecided)
    assert judge(RESTART_AT_RISK, facts()) == Absent()
    assert judge(RESTART_AT_RISK, facts(session=backing_off(Outcome.REFUSED), settings=LOGS_OFF)) == Absent()


def test_ibcs_configuration_tells_of_a_coming_log_off_where_the_application_does_not(judge: Judge) -> None:
    for hints, words in (
        (SettingsHints(auto_logoff_time=1425, source="config.ini"), "set to log off every day at 23:45 instead"),
        (
            SettingsHints(closes_at=1320, closes_on=4, source="config.ini"),
            "to be closed by IBC every Friday at 22:00",
        ),
    ):
        for settings in (None, SettingsTold()):
            around = machine(gateway(hints=Known(hints)))
            verdict = judge(RESTART_AT_RISK, facts(around, settings=settings))

            assert isinstance(verdict, Present)
            assert words in fill(RESTART_AT_RISK.text, verdict.args)
            assert verdict.case == "by-a-file"


def test_the_application_knows_better_than_ibcs_configuration(judge: Judge) -> None:
    around = machine(gateway(hints=Known(SettingsHints(auto_logoff_time=1425, source="config.ini"))))
    restarts = Configuration(lock_and_exit=LockAndExit("11:45", "PM", "restart"))

    assert judge(RESTART_AT_RISK, facts(around, settings=restarts)) == Absent()
