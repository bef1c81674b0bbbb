from dataclasses import replace

import pytest

from agent.core.settings import ConnectionSettings, WantedApplication, WantedMode
from agent.core.state_machine.labels import about, labels, mode_of
from agent.core.state_machine.watched import Watched, fresh, see
from agent.tws.applications import TradingMode
from tests.problems.scene import NOW, connection, gateway, machine

LIVE, PAPER, UNKNOWN = TradingMode.LIVE, TradingMode.PAPER, TradingMode.UNKNOWN


def watched(name: str, mode: TradingMode = UNKNOWN, *, implicit: bool = False) -> Watched:
    return replace(fresh(connection(name, implicit=implicit), NOW), mode=mode)


@pytest.mark.parametrize(
    ("name", "mode", "label"),
    [
        ("VPS", UNKNOWN, "VPS"),
        ("VPS", LIVE, "VPS (live)"),
        ("Paper Gateway", PAPER, "Paper Gateway"),
        ("Paper Gateway", LIVE, "Paper Gateway (live)"),
        ("Liverpool", LIVE, "Liverpool (live)"),
        ("Home (attic)", PAPER, "Home (attic, paper)"),
    ],
)
def test_a_name_is_told_with_its_mode_once(name: str, mode: TradingMode, label: str) -> None:
    assert labels([watched(name, mode)]) == (label,)


def test_two_without_a_name_are_told_apart_by_their_mode() -> None:
    first = watched("IB Gateway", PAPER, implicit=True)
    second = watched("IB Gateway (port 4001)", LIVE, implicit=True)

    assert labels([first, second]) == ("IB Gateway (paper)", "IB Gateway (live)")


def test_two_of_the_same_mode_keep_what_tells_them_apart() -> None:
    first = watched("IB Gateway", PAPER, implicit=True)
    second = watched("IB Gateway (port 4012)", PAPER, implicit=True)

    assert labels([first, second]) == ("IB Gateway (paper)", "IB Gateway (port 4012, paper)")


def test_what_the_accounts_told_outweighs_what_the_configuration_says() -> None:
    declared = fresh(ConnectionSettings("VPS", trading_mode=WantedMode.PAPER), NOW)

    assert mode_of(declared) is PAPER
    assert mode_of(replace(declared, mode=LIVE)) is LIVE
    assert mode_of(fresh(ConnectionSettings("VPS", WantedApplication.TWS), NOW)) is UNKNOWN


def test_another_process_may_be_logged_in_otherwise() -> None:
    first = see(watched("VPS"), machine(gateway(pid=1)), (), NOW)
    known = replace(first, mode=LIVE)

    assert see(known, machine(), (), NOW).mode is LIVE
    assert see(known, machine(gateway(pid=1, ports=())), (), NOW).mode is LIVE
    assert see(known, machine(gateway(pid=2)), (), NOW).mode is UNKNOWN


def test_a_notice_names_the_connection_unless_it_is_the_only_one_and_has_no_mode() -> None:
    assert about([watched("VPS")], "VPS") == ""
    assert about([watched("VPS", LIVE)], "VPS") == "VPS (live)"
    assert about([watched("VPS"), watched("Home")], "Home") == "Home"
    assert about([watched("VPS", LIVE)], "") == ""
