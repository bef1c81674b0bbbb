from dataclasses import replace

import pytest

from agent.core.alerts.diagnosis import diagnose
from agent.core.facts import Known, Sight, Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome, ServerLink, SessionFacts
from agent.problems import PROBLEMS
from agent.problems.scheduled_outage import SCHEDULED_OUTAGE
from agent.tws.api_settings import Configuration, LockAndExit
from agent.tws.calendar import Expectation, Outage, OutageKind
from agent.tws.reset_windows import Region
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, backing_off, connected, connection, facts, gateway, machine, relay

HOUR = 3600.0
RESTART = Outage(OutageKind.RESTART, began=NOW.wall - 60, ends=NOW.wall + 240)
GONE = Sight(last_pid=3117, gone_since=NOW.monotonic - 20, ever=True)


def window(kind: OutageKind = OutageKind.RESET, region: Region | None = None, ends: float = HOUR) -> Expectation:
    return Expectation(outage=Outage(kind, began=NOW.wall - HOUR / 2, ends=NOW.wall + ends, region=region))


def cut_off() -> SessionFacts:
    session = connected(server_link=ServerLink.DOWN)
    return replace(session, link_since=NOW.monotonic - 120, link_code=1100)


@pytest.mark.parametrize(
    ("kind", "region", "reason"),
    [
        (OutageKind.RESET, Region.AMERICA, "the daily reset of IB’s American servers"),
        (OutageKind.RESET, Region.EUROPE, "the daily reset of IB’s European servers"),
        (OutageKind.RESET, Region.ASIA, "the daily reset of IB’s Asian servers"),
        (OutageKind.RESET, None, "the daily reset of IB’s servers"),
        (OutageKind.WEEKEND, None, "the weekend maintenance of IB’s servers"),
    ],
)
def test_a_lost_link_inside_a_window_is_planned(
    judge: Judge, kind: OutageKind, region: Region | None, reason: str
) -> None:
    verdict = judge(SCHEDULED_OUTAGE, facts(session=cut_off(), expected=window(kind, region)))

    assert isinstance(verdict, Present)
    assert verdict.args["reason"] == reason
    assert verdict.args["until"] == "15:00"
    assert verdict.evidence == (
        "notice 1100 at 13:58:00",
        f"{reason} is expected from 13:30 to 15:00 local time",
    )


def test_the_end_is_told_in_local_time_with_the_day_where_it_is_another(judge: Judge) -> None:
    seen = facts(session=cut_off(), expected=window(ends=10 * HOUR))

    verdict = judge(SCHEDULED_OUTAGE, replace(seen, machine=replace(seen.machine, utc_offset=2 * HOUR)))

    assert isinstance(verdict, Present)
    assert verdict.args["until"] == "Tuesday 02:00"


def test_a_calm_session_inside_a_window_is_no_outage(judge: Judge) -> None:
    seen = facts(expected=replace(window(), restart=RESTART))

    assert judge(SCHEDULED_OUTAGE, seen) == Absent()


def test_a_lost_link_outside_every_window_is_not_planned(judge: Judge) -> None:
    assert judge(SCHEDULED_OUTAGE, facts(session=cut_off())) == Absent()


def test_a_network_that_is_down_is_no_planned_outage(judge: Judge) -> None:
    around = machine(gateway(), network=Known(False))

    assert judge(SCHEDULED_OUTAGE, facts(around, cut_off(), expected=window())) == Absent()


def test_an_application_that_is_away_for_its_daily_restart_is_planned(judge: Judge) -> None:
    seen = facts(machine(), backing_off(), expected=Expectation(restart=RESTART), sight=GONE)

    verdict = judge(SCHEDULED_OUTAGE, seen)

    assert isinstance(verdict, Present)
    assert verdict.args["reason"] == "the daily restart of IB Gateway"
    assert verdict.evidence == (
        "IB Gateway has not been running since 13:59:40",
        "the daily restart of IB Gateway is expected from 13:59 to 14:04 local time",
    )


