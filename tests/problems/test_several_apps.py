"""several-apps: nothing tells which one is meant, or two want one port."""

from agent.core.problem import Absent, Present
from agent.core.settings import WantedApplication, WantedMode
from agent.problems.api_disabled import API_DISABLED
from agent.problems.several_apps import SEVERAL_APPS
from agent.tws.applications import TradingMode
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connected, connection, facts, gateway, machine, tws

LIVE = gateway(pid=10, ports=(4001,), mode=TradingMode.LIVE)
PAPER = gateway(pid=11, ports=(4002,), mode=TradingMode.PAPER)
LOSER = gateway(pid=12, ports=(), link_for=600.0, mode=TradingMode.PAPER)


def test_one_application_is_no_problem(judge: Judge) -> None:
    assert judge(SEVERAL_APPS, facts()) == Absent()


def test_two_that_fit_equally_are_told_even_while_connected(judge: Judge) -> None:
    verdict = judge(SEVERAL_APPS, facts(machine(LIVE, PAPER), connected(4001)))

    assert isinstance(verdict, Present)
    assert "IB Gateway 10.45 (pid 10) listens on 4001" in verdict.evidence
    assert "IB Gateway 10.45 (pid 11) listens on 4002" in verdict.evidence


def test_tws_and_ib_gateway_fit_equally_where_any_is_wanted(judge: Judge) -> None:
    anyone = connection(application=WantedApplication.ANY)

    assert isinstance(judge(SEVERAL_APPS, facts(machine(tws(), gateway()), wants=anyone)), Present)


def test_a_port_a_mode_or_a_process_tells(judge: Judge) -> None:
    for wants in (
        connection(port=4001),
        connection(trading_mode=WantedMode.PAPER),
        connection(implicit=True, pinned_pid=10),
    ):
        assert judge(SEVERAL_APPS, facts(machine(LIVE, PAPER), wants=wants)) == Absent()


def test_the_fixed_port_of_another_connection_tells_as_well(judge: Judge) -> None:
    other = connection("Live", port=4001)

    assert judge(SEVERAL_APPS, facts(machine(LIVE, PAPER), others=(other,))) == Absent()


def test_a_mode_that_fits_two_does_not_tell(judge: Judge) -> None:
    twin = gateway(pid=13, ports=(4100,), mode=TradingMode.PAPER)
    wants = connection(trading_mode=WantedMode.PAPER)

    assert isinstance(judge(SEVERAL_APPS, facts(machine(LIVE, PAPER, twin), wants=wants)), Present)


def test_the_one_that_found_its_port_taken_is_named_with_the_owner(judge: Judge) -> None:
    seen = facts(machine(PAPER, LOSER), backing_off(), wants=connection(implicit=True, pinned_pid=12))
    verdict = judge(SEVERAL_APPS, seen)

    assert isinstance(verdict, Present)
    assert verdict.evidence[:2] == (
        "IB Gateway 10.45 (pid 11) listens on 4002",
        "IB Gateway 10.45 (pid 12) listens on no API port",
    )
    assert judge(API_DISABLED, seen) == Absent()


def test_live_and_paper_do_not_compete(judge: Judge) -> None:
    pinned = connection(implicit=True, pinned_pid=12)
    seen = facts(machine(LIVE, LOSER), backing_off(), wants=pinned)

    assert judge(SEVERAL_APPS, seen) == Absent()
    assert isinstance(judge(API_DISABLED, seen), Present)


def test_one_at_its_log_in_screen_competes_for_nothing_yet(judge: Judge) -> None:
    waiting = gateway(pid=12, ports=(), link_for=None, mode=TradingMode.PAPER)

    assert judge(SEVERAL_APPS, facts(machine(PAPER, waiting))) == Absent()


def test_a_second_tws_of_unknown_mode_may_just_have_its_api_off(judge: Judge) -> None:
    anyone = connection(application=WantedApplication.TWS, port=7497)
    second = tws(pid=99, ports=(), link_for=600.0)

    assert judge(SEVERAL_APPS, facts(machine(tws(), second), connected(7497), wants=anyone)) == Absent()


def test_the_longest_labels_fit(judge: Judge) -> None:
    many = [gateway(pid=4_194_300 + n, ports=(65_530 + n,), version="10.45.1d") for n in range(4)]

    assert isinstance(judge(SEVERAL_APPS, facts(machine(*many))), Present)


def test_remote_applications_are_not_counted(judge: Judge) -> None:
    assert judge(SEVERAL_APPS, facts(machine(LIVE, PAPER), wants=connection(host="10.0.0.5"))) == Absent()
