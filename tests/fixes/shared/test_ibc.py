"""enable-api, reconnect-data, reconnect-account: only where IBC's command server is known to listen."""

from dataclasses import replace

import pytest

from agent.core.facts import Known, Process, SettingsHints
from agent.core.fix import CommandAnswer, Done, Failed, Fix, SendCommand
from agent.fixes.enable_api import ENABLE_API
from agent.fixes.reconnect_account import RECONNECT_ACCOUNT
from agent.fixes.reconnect_data import RECONNECT_DATA
from agent.tws.applications import Launcher
from tests.fixes.conftest import Offered, RecordingTools
from tests.problems.scene import backing_off, connected, connection, gateway, machine, tws

BY_IBC = {"launched_by": Launcher.IBC}
API_OFF = replace(tws(ports=(), **BY_IBC), command_port=7462)
SERVING = replace(gateway(**BY_IBC), command_port=7462)
WANTS_TWS = connection("My TWS")
RECONNECTS = pytest.mark.parametrize("fix", [RECONNECT_DATA, RECONNECT_ACCOUNT], ids=lambda f: f.id)


def wants(process: Process) -> object:
    return replace(connection(), application=type(connection().application)(process.kind.value))


def test_switching_the_api_on_is_offered_for_tws(offered: Offered) -> None:
    offer = offered(ENABLE_API, machine(API_OFF), backing_off(), wants=wants(API_OFF))

    assert offer is not None
    assert offer.plan == SendCommand(7462, "ENABLEAPI")
    assert offer.question.changes == (
        "In TWS, under API > Settings, “Enable ActiveX and Socket Clients” is ticked",
        "IBC is sent ENABLEAPI (its command server, port 7462 of this computer)",
    )
    assert offer.question.given_up
    assert offer.by_hand == (
        "In TWS, open File (Classic: Edit) > Global Configuration... > API > Settings and tick "
        "“Enable ActiveX and Socket Clients”."
    )


def test_ib_gateway_has_no_api_to_switch_on(offered: Offered) -> None:
    off = replace(gateway(ports=(), **BY_IBC), command_port=7462)

    assert offered(ENABLE_API, machine(off), backing_off()) is None


def test_an_api_that_is_on_is_not_switched_on(offered: Offered) -> None:
    assert offered(ENABLE_API, machine(replace(API_OFF, api_ports=(7497,))), wants=wants(API_OFF)) is None


@pytest.mark.parametrize(
    ("fix", "command", "keys"),
    [(RECONNECT_DATA, "RECONNECTDATA", "Ctrl-Alt-F"), (RECONNECT_ACCOUNT, "RECONNECTACCOUNT", "Ctrl-Alt-R")],
    ids=["data", "account"],
)
@pytest.mark.parametrize("process", [SERVING, replace(tws(**BY_IBC), command_port=7462)], ids=["gateway", "tws"])
def test_reconnecting_is_offered_for_both(
    fix: Fix, command: str, keys: str, process: Process, offered: Offered
) -> None:
    offer = offered(fix, machine(process), connected(process.api_ports[0]), wants=wants(process))

    assert offer is not None
    assert offer.plan == SendCommand(7462, command)
    assert offer.by_hand == f"In {process.kind.title}, press {keys}."
    assert "only says that it took the command" in offer.question.remark


@pytest.mark.parametrize("fix", [ENABLE_API, RECONNECT_DATA, RECONNECT_ACCOUNT], ids=lambda f: f.id)
@pytest.mark.parametrize("by", [Launcher.ITSELF, Launcher.UNKNOWN])
def test_without_ibc_or_its_command_server_nothing_is_offered(fix: Fix, by: Launcher, offered: Offered) -> None:
    by_hand = replace(API_OFF, application=replace(API_OFF.application, launched_by=by))
    silent = replace(API_OFF, command_port=None)

    assert offered(fix, machine(API_OFF), backing_off(), wants=wants(API_OFF)) is not None
    assert offered(fix, machine(by_hand), backing_off(), wants=wants(API_OFF)) is None
    assert offered(fix, machine(silent), backing_off(), wants=wants(API_OFF)) is None
    assert offered(fix, machine(), backing_off(), wants=wants(API_OFF)) is None
    assert offered(fix, machine(API_OFF), backing_off(), wants=connection(host="192.0.2.7")) is None


@RECONNECTS
def test_a_fix_ctci_gateway_would_refuse(fix: Fix, offered: Offered) -> None:
    process = replace(SERVING, hints=Known(SettingsHints(api_only=False)))

    assert offered(fix, machine(process)) is None


@RECONNECTS
async def test_what_ibc_answers_is_handed_on(fix: Fix, offered: Offered) -> None:
    offer = offered(fix, machine(SERVING))
    assert offer is not None
    assert isinstance(offer.plan, SendCommand)
    command, tools = offer.plan.command, RecordingTools()

    assert await fix.do(offer, tools) == Done(f"IBC took the command {command} and answered “OK”.")
    assert tools.asked == [(7462, command)]
    assert await fix.do(offer, RecordingTools(answer=CommandAnswer(False, "it did not answer within 3 s"))) == Failed(
        f"IBC did not carry out {command}: it did not answer within 3 s.", offer.by_hand
    )
