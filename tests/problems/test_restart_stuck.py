"""restart-stuck: an automatic restart whose port did not come back."""

from dataclasses import replace
from datetime import UTC, datetime

from agent.core.facts import Known, Process, SettingsHints, Sight, Unknown
from agent.core.guide import fill
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.core.settings import WantedApplication
from agent.problems.api_disabled import API_DISABLED
from agent.problems.app_starting import APP_STARTING
from agent.problems.login_pending import LOGIN_PENDING
from agent.problems.restart_stuck import RESTART_STUCK
from agent.tws.api_settings import Configuration, LockAndExit
from agent.tws.calendar import Expectation, Outage, OutageKind
from agent.tws.launcher_log import AWAITS_USER, LoginStage
from agent.tws.reset_windows import Region
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, attempt, backing_off, connection, facts, gateway, login, machine, told, tws

FAMILY = (APP_STARTING, LOGIN_PENDING, RESTART_STUCK, API_DISABLED)
REPLACED = Sight(last_pid=3117, ever=True, replaced_at=NOW.monotonic - 395.0)


def restarted(age: float, link_for: float | None = None) -> Process:
    return gateway(age=age, ports=(), link_for=link_for, restarted=True)


def test_a_restart_that_came_back_is_no_problem(judge: Judge) -> None:
    assert judge(RESTART_STUCK, facts(machine(gateway(age=400.0, restarted=True)), backing_off())) == Absent()


def test_a_restart_without_a_port_is_told_after_the_allowance_and_nothing_else_is(judge: Judge) -> None:
    for age, present in ((299.0, APP_STARTING), (300.0, RESTART_STUCK), (25_000.0, RESTART_STUCK)):
        for link_for in (None, 10.0, 200.0):
            seen = facts(machine(restarted(age, link_for)), backing_off())
            there = [p for p in FAMILY if isinstance(judge(p, seen), Present)]

            assert there == [present], (age, link_for)


def test_a_new_process_within_the_daily_restart_is_a_restart(judge: Judge) -> None:
    outage = Outage(OutageKind.RESTART, began=NOW.wall - 410.0, ends=NOW.wall - 110.0)
    process = gateway(age=400.0, ports=(), link_for=None)
    seen = facts(machine(process), backing_off(), sight=REPLACED, expected=Expectation(restart=outage))

    assert isinstance(judge(RESTART_STUCK, seen), Present)


def test_the_restart_time_of_ibcs_configuration_tells_as_well(judge: Judge) -> None:
    # It started at 13:53:20 UTC.
    for minute, is_restart in ((13 * 60 + 52, True), (13 * 60 + 55, False), (23 * 60 + 45, False)):
        process = gateway(age=400.0, ports=(), link_for=None, hints=Known(SettingsHints(auto_restart_time=minute)))
        seen = facts(machine(process), backing_off(), sight=REPLACED)

        assert isinstance(judge(RESTART_STUCK, seen), Present) is is_restart
        assert isinstance(judge(LOGIN_PENDING, seen), Present) is not is_restart


def test_the_restart_time_that_the_application_told_tells_as_well(judge: Judge) -> None:
    process = gateway(age=400.0, ports=(), link_for=None)
    for time, is_restart in (("1:53", True), ("1:54", True), ("1:56", False), ("11:45", False)):
        restarts = Configuration(lock_and_exit=LockAndExit(time, "PM", "restart"))
        seen = replace(facts(machine(process), backing_off(), sight=REPLACED), api_settings=told(restarts))

        assert isinstance(judge(RESTART_STUCK, seen), Present) is is_restart, time


def test_a_reset_of_ib_is_named_and_excuses_only_what_its_log_shows_to_be_kept_off(judge: Judge) -> None:
    reset = Outage(OutageKind.RESET, NOW.wall - 500.0, NOW.wall + 600.0, Region.ASIA)

    def there(process: Process, outage: Outage) -> list[tuple[str, str]]:
        seen = replace(facts(machine(process), backing_off()), expected=Expectation(outage=outage))
        found = ((p, judge(p, seen)) for p in FAMILY)
        return [(p.code, fill(p.text, v.args)) for p, v in found if isinstance(v, Present)]

    ((code, text),) = there(restarted(400.0), reset)
    assert code == "restart-stuck"
    assert "the daily reset of IB’s Asian servers lasts until 14:10" in text

    ((code, text),) = there(replace(restarted(400.0), login=Known(login(LoginStage.NO_WAY))), reset)
    assert code == "app-starting"
    assert "no way to IB’s servers since 13:59" in text
    assert "until 14:10" in text

    ((code, text),) = there(restarted(400.0), replace(reset, region=None))
    assert code == "restart-stuck"
    assert "reset" not in text


