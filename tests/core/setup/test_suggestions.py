"""Which answers of the set-up are seen before they are asked for."""

from dataclasses import replace

import pytest

from agent.core.facts import Facts, Known, OtherProcess, Processes
from agent.core.setup.suggestions import seen_for_answers
from agent.tws.applications import TradingMode
from tests.core.setup_scene import ANY, QUANTOWER, with_clients
from tests.problems.scene import backing_off, connected, facts, gateway, machine, tws

ALONE = facts(machine(gateway()), backing_off(), wants=ANY)


def running(given: Facts, *names: str) -> Facts:
    processes = given.machine.processes
    assert isinstance(processes, Known)
    programs = tuple(OtherProcess(900 + n, name) for n, name in enumerate(names))
    table: Processes = replace(processes.value, programs=programs)
    return replace(given, machine=replace(given.machine, processes=Known(table)))


def test_one_application_is_the_one_that_is_meant() -> None:
    assert seen_for_answers(ALONE).application == "gateway"
    assert seen_for_answers(facts(machine(gateway(), tws()), backing_off(), wants=ANY)).application == ""
    assert seen_for_answers(facts(machine(), backing_off(), wants=ANY)).application == ""


def test_the_session_tells_live_or_paper_and_the_command_line_else() -> None:
    live = facts(session=connected(accounts=("U1234567",)), wants=ANY)
    process = gateway()
    hinted = replace(process, application=replace(process.application, mode_hint=TradingMode.PAPER))

    assert seen_for_answers(live).trading_mode == "live"
    assert seen_for_answers(facts(machine(hinted), backing_off(), wants=ANY)).trading_mode == "paper"


@pytest.mark.parametrize(
    ("given", "program"),
    [
        (ALONE, ""),
        (running(ALONE, "NinjaTrader.exe"), "ninjatrader"),
        (with_clients(running(ALONE, "NinjaTrader.exe"), QUANTOWER), "quantower"),
        (with_clients(ALONE, replace(QUANTOWER, port=7497)), "quantower"),
        (with_clients(ALONE, replace(QUANTOWER, own=True)), ""),
        (with_clients(ALONE, replace(QUANTOWER, name=None)), ""),
    ],
)
def test_a_program_that_is_seen_is_suggested_the_one_on_a_port_first(given: Facts, program: str) -> None:
    assert seen_for_answers(given).program == program
