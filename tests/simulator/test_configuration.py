"""The configuration of the simulated TWS, judged by IBKR's own client, and what changing it changes."""

import asyncio
import itertools
import socket
import sys
from typing import Any

import pytest
from ibapi.protobuf.ConfigRequest_pb2 import ConfigRequest
from ibapi.protobuf.UpdateConfigRequest_pb2 import UpdateConfigRequest

from agent.core.facts import Known, Unknown
from agent.core.fix import SettingsOutcome, SettingsResult
from agent.session.settings import ask_settings, update_settings
from agent.simulator.configuration import DEFAULT_CONFIGURATION, configuration_of
from agent.simulator.server import Simulator
from agent.tws.api_settings import ApiSettings, Configuration, LockAndExit, Precautions, decode_config_response
from agent.tws.api_settings_table import BY_PATH, FIELDS, FieldKind, SettingField
from tests.ibkr_settings import configured, filled, ibkr_group, set_ibkr, single, values_for
from tests.simulator.conftest import StartRaw, StartSimulator
from tests.simulator.ibkr_client import IbkrClient
from tests.simulator.raw_client import RawClient, is_well

SOCKET_PORT = FIELDS[7]
CHANGEABLE = [s for s in FIELDS if s.writable and s is not SOCKET_PORT]
_ids = itertools.count(7342)


def ids() -> tuple[int, int]:
    """Client IDs of which none was used before: TWS frees one only some time after its session has ended."""
    return next(_ids), next(_ids)


LATER: dict[str, Any] = {
    "trusted_ips": ("127.0.0.1", "192.0.2.7"),
    "auto_logoff_time": "12:07",
    "auto_logoff_period": "AM",
    "auto_logoff_type": "logoff",
}
"""New values of what does not take any text."""


def other_value(setting: SettingField) -> Any:
    """A value that the setting does not have by default, and that TWS takes."""
    match setting.kind:
        case FieldKind.FLAG:
            return not DEFAULT_CONFIGURATION.value(setting)
        case FieldKind.NUMBER:
            return 40 + setting.number
        case _:
            return LATER.get(setting.name, f"other {setting.number}")


async def told(ibkr: IbkrClient, req_id: int) -> Any:
    """The configuration as IBKR's client gets it."""
    ibkr.api.reqConfigProtoBuf(ConfigRequest(reqId=req_id))
    (response,) = await ibkr.called("configResponseProtoBuf", lambda args: args[0].reqId == req_id)
    return response


async def answered(ibkr: IbkrClient, request: Any) -> Any:
    """The answer to a change as IBKR's client gets it."""
    ibkr.api.updateConfigProtoBuf(request)
    (response,) = await ibkr.called("updateConfigResponseProtoBuf", lambda args: args[0].reqId == request.reqId)
    return response


def theirs(response: Any, setting: SettingField) -> Any:
    """One setting as IBKR's class holds it; None where it was not sent."""
    group = ibkr_group(response, setting)
    value = getattr(group, setting.wire_name)
    if setting.kind is FieldKind.TEXTS:
        return tuple(value) or None
    return value if group.HasField(setting.wire_name) else None


# ── telling ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", [219, 226])
@pytest.mark.parametrize("flags", [True, False])
async def test_ibkrs_client_is_told_every_setting_and_so_are_we(
    start: StartSimulator, ibkr: IbkrClient, version: int, flags: bool
) -> None:
    whole = filled(flags)
    simulator = await start(server_version=version, configuration=whole)
    await ibkr.start(simulator.port)

    response = await told(ibkr, 77)
    ours = await ask_settings("127.0.0.1", simulator.port, ids())

    assert {s.name: theirs(response, s) for s in FIELDS} == {s.name: whole.value(s) for s in FIELDS}
    assert isinstance(ours.settings, Known)
    assert {s.name: ours.settings.value.value(s) for s in FIELDS} == {s.name: whole.value(s) for s in FIELDS}
    assert decode_config_response(response.SerializeToString()).present == FIELDS
    assert len(response.messages) == 3
    assert response.orders.smartRouting.defaultAlgorithm == "SMART"


async def test_every_value_of_every_setting_arrives_at_both(start: StartSimulator, ibkr: IbkrClient) -> None:
    simulator = await start()
    await ibkr.start(simulator.port)

    for setting in (s for s in FIELDS if s is not SOCKET_PORT):
        for value in values_for(setting):
            simulator.configure(single(setting, value))
            response = await told(ibkr, len(ibkr.calls("configResponseProtoBuf")) + 100)

            assert theirs(response, setting) == value, setting
            assert decode_config_response(response.SerializeToString()).value(setting) == value, setting