def test_a_log_in_that_needs_the_user_is_told_before_the_allowance_is_over(judge: Judge) -> None:
    for stage in LoginStage:
        process = replace(restarted(20.0), login=Known(login(stage, ago=10.0, left=60.0)))
        there = [p for p in FAMILY if isinstance(judge(p, facts(machine(process), backing_off())), Present)]

        assert there == [RESTART_STUCK if stage in AWAITS_USER else APP_STARTING], stage


def test_the_first_restart_after_the_weekly_expiry_names_it(judge: Judge) -> None:
    # IB ended all log-ins on Sunday at 06:00 UTC, 32 hours before.
    due = datetime(2026, 11, 29, 6, 0, tzinfo=UTC).timestamp()
    for age, named in ((31 * 3600.0, True), (33 * 3600.0, False), (400.0, False)):
        seen = replace(facts(machine(restarted(age)), backing_off()), expected=Expectation(login_due=due))
        verdict = judge(RESTART_STUCK, seen)

        assert isinstance(verdict, Present)
        assert ("weekly log-in" in verdict.args["then"]) is named
        assert any("IB ended all log-ins at Sunday 06:00" in line for line in verdict.evidence) is named


def test_a_tws_that_restarted_long_before_anybody_watched_has_its_api_off(judge: Judge) -> None:
    def there(age: float, sight: Sight) -> list[str]:
        process = tws(pid=3117, age=age, ports=(), link_for=200.0, restarted=True)
        wants = connection(application=WantedApplication.TWS)
        seen = facts(machine(process), backing_off(), sight=sight, wants=wants)
        return [p.code for p in FAMILY if isinstance(judge(p, seen), Present)]

    assert there(36_000.0, Sight()) == ["api-disabled"]
    assert there(36_000.0, REPLACED) == ["restart-stuck"]
    assert there(1_000.0, Sight()) == ["restart-stuck"]


def test_a_restart_by_hand_is_not_an_automatic_one(judge: Judge) -> None:
    process = gateway(age=400.0, ports=(), link_for=None)

    assert judge(RESTART_STUCK, facts(machine(process), backing_off(), sight=REPLACED)) == Absent()


def test_a_log_off_long_after_the_restart_is_only_a_log_in_that_is_missing(judge: Judge) -> None:
    # The process still carries the mark of its restart, but its API answered since.
    served = facts(machine(restarted(40_000.0)), backing_off(Outcome.READY))
    before = facts(machine(restarted(400.0)), replace(backing_off(), attempt=attempt(Outcome.READY, ago=500.0)))

    assert judge(RESTART_STUCK, served) == Absent()
    assert isinstance(judge(LOGIN_PENDING, served), Present)
    assert isinstance(judge(RESTART_STUCK, before), Present)


def test_a_port_that_closes_after_it_served_us_is_not_blamed_on_the_restart(judge: Judge) -> None:
    # The attempt is forgotten when its session is lost; that there was a session is not.
    process = restarted(40_000.0, link_for=200.0)
    served = replace(backing_off(), served_listener=f"4002/{process.pid}/{process.started}")
    predecessor = replace(backing_off(), served_listener=f"4002/{process.pid - 1}/{process.started - 500.0}")

    assert judge(RESTART_STUCK, facts(machine(process), served)) == Absent()
    assert isinstance(judge(API_DISABLED, facts(machine(process), served)), Present)
    assert isinstance(judge(RESTART_STUCK, facts(machine(process), predecessor)), Present)


def test_without_the_sockets_it_is_undecided(judge: Judge) -> None:
    around = machine(restarted(400.0), sockets=Unknown("denied"))

    assert isinstance(judge(RESTART_STUCK, facts(around, backing_off())), Undecided)
