"""The one cause of a missing log-in, in words: what is said of each stage, and when that changes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agent.core.facts import Facts, Known, Process
from agent.guides import load_guides
from agent.problems.shared.login import LoginCause, login_cause, login_evidence, standing_login
from agent.tws.calendar import Expectation, Outage, OutageKind
from agent.tws.launcher_log import LoginStage, LoginTold
from agent.tws.reset_windows import Region
from tests.problems.scene import NOW, facts, gateway, login, machine

RESET = Expectation(outage=Outage(OutageKind.RESET, NOW.wall - 500.0, NOW.wall + 600.0, Region.ASIA))


def at_log_in(told: LoginTold | None) -> Process:
    return gateway(age=200.0, ports=(), link_for=None, login=told)


def seen(process: Process, expected: Expectation | None = None) -> Facts:
    return facts(machine(process), expected=expected)


def cause(told: LoginTold, expected: Expectation | None = None) -> LoginCause:
    found = login_cause(seen(at_log_in(told), expected), at_log_in(told))
    assert found is not None
    return found


@pytest.mark.parametrize("stage", set(LoginStage) - {LoginStage.ACCEPTED})
def test_every_stage_has_a_cause_with_steps_of_its_own(stage: LoginStage) -> None:
    found = cause(login(stage, left=60.0))

    assert found.brief.startswith(": ")
    assert found.sentence.endswith(".")
    assert found.case in load_guides()["login-pending"].cases
    assert set(load_guides()["restart-stuck"].cases) == set(load_guides()["login-pending"].cases)


def test_an_accepted_log_in_is_no_cause_but_it_is_evidence() -> None:
    accepted = at_log_in(login(LoginStage.ACCEPTED, ago=7200.0, heard=7200.0))

    assert login_cause(seen(accepted), accepted) is None
    assert login_evidence(seen(accepted), accepted) == ("launcher.log: IB accepted a log-in at 12:00:00",)


def test_without_a_log_nothing_is_said() -> None:
    process = at_log_in(None)

    assert standing_login(seen(process), process) is None
    assert (login_cause(seen(process), process), login_evidence(seen(process), process)) == (None, ())


def test_a_push_has_run_out_after_three_minutes() -> None:
    for ago, case, words in (
        (179.0, "awaited", "since 13:57 for your confirmation on the phone; the push runs out at 14:00."),
        (180.0, "unanswered", "The push sent at 13:57 ran out at 14:00, unanswered."),
    ):
        found = cause(login(LoginStage.AWAITED, ago=ago))

        assert found.case == case
        assert words in found.sentence


def test_a_code_does_not_run_out() -> None:
    assert cause(login(LoginStage.AWAITED, ago=900.0, push=False)).case == "code"


def test_a_lock_is_over_at_its_end_and_not_before() -> None:
    for left, case, words in (
        (295.0, "locked", "it is locked until 14:05."),
        (1.0, "locked", "it is locked until 14:01."),
        (0.0, "lock-over", "the lock was over at 14:00."),
        (-60.0, "lock-over", "the lock was over at 13:59."),
    ):
        found = cause(login(LoginStage.LOCKED, left=left))

        assert found.case == case
        assert words in found.sentence


@pytest.mark.parametrize("stage", [LoginStage.NO_WAY, LoginStage.NO_ANSWER])
def test_the_reset_of_the_own_region_is_the_cause_of_servers_that_cannot_be_had(stage: LoginStage) -> None:
    found = cause(login(stage), RESET)

    assert (found.case, found.args) == ("reset", {"until": "14:10"})
    assert "the daily reset of IB’s Asian servers lasts until 14:10" in found.sentence
    assert cause(login(stage)).case != "reset"


def test_the_weekly_log_in_is_named_as_such_only_in_the_day_after_ib_ended_all_log_ins() -> None:
    # IB ended all log-ins on Sunday at 06:00 UTC, 32 hours before.
    due = Expectation(login_due=datetime(2026, 11, 29, 6, 0, tzinfo=UTC).timestamp())
    for age, weekly in ((31 * 3600.0, True), (200.0, False)):
        process = gateway(age=age, ports=(), link_for=None, login=login(LoginStage.EXPIRED))
        found = login_cause(seen(process, due), process)

        assert found is not None
        assert ("weekly" in found.sentence) is weekly is ("weekly" in found.brief)


def test_the_evidence_has_seconds_and_the_end_of_a_lock() -> None:
    process = replace(at_log_in(None), login=Known(login(LoginStage.LOCKED, left=295.0)))

    assert login_evidence(seen(process), process) == ("launcher.log: log-ins were locked at 13:59:00, until 14:04:55",)
