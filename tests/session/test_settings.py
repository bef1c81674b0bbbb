"""The settings session against a server made of IBKR's classes: the right settings, or an honest unknown in time."""

import asyncio
import socket
import struct
import sys
from typing import Any

import pytest
from ibapi.protobuf.UpdateConfigRequest_pb2 import UpdateConfigRequest
from ibapi.protobuf.UpdateConfigResponse_pb2 import UpdateConfigResponse

from agent.core.facts import Known, Unknown
from agent.core.fix import SettingsOutcome, SettingsResult
from agent.session.settings import LONGEST_INQUIRY, SettingsAnswer, ask_settings, update_settings
from agent.tws.api_settings import ApiSettings, Configuration, Precautions, Source, UpdateWarning
from agent.tws.api_settings_table import FIELDS, SettingField
from agent.tws.protobuf import field
from tests.ibkr_settings import filled, ibkr_response, set_ibkr, single, values_for
from tests.session.ibkr_server import CLOSE, CONFIG, UPDATED, IbkrServer, begun, framed, nothing, notice, serving

CHANGED, REFUSED = SettingsResult.CHANGED, SettingsResult.REFUSED
NOT_ASKED, UNKNOWN = SettingsResult.NOT_ASKED, SettingsResult.UNKNOWN
HOST = "127.0.0.1"
IDS = (7342, 7343)
SHORT = 1.0
"""Seconds that stand for the three of a real one where a server keeps silent."""
PLENTY = 20.0
"""Seconds for an answer that comes, however busy the machine."""
READ_ONLY = "Error validating request:-'bN' : cause - The API interface is currently in Read-Only mode."
TURN_ON = Configuration(precautions=Precautions(bypass_order_precautions=True))


RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""`struct linger`: on, zero seconds."""


async def asked(server: IbkrServer, within: float = PLENTY) -> SettingsAnswer:
    return await ask_settings(HOST, server.port, IDS, within=within)


async def reason(within: float = PLENTY, **what: Any) -> str:
    """Why the settings are unknown."""
    async with serving(**what) as server:
        answer = await asked(server, within)

    assert isinstance(answer.settings, Unknown), answer
    return answer.settings.reason


def answering(configuration: Configuration) -> Any:
    """A reqConfig answered as it should be."""
    return lambda request: [framed(CONFIG, ibkr_response(configuration, request.reqId))]


# ── right settings ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", [219, 221, 226])
@pytest.mark.parametrize("flags", [True, False])
async def test_every_setting_arrives(version: int, flags: bool) -> None:
    whole = filled(flags)
    async with serving(version=version, config=answering(whole)) as server:
        answer = await asked(server)

    assert isinstance(answer.settings, Known)
    found = answer.settings.value
    assert [(s.name, found.value(s)) for s in FIELDS] == [(s.name, whole.value(s)) for s in FIELDS]
    assert found.source is Source.API
    assert answer.server_version == version
    assert answer.elapsed > 0
    assert server.offers == ["v100..226"]
    assert [type(request).__name__ for request in server.asked] == ["StartApiRequest", "ConfigRequest"]
    assert server.asked[0].clientId == 7342


@pytest.mark.parametrize("setting", FIELDS, ids=lambda s: s.name)
async def test_each_setting_alone_arrives_and_no_other(setting: SettingField) -> None:
    only = single(setting, values_for(setting)[0])
    async with serving(config=answering(only)) as server:
        answer = await asked(server)

    assert isinstance(answer.settings, Known)
    assert answer.settings.value.present == (setting,)
    assert answer.settings.value.value(setting) == values_for(setting)[0]


async def test_a_taken_client_id_is_replaced_once() -> None:
    def taken_once(request: Any) -> list[bytes]:
        return (
            [notice(326, "Unable to connect as the client id is already in use."), CLOSE]
            if (request.clientId == IDS[0])
            else begun(request)
        )

    async with serving(start=taken_once, config=answering(filled(True))) as server:
        answer = await asked(server)

    assert isinstance(answer.settings, Known)
    assert [r.clientId for r in server.asked if hasattr(r, "clientId")] == list(IDS)
    assert server.connections == 2


async def test_a_321_about_read_only_is_the_proof() -> None:
    for req_id in (1, -1, 2147483647):
        async with serving(config=lambda _, req_id=req_id: [notice(321, READ_ONLY, req_id)]) as server:
            answer = await asked(server)

        assert isinstance(answer.settings, Known)
        assert answer.settings.value.source is Source.INFERRED
        assert answer.settings.value.to_json() == {
            "settings": {"read_only_api": True},
            "precautions": {},
            "lock_and_exit": {},
        }


async def test_a_refusal_that_is_not_about_us_is_outweighed_by_the_answer() -> None:
    whole = filled(False)

    def answered(request: Any) -> list[bytes]:
        return [notice(321, READ_ONLY), framed(CONFIG, ibkr_response(whole, request.reqId))]

    async with serving(config=answered) as server:
        answer = await asked(server)

    assert isinstance(answer.settings, Known)
    assert answer.settings.value.source is Source.API
    assert len(answer.settings.value.present) == len(FIELDS)


async def test_notices_before_the_answer_are_passed_over() -> None:
    def between(request: Any) -> list[bytes]:
        return [
            notice(2104, "Market data farm connection is OK:usfarm"),
            notice(1102, "Connectivity restored"),
            notice(2119, "Market data farm is connecting:usfarm", request.reqId),
            *answering(filled(True))(request),
        ]

    async with serving(config=between) as server:
        answer = await asked(server)

    assert isinstance(answer.settings, Known)


# ── honest unknowns ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", [178, 200, 212, 218])
async def test_an_old_application_is_not_asked(version: int) -> None:
    async with serving(version=version) as server:
        answer = await asked(server)

    assert answer.settings == Unknown(f"server version {version} does not tell its settings; that begins with 219")
    assert answer.server_version == version
    assert server.asked == []


@pytest.mark.parametrize("req_id", [1, -1])
async def test_a_refusal_is_told_with_its_notice(req_id: int) -> None:
    text = "Configuration access via API is not available."

    assert await reason(config=lambda _: [notice(10357, text, req_id)]) == f"refused with notice 10357 ({text})"


async def test_a_321_about_something_else_is_a_refusal() -> None:
    told = await reason(config=lambda _: [notice(321, "Validation of account DU1234567 failed", 1)])

    assert told == "refused with notice 321 (Validation of account DU•••567 failed)"


@pytest.mark.parametrize(
    ("what", "wanted"),
    [
        ({"hello": b""}, "the time was up: the hello was not answered"),
        (
            {"hello": struct.pack(">I", 40) + b"2"},
            "the time was up: the hello was not answered, 5 bytes of an unfinished message",
        ),
        ({"hello": b"HTTP/1.1 400 Bad Request\r\n\r\n"}, "the port does not speak the TWS API"),
        ({"hello": framed(4, b"\x08\x01")}, "the port does not speak the TWS API"),
        ({"start": nothing}, "the time was up: nextValidId did not come"),
        ({"start": lambda r: begun(r)[:1]}, "the time was up: nextValidId did not come"),
        ({"start": lambda _: [CLOSE]}, "the connection was closed: nextValidId did not come"),
        ({"start": lambda _: [notice(326, "in use"), CLOSE]}, "client ID 7343 is in use (notice 326)"),
        ({"config": nothing}, "the time was up: the request was not answered"),
        ({"config": lambda _: [CLOSE]}, "the connection was closed: the request was not answered"),
        (
            {"config": lambda r: [answering(filled(True))(r)[0][:300]]},
            "the time was up: the request was not answered, 300 bytes of an unfinished message had come",
        ),
        (
            {"config": lambda r: [answering(filled(True))(r)[0][:300], CLOSE]},
            "the connection was closed: the request was not answered, 300 bytes",
        ),
        ({"config": lambda _: [framed(CONFIG, b"\xff" * 40)]}, "the answer could not be read"),
        ({"config": lambda _: [struct.pack(">I", 3) + b"abc"]}, "the answer could not be read"),
        ({"config": lambda _: [b"\xff\xff\xff\xff garbage"]}, "the port does not speak the TWS API"),
        ({"config": lambda _: [framed(CONFIG, field(3, bytes(12 << 20)))]}, "more than 2048 KiB came"),
        ({"config": lambda _: [framed(CONFIG, field(3, b"") * 6000)]}, "the answer could not be read: more than 5000"),
        ({"config": lambda _: [framed(CONFIG, b"")]}, "the answer held none of the settings"),
        ({"config": lambda _: [framed(CONFIG, field(4, 1) + field(2, 1))]}, "the answer held none of the settings"),
        ({"config": lambda _: [framed(CONFIG, field(1, 99))]}, "the answer belongs to another request"),
        (
            {"config": lambda _: [notice(2104, "Market data farm connection is OK:usfarm") * 2000]},
            "1000 messages came and none of them was the answer",
        ),
    ],
)  # fmt: skip
async def test_what_goes_wrong_is_said(what: dict[str, Any], wanted: str) -> None:
    told = await reason(SHORT if wanted.startswith("the time was up") else PLENTY, **what)

    assert wanted in told


async def test_nobody_there_is_said_at_once() -> None:
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]

    answer = await ask_settings(HOST, port, IDS)

    assert answer.settings == Unknown("the connection was refused")
    assert answer.server_version is None


@pytest.mark.not_under_wine("Wine tells a reset as an orderly end: recv returns nothing")
async def test_a_connection_that_is_reset_is_said() -> None:
    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()

    server = await asyncio.start_server(reset, HOST, 0)
    answer = await ask_settings(HOST, server.sockets[0].getsockname()[1], IDS, within=PLENTY)
    server.close()

    assert answer.settings == Unknown("the connection was reset: the hello was not answered")


async def test_a_host_that_means_nothing_is_said() -> None:
    for host in ("a..b", "x" * 300):
        answer = await ask_settings(host, 4002, IDS, within=PLENTY)

        assert answer.settings == Unknown("the host name is unknown")


async def test_a_server_that_sends_without_end_and_never_reads_is_left_in_time() -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(struct.pack(">I", 26) + b"226\x0020261122 12:00:00 UTC\0")
        try:
            while True:
                writer.write(struct.pack(">I", 0xFFFFFF) + bytes(65536))
                await writer.drain()
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(flood, HOST, 0)
    answer = await ask_settings(HOST, server.sockets[0].getsockname()[1], IDS, within=1.0)
    server.close()

    # It comes to an end at all.
    assert isinstance(answer.settings, Unknown)


async def test_every_byte_of_an_answer_may_come_alone() -> None:
    whole = framed(CONFIG, ibkr_response(filled(True)))
    async with serving(config=lambda _: [whole[i : i + 1] for i in range(len(whole))]) as server:
        answer = await asked(server)

    assert isinstance(answer.settings, Known)


async def test_it_takes_three_seconds_at_most_by_itself() -> None:
    async with serving(config=nothing) as server:
        answer = await ask_settings(HOST, server.port, IDS)

    assert answer.settings == Unknown("the time was up: the request was not answered")
    assert LONGEST_INQUIRY == 3.0
    assert answer.elapsed > LONGEST_INQUIRY - 0.5


async def test_one_that_is_called_off_leaves_nothing_behind() -> None:
    async with serving(config=nothing) as server:
        task = asyncio.create_task(ask_settings(HOST, server.port, IDS))
        await server.until_asked()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert server.connections == 1


async def test_client_id_0_is_never_used() -> None:
    for ids in ((0,), (7342, 0), ()):
        with pytest.raises(ValueError, match="client ID above 0"):
            await ask_settings(HOST, 4002, ids)


# ── changing ────────────────────────────────────────────────────────────────────────────────────


def updated(**parts: Any) -> Any:
    """An updateConfig answered with these fields."""
    return lambda request: [framed(UPDATED, UpdateConfigResponse(reqId=request.reqId, **parts))]


async def changed(
    changes: Configuration = TURN_ON, *accepted: UpdateWarning, within: float = PLENTY, **what: Any
) -> tuple[Any, IbkrServer]:
    async with serving(**what) as server:
        outcome = await update_settings(HOST, server.port, IDS, changes, accepted, within=within)
    return outcome, server


@pytest.mark.parametrize("version", [221, 226])
async def test_a_change_is_sent_as_meant_and_its_success_told(version: int) -> None:
    fields = ["configuration.api.precautions.bypassOrderPrecautions"]
    outcome, server = await changed(
        version=version, update=updated(status="success", message="Configuration updated", changedFields=fields)
    )

    wanted = UpdateConfigRequest(reqId=1)
    wanted.api.precautions.bypassOrderPrecautions = True
    assert outcome == SettingsOutcome(CHANGED, "Bypass Order Precautions for API Orders")
    assert server.asked[1] == wanted
    assert server.connections == 1


@pytest.mark.parametrize("setting", [s for s in FIELDS if s.writable], ids=lambda s: s.name)
async def test_each_setting_is_changed_as_meant(setting: SettingField) -> None:
    value = values_for(setting)[-1]
    outcome, server = await changed(single(setting, value), update=updated(status="success"))

    wanted = UpdateConfigRequest(reqId=1)
    set_ibkr(wanted, setting, value)
    assert outcome == SettingsOutcome(CHANGED)
    assert server.asked[1] == wanted


async def test_a_warning_has_to_be_accepted_and_then_is_sent_along() -> None:
    warning = UpdateWarning(131, "Title", "Message")

    def warn(request: Any) -> list[bytes]:
        answer = UpdateConfigResponse(reqId=request.reqId, status="error")
        if [w.messageId for w in request.acceptedWarnings] == [131]:
            answer.status = "success"
        answer.warnings.add(messageId=131, title="Title", message="Message")
        return [framed(UPDATED, answer)]

    first, _ = await changed(update=warn)
    second, server = await changed(TURN_ON, *first.warnings, update=warn)

    assert first == SettingsOutcome(SettingsResult.WARNINGS, warnings=(warning,))
    assert second == SettingsOutcome(CHANGED)
    assert server.asked[1].acceptedWarnings[0].title == "Title"


@pytest.mark.parametrize(
    ("what", "outcome"),
    [
        (
            {"version": 220},
            SettingsOutcome(NOT_ASKED, "server version 220 does not let settings be changed; that begins with 221"),
        ),
        (
            {"version": 178},
            SettingsOutcome(NOT_ASKED, "server version 178 does not let settings be changed; that begins with 221"),
        ),
        ({"start": nothing}, SettingsOutcome(NOT_ASKED, "the time was up: nextValidId did not come")),
        (
            {"update": lambda _: [notice(321, READ_ONLY, 1)]},
            SettingsOutcome(SettingsResult.READ_ONLY, f"refused with notice 321 ({READ_ONLY})"),
        ),
        ({"update": lambda _: [notice(10357, "No.", 1)]}, SettingsOutcome(REFUSED, "refused with notice 10357 (No.)")),
        (
            {"update": updated(status="error", message="Validating failed", errors=["configuration.x"])},
            SettingsOutcome(REFUSED, "Validating failed (configuration.x)"),
        ),
        (
            {"update": updated(status="error", errors=["configuration.x"], warnings=[{"messageId": 131}])},
            SettingsOutcome(REFUSED, "the application found errors in the change (configuration.x)"),
        ),
        ({"update": updated(status="error")}, SettingsOutcome(REFUSED, "the application found errors in the change")),
        ({"update": nothing}, SettingsOutcome(UNKNOWN, "the time was up: the request was not answered")),
        (
            {"update": lambda _: [CLOSE]},
            SettingsOutcome(UNKNOWN, "the connection was closed: the request was not answered"),
        ),
        (
            {"update": updated(status="pending", message="Wait")},
            SettingsOutcome(UNKNOWN, "the application answered “pending” Wait"),
        ),
        ({"update": updated()}, SettingsOutcome(UNKNOWN, "the application answered “”")),
        (
            {"update": lambda _: [framed(UPDATED, b"\x08")]},
            SettingsOutcome(UNKNOWN, "the answer could not be read: the message ends in the middle of a number"),
        ),
        (
            {"update": lambda _: [framed(UPDATED, UpdateConfigResponse(reqId=2, status="success"))]},
            SettingsOutcome(UNKNOWN, "the answer belongs to another request"),
        ),
    ],
)  # fmt: skip
async def test_what_came_of_a_change_is_told_as_it_is(what: dict[str, Any], outcome: object) -> None:
    found, _ = await changed(within=SHORT if "the time was up" in str(outcome) else PLENTY, **what)

    assert found == outcome


async def test_read_only_api_is_never_asked_to_be_changed() -> None:
    async with serving() as server:
        with pytest.raises(ValueError, match="Read-Only API"):
            await update_settings(HOST, server.port, IDS, Configuration(ApiSettings(read_only_api=False)))

    assert server.connections == 0