async def test_what_is_not_set_is_not_told(start: StartSimulator) -> None:
    simulator = await start(configuration=Configuration(ApiSettings(logging_level="detail")))

    answer = await ask_settings("127.0.0.1", simulator.port, ids())

    assert isinstance(answer.settings, Known)
    assert answer.settings.value.settings == ApiSettings(False, logging_level="detail", socket_port=simulator.port)


@pytest.mark.parametrize("version", [178, 200, 212, 218, 219, 221, 226])
async def test_each_server_version_does_what_it_can(start: StartSimulator, version: int) -> None:
    simulator = await start(server_version=version)

    answer = await ask_settings("127.0.0.1", simulator.port, ids())
    outcome = await update_settings(
        "127.0.0.1", simulator.port, ids(), Configuration(ApiSettings(logging_level="detail"))
    )

    assert isinstance(answer.settings, Known if version >= 219 else Unknown)
    assert answer.server_version == version
    assert outcome.result is (SettingsResult.CHANGED if version >= 221 else SettingsResult.NOT_ASKED)
    assert (simulator.received[108], simulator.received[109]) == (version >= 219, version >= 221)


@pytest.mark.parametrize(("number", "version"), [(108, 218), (109, 220), (108, 178)])
async def test_an_old_application_does_not_know_the_request(start: StartSimulator, number: int, version: int) -> None:
    simulator = await start(server_version=version)
    client = await RawClient.started(simulator.port) if version < 200 else None
    if client is None:
        from tests.simulator.protobuf_client import refusal

        assert await refusal(simulator.port, version, number) == 322
        return

    client.send(number, 9)
    refused = await client.notice(322)
    await client.close()

    assert refused[0] == "9"


# ── changing ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", [221, 226])
async def test_ibkrs_client_changes_each_setting_alone(start: StartSimulator, ibkr: IbkrClient, version: int) -> None:
    simulator = await start(server_version=version)
    await ibkr.start(simulator.port)

    for setting in CHANGEABLE:
        before = simulator.situation.reported_configuration
        request = UpdateConfigRequest(reqId=setting.number + 100 * len(setting.group))
        set_ibkr(request, setting, other_value(setting))
        response = await answered(ibkr, request)
        after = simulator.situation.reported_configuration

        assert (response.status, list(response.changedFields)) == ("success", [setting.path])
        assert response.message == "Configuration updated"
        assert {s for s in FIELDS if before.value(s) != after.value(s)} == {setting}
        assert after.value(setting) == other_value(setting)


async def test_we_change_all_settings_at_once(start: StartSimulator) -> None:
    simulator = await start()
    changes = configured({s: other_value(s) for s in CHANGEABLE})

    outcome = await update_settings("127.0.0.1", simulator.port, ids(), changes)
    again = await update_settings("127.0.0.1", simulator.port, ids(), changes)
    answer = await ask_settings("127.0.0.1", simulator.port, ids())

    assert outcome.result is SettingsResult.CHANGED
    assert outcome.text.startswith(CHANGEABLE[0].title)
    assert again == SettingsOutcome(SettingsResult.CHANGED, "Configuration updated")
    assert isinstance(answer.settings, Known)
    assert {s.name: answer.settings.value.value(s) for s in CHANGEABLE} == {s.name: other_value(s) for s in CHANGEABLE}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        (ApiSettings(socket_port=70000), "configuration.api.settings.socketPort"),
        (ApiSettings(master_client_id=-1), "configuration.api.settings.masterClientId"),
        (ApiSettings(trusted_ips=("10.0.0.0/8",)), "configuration.api.settings.trustedIPs"),
        (LockAndExit(auto_logoff_time="23:45"), "configuration.lockAndExit.autoLogoffTime"),
        (LockAndExit(auto_logoff_period="noon"), "configuration.lockAndExit.autoLogoffPeriod"),
        (LockAndExit(auto_logoff_type="never"), "configuration.lockAndExit.autoLogoffType"),
    ],
)
async def test_a_value_that_is_not_allowed_changes_nothing(start: StartSimulator, changes: Any, path: str) -> None:
    simulator = await start()
    before = simulator.situation.reported_configuration
    group = {"settings": changes} if isinstance(changes, ApiSettings) else {"lock_and_exit": changes}
    wanted = Configuration(**group, precautions=Precautions(bypass_bond_warning=False))

    outcome = await update_settings("127.0.0.1", simulator.port, ids(), wanted)

    words = f"Validating configuration update request has failed ({BY_PATH[path].title})"
    assert outcome == SettingsOutcome(SettingsResult.REFUSED, words)
    assert simulator.situation.reported_configuration == before


