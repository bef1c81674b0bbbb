"""The daily restart: when it is under way, for whom, and how long it may take."""

from dataclasses import replace

from agent.core.facts import Sight
from agent.core.session_facts import Outcome
from agent.problems.shared.restart import (
    allowance,
    going_down,
    is_automatic_restart,
    out_of_sight,
    restart_now,
    restarts_out_of_sight,
)
from agent.tws.calendar import Expectation, Outage, OutageKind
from agent.tws.launcher_log import LoginStage, LoginTold
from agent.tws.reset_windows import Region
from tests.problems.scene import NOW, backing_off, connected, connection, facts, gateway, login, machine

RESTART = Outage(OutageKind.RESTART, NOW.wall - 60, NOW.wall + 240)
DURING = Expectation(restart=RESTART)


def test_it_is_under_way_between_its_begin_and_its_end() -> None:
    assert restart_now(facts(expected=DURING)) == RESTART
    assert restart_now(facts()) is None
    for late in (replace(RESTART, ends=NOW.wall - 1), replace(RESTART, began=NOW.wall + 1)):
        assert restart_now(facts(expected=Expectation(restart=late))) is None


def test_it_ends_what_ran_before_it_and_nothing_that_started_in_it() -> None:
    seen = facts(expected=DURING)

    assert going_down(seen, gateway(age=61.0))
    assert not going_down(seen, gateway(age=59.0))
    assert not going_down(facts(), gateway(age=61.0))


def test_what_never_ran_here_or_is_elsewhere_is_out_of_sight() -> None:
    assert out_of_sight(facts(sight=Sight()))
    assert out_of_sight(facts(wants=connection(host="192.0.2.7", port=4002)))
    assert not out_of_sight(facts())


def test_out_of_sight_staying_away_is_the_restart_and_answering_wrongly_is_not() -> None:
    def there(outcome: Outcome | None, expected: Expectation = DURING) -> bool:
        wants = connection(port=4002)
        return restarts_out_of_sight(
            facts(machine(), backing_off(outcome), wants=wants, sight=Sight(), expected=expected)
        )

    for outcome in (None, Outcome.REFUSED, Outcome.CLOSED, Outcome.UNREACHABLE, Outcome.SILENT):
        assert there(outcome), outcome
        assert not there(outcome, Expectation()), outcome
    for outcome in (Outcome.NOT_TWS, Outcome.ID_IN_USE, Outcome.UNRESOLVABLE, Outcome.OUTDATED):
        assert not there(outcome), outcome
    assert not restarts_out_of_sight(facts(machine(), connected(), sight=Sight(), expected=DURING))
    assert not restarts_out_of_sight(facts(machine(), backing_off(Outcome.REFUSED), expected=DURING))


def test_a_process_that_took_the_place_of_another_in_it_is_a_restart() -> None:
    replaced = Sight(last_pid=3117, ever=True, replaced_at=NOW.monotonic - 30)
    process = gateway(age=30.0, ports=())

    assert is_automatic_restart(facts(machine(process), backing_off(), sight=replaced, expected=DURING), process)
    assert not is_automatic_restart(facts(machine(process), backing_off(), expected=DURING), process)
    assert not is_automatic_restart(facts(machine(process), backing_off(), sight=replaced), process)


def test_a_reset_of_ib_gives_it_more_time_only_where_its_log_shows_that_it_cannot_get_through() -> None:
    usual = facts().timing.restart_allowance
    reset = Outage(OutageKind.RESET, NOW.wall - 500, NOW.wall + 600, Region.AMERICA)

    def given(told: LoginTold | None, outage: Outage | None) -> float:
        process = gateway(age=400.0, ports=(), login=told)
        return allowance(facts(machine(process), expected=Expectation(outage=outage)), process)

    assert given(None, None) == given(None, reset) == usual
    for stage in LoginStage:
        kept_off = stage in (LoginStage.NO_WAY, LoginStage.NO_ANSWER)

        assert given(login(stage), None) == usual
        assert given(login(stage), reset) == (1000.0 if kept_off else usual), stage
        assert given(login(stage, heard=3600.0), reset) == usual, "an old line proves nothing"
        assert given(login(stage), replace(reset, region=None)) == usual, "another region's may not concern it"