def test_once_the_application_is_back_or_a_session_stands_nothing_is_away(judge: Judge) -> None:
    starting = gateway(age=20.0, ports=(), link_for=None, restarted=True)
    expected = Expectation(restart=RESTART)

    assert judge(SCHEDULED_OUTAGE, facts(machine(starting), backing_off(), expected=expected)) == Absent()
    assert judge(SCHEDULED_OUTAGE, facts(machine(), connected(), expected=expected)) == Absent()


def test_a_restart_window_that_is_over_or_still_to_come_expects_nothing(judge: Judge) -> None:
    for began, ends in ((-400.0, -1.0), (1.0, 400.0)):
        restart = replace(RESTART, began=NOW.wall + began, ends=NOW.wall + ends)
        seen = facts(machine(), backing_off(), expected=Expectation(restart=restart), sight=GONE)

        assert judge(SCHEDULED_OUTAGE, seen) == Absent()


@pytest.mark.parametrize("host", ["192.0.2.10", "127.0.0.1"])
def test_an_application_out_of_sight_is_away_for_its_restart(judge: Judge, host: str) -> None:
    wants = connection(host=host, port=4002)
    around = machine(listeners=(relay(),))

    def there(outcome: Outcome, expected: Expectation) -> set[str]:
        seen = facts(around, backing_off(outcome), expected=expected, wants=wants, sight=Sight())
        return {f.problem.code for f in diagnose(seen, PROBLEMS).found}

    for outcome in (Outcome.REFUSED, Outcome.CLOSED):
        assert there(outcome, Expectation(restart=RESTART)) == {"scheduled-outage"}, outcome
    assert there(Outcome.NOT_TWS, Expectation(restart=RESTART)) == {"api-port-taken" if wants.local else "not-tws"}
    assert "scheduled-outage" not in there(Outcome.CLOSED, Expectation())


def test_what_is_about_to_restart_is_not_judged(judge: Judge) -> None:
    for ports, session in (((), backing_off(Outcome.REFUSED)), ((4002,), backing_off(Outcome.CLOSED))):
        before = facts(machine(gateway(age=4000.0, ports=ports)), session, expected=Expectation(restart=RESTART))
        after = replace(before, expected=Expectation())

        assert not diagnose(before, PROBLEMS).found
        assert {p.code for p, _ in diagnose(before, PROBLEMS).undecided} >= {"api-disabled", "peer-not-trusted"}
        assert diagnose(after, PROBLEMS).found


def test_a_loss_that_began_before_the_window_has_another_cause(judge: Judge) -> None:
    early = replace(cut_off(), link_since=NOW.monotonic - HOUR / 2 - 1)

    assert judge(SCHEDULED_OUTAGE, facts(session=early, expected=window(region=Region.AMERICA))) == Absent()


def test_the_window_of_an_unknown_region_explains_a_short_loss_only(judge: Judge) -> None:
    lasting = replace(cut_off(), link_since=NOW.monotonic - 601)

    assert judge(SCHEDULED_OUTAGE, facts(session=lasting, expected=window())) == Absent()
    for known in (window(region=Region.AMERICA), window(OutageKind.WEEKEND)):
        assert isinstance(judge(SCHEDULED_OUTAGE, facts(session=lasting, expected=known)), Present)


def test_a_process_table_that_cannot_be_read_leaves_it_undecided(judge: Judge) -> None:
    seen = facts(machine(processes=Unknown("timed out")), backing_off(), expected=Expectation(restart=RESTART))

    assert judge(SCHEDULED_OUTAGE, seen) == Undecided("timed out")


def test_it_shows_as_maintenance() -> None:
    assert SCHEDULED_OUTAGE.expected


def test_a_restart_time_that_the_application_itself_told_is_evidence(judge: Judge) -> None:
    restarts = Configuration(lock_and_exit=LockAndExit("1:59", "PM", "restart"))
    seen = facts(machine(), backing_off(), expected=Expectation(restart=RESTART), sight=GONE, settings=restarts)
    verdict = judge(SCHEDULED_OUTAGE, seen)

    assert isinstance(verdict, Present)
    assert verdict.evidence[-1] == "“Auto restart” is set to 13:59, as the API told at 13:59:00"