async def test_nobody_changes_read_only_api_or_what_is_not_simulated(start: StartSimulator, ibkr: IbkrClient) -> None:
    simulator = await start()
    await ibkr.start(simulator.port)
    request = UpdateConfigRequest(reqId=5)
    request.api.settings.readOnlyApi = True
    request.orders.smartRouting.seekPriceImprovement = True
    request.messages.add(id=131, enabled=False)

    response = await answered(ibkr, request)

    assert response.status == "error"
    assert list(response.errors) == [
        "configuration.api.settings.readOnlyApi",
        "configuration.messages",
        "configuration.orders",
    ]
    assert not simulator.situation.read_only


async def test_a_read_only_api_tells_and_refuses_to_change(start: StartSimulator, ibkr: IbkrClient) -> None:
    simulator = await start(read_only=True)
    await ibkr.start(simulator.port)
    request = UpdateConfigRequest(reqId=6)
    request.api.settings.loggingLevel = "detail"

    ibkr.api.updateConfigProtoBuf(request)
    refused, text = await ibkr.notice(321)
    response = await told(ibkr, 7)
    ours = await update_settings("127.0.0.1", simulator.port, ids(), Configuration(ApiSettings(logging_level="detail")))

    assert refused == 6
    assert "Read-Only" in text
    assert response.api.settings.readOnlyApi is True
    assert ours.result is SettingsResult.READ_ONLY
    assert "notice 321" in ours.text
    assert simulator.situation.configuration.settings.logging_level == "error"


# ── what a setting does ─────────────────────────────────────────────────────────────────────────


async def test_ticking_read_only_api_takes_effect_at_once(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator)

    client.send(5, 1)
    await client.message(53)
    changed = simulator.configure(Configuration(ApiSettings(read_only_api=True)))
    client.send(5, 1)
    await client.notice(321)
    simulator.configure(Configuration(ApiSettings(read_only_api=False)))
    client.send(5, 1)
    await client.message(53)

    assert changed == ("configuration.api.settings.readOnlyApi",)


async def test_the_fault_read_only_is_told_and_does_not_stick(start: StartSimulator) -> None:
    simulator = await start()

    await simulator.apply("read-only")
    during = simulator.situation.reported_configuration.settings.read_only_api
    simulator.configure(Configuration(ApiSettings(logging_level="detail")))
    await simulator.heal()

    assert during is True
    assert simulator.situation.reported_configuration.settings.read_only_api is False


async def test_a_new_socket_port_is_moved_to_after_the_answer(
    start: StartSimulator, ibkr: IbkrClient, raw: StartRaw
) -> None:
    simulator = await start()
    before = simulator.port
    await ibkr.start(before)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    request = UpdateConfigRequest(reqId=8)
    request.api.settings.socketPort = port

    response = await answered(ibkr, request)
    _, text = await ibkr.notice(1300)
    await ibkr.called("connectionClosed")
    answer = await ask_settings("127.0.0.1", port, ids())

    assert list(response.changedFields) == ["configuration.api.settings.socketPort"]
    assert text.endswith(f"-{port}")
    assert simulator.port == port
    assert isinstance(answer.settings, Known)
    assert answer.settings.value.settings.socket_port == port
    assert await is_well(simulator)


async def test_a_socket_port_that_is_taken_is_not_moved_to(start: StartSimulator) -> None:
    simulator, other = await start(), await start()
    before = simulator.port

    simulator.configure(Configuration(ApiSettings(socket_port=other.port)))
    await asyncio.sleep(0.05)

    assert simulator.port == before
    assert simulator.situation.reported_configuration.settings.socket_port == before
    assert await is_well(simulator)


async def handshake_from(address: str, simulator: Simulator) -> str:
    """What a client at an address meets: `answered`, `closed` or `silent`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port, local_addr=(address, 0))
    client = RawClient(reader, writer)
    client.hello("v157..178")
    try:
        async with asyncio.timeout(0.3):
            return "answered" if await reader.read(4) else "closed"
    except TimeoutError:
        return "silent"
    finally:
        await client.close()


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no other loopback address than 127.0.0.1")
async def test_localhost_only_and_trusted_ips_decide_who_is_let_in(start: StartSimulator) -> None:
    simulator = await start()

    met = [await handshake_from("127.0.0.1", simulator), await handshake_from("127.0.0.9", simulator)]
    simulator.configure(Configuration(ApiSettings(allow_localhost_only=False)))
    met.append(await handshake_from("127.0.0.9", simulator))
    simulator.configure(Configuration(ApiSettings(trusted_ips=("127.0.0.1", "127.0.0.9"))))
    met.append(await handshake_from("127.0.0.9", simulator))

    assert met == ["answered", "closed", "silent", "answered"]


def test_a_configuration_is_made_of_its_json() -> None:
    whole = filled(True)

    assert configuration_of(whole.to_json()) == whole
    with pytest.raises(ValueError, match="there is no setting 'colour'"):
        configuration_of({"settings": {"colour": "blue"}})
