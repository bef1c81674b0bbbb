"""Framing, encodings and sessions of the simulator, byte by byte."""

import asyncio
import gc
import importlib
import socket
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import agent.simulator as simulator_package
from agent.simulator.messages import REPLIES, SCHEMA
from agent.simulator.server import Simulator
from agent.simulator.state import Profile
from agent.tws.codec import MessageLayout, fields_bytes, frame, parse_hello, split_frames
from agent.tws.requests import REQUEST_MESSAGES, parse_request
from agent.tws.schema import Values, decode, encode
from tests.simulator.conftest import StartRaw, StartSimulator
from tests.simulator.raw_client import RawClient

IBKR_NAMES = {
    "Bar": "HistoricalDataBar",
    "Sample": "ContractDescription",
    "ReqMarketData": "MarketDataRequest",
    "ReqAccountData": "AccountDataRequest",
    "ReqExecutions": "ExecutionRequest",
    "ReqContractData": "ContractDataRequest",
    "ReqAutoOpenOrders": "AutoOpenOrdersRequest",
    "ReqHistoricalData": "HistoricalDataRequest",
    "ReqRealTimeBars": "RealTimeBarsRequest",
    "ReqMarketDataType": "MarketDataTypeRequest",
    "ReqAccountSummary": "AccountSummaryRequest",
    "StartApi": "StartApiRequest",
    "ReqMulti": "AccountUpdatesMultiRequest",
    "ReqMatchingSymbols": "MatchingSymbolsRequest",
    "ReqCompletedOrders": "CompletedOrdersRequest",
    "ReqUpdateConfig": "UpdateConfigRequest",
    "OrderOnly": "PlaceOrderRequest",
    "RequestOnly": "PnLRequest",
    "Nothing": "PositionsRequest",
}
"""Where the simulator's name of a message differs from IBKR's."""

KINDS = {"int": {3, 5}, "bool": {8}, "double": {1}, "str": {9}}
"""Per kind, the type numbers of protocol buffers that are written alike."""


@pytest.mark.parametrize("message", SCHEMA)
def test_the_field_table_agrees_with_ibkrs_generated_classes(message: str) -> None:
    name = IBKR_NAMES.get(message, message)
    module: Any = importlib.import_module(f"ibapi.protobuf.{name}_pb2")
    theirs = {field.number: field for field in module.DESCRIPTOR.message_types_by_name[name].fields}

    for field in SCHEMA[message]:
        assert field.number in theirs, field
        assert theirs[field.number].type in KINDS.get(field.kind, {11}), field
        assert theirs[field.number].is_repeated == field.repeated, field


def test_message_numbers_agree_with_ibkrs() -> None:
    from ibapi.message import IN, OUT

    assert {reply.number for reply in REPLIES.values()} <= {int(number) for number in IN}
    assert {int(number) for number in OUT} - set(REQUEST_MESSAGES) == set()
    assert all(name in SCHEMA for name in REPLIES)


numbers = st.integers(-(2**63), 2**63 - 1)
contracts = st.fixed_dictionaries(
    {}, optional={"con_id": numbers, "symbol": st.text(), "strike": st.floats(allow_nan=False)}
)


@given(st.fixed_dictionaries({}, optional={"request_id": numbers, "contract": contracts, "snapshot": st.booleans()}))
def test_protobuf_reads_what_it_wrote(values: Values) -> None:
    body = encode("ReqMarketData", values, SCHEMA)

    assert decode("ReqMarketData", body, SCHEMA) == values


@given(st.binary(max_size=200), st.sampled_from([178, 205, 226]))
def test_any_bytes_are_a_request_or_a_value_error(payload: bytes, version: int) -> None:
    try:
        request = parse_request(payload, version)
        request.request_id  # noqa: B018
    except ValueError:
        return

    assert request.number >= -200 or version == 178


@given(st.lists(st.binary(max_size=50)), st.data())
def test_frames_are_found_however_the_bytes_arrive(payloads: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(frame, payloads))
    buffer, found = bytearray(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        buffer += stream[:size]
        stream = stream[size:]
        found += list(split_frames(buffer))

    assert found == payloads


def test_a_frame_longer_than_any_message_is_refused() -> None:
    with pytest.raises(ValueError, match="a frame of 4294967295 bytes"):
        list(split_frames(bytearray(b"\xff\xff\xff\xffabc")))


@pytest.mark.parametrize(
    ("text", "lowest", "highest"), [("v157..178", 157, 178), ("v100..226 +PACEAPI", 100, 226), ("v176", 176, 176)]
)
def test_a_hello_offers_versions(text: str, lowest: int, highest: int) -> None:
    hello = parse_hello(text.encode())

    assert (hello.lowest, hello.highest) == (lowest, highest)


@pytest.mark.parametrize("text", ["", "GET / HTTP/1.1", "v..", "v1..x", "157..178"])
def test_a_hello_that_offers_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="offers no versions"):
        parse_hello(text.encode())


def test_a_layout_follows_the_server_version() -> None:
    layout = MessageLayout.of("194-:=2 id outer.name 194+:time many[ . ]")
    values: Values = {"id": 5, "outer": {"name": 1.5}, "time": 9, "many": ("a", "b")}

    assert layout.write(values, 178) == ["2", "5", "1.5", "2", "a", "b"]
    assert layout.write(values, 200) == ["5", "1.5", "9", "2", "a", "b"]


def test_text_beyond_ascii_is_escaped() -> None:
    assert fields_bytes(["Prüfung", "😀"]) == b"Pr\\u00fcfung\0\\ud83d\\ude00\0"


async def test_a_foreign_protocol_is_hung_up_on(start: StartSimulator) -> None:
    client = await RawClient.connected((await start()).port)

    client.writer.write(b"GET / HTTP/1.1\r\n\r\n")
    ended = await client.end()
    await client.close()

    assert ended == "closed"


async def test_a_hello_in_pieces_is_understood(start: StartSimulator) -> None:
    client = await RawClient.connected((await start()).port)

    for byte in b"API\0\0\0\0\x09v157..178":
        client.writer.write(bytes([byte]))
        await asyncio.sleep(0)
    version, time = await client.handshake()
    await client.close()

    assert version == "178"
    assert time.endswith(" UTC")


async def test_requests_sent_along_with_start_api_are_answered_after_next_valid_id(start: StartSimulator) -> None:
    client = await RawClient.greeted((await start()).port)
    await client.handshake()

    client.send(71, 2, 4, "")
    client.send(49, 1)
    order = [fields[0] for fields in await client.rest()]
    await client.close()

    assert order.index("15") < order.index("9") < order.index("49")


async def test_nothing_is_answered_before_start_api(start: StartSimulator) -> None:
    simulator = await start()
    client = await RawClient.greeted(simulator.port)
    await client.handshake()

    client.send(49, 1)
    quiet = await client.is_silent()
    await client.close()

    assert quiet
    assert simulator.received[49] == 1


async def test_a_message_that_cannot_be_read_gets_320_and_an_unknown_one_322(
    start: StartSimulator, raw: StartRaw
) -> None:
    client = await raw(await start())

    client.send("what", "is", "this")
    client.send(1, 11, "not a number")
    client.send(199, 1)

    assert [int(m[3]) for m in await client.rest()] == [320, 320, 322]


async def test_closing_ends_sessions_and_frees_the_port_and_the_ids(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator, 6)
    port = simulator.port

    await simulator.close()
    ended = await client.end()
    await simulator.open()
    again = await raw(simulator, 6)

    assert ended == "closed"
    assert simulator.port == port
    assert again.server_version == 178
    assert [session.client_id for session in simulator.sessions] == [6]
    assert simulator.connections_accepted == 2


async def test_a_client_that_never_reads_does_not_keep_it_from_closing(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start(tick_seconds=0.001)
    client = await raw(simulator)
    client.reader._transport.pause_reading()  # type: ignore[attr-defined]
    for _ in range(3000):
        client.send(61, 1)
    await asyncio.sleep(0.3)

    await asyncio.wait_for(simulator.close(), 20)

    assert simulator.sessions == ()


async def test_sessions_come_and_go_without_leaving_anything(start: StartSimulator) -> None:
    simulator = await start()
    gc.collect()
    for _ in range(50):
        client = await RawClient.started(simulator.port, 7000 + _)
        await client.close()
    await asyncio.sleep(0.7)

    assert simulator.sessions == ()
    assert simulator.situation.connections == 0
    assert simulator.situation.client_ids == {}
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("version", [156, 227])
def test_a_profile_speaks_only_versions_that_exist(version: int) -> None:
    with pytest.raises(ValueError, match="157 to 226"):
        Simulator(Profile(server_version=version), port=0)


def test_nothing_of_ibkrs_own_package_is_used() -> None:
    folder = Path(simulator_package.__file__ or "").parent
    imports = [
        line for path in folder.glob("*.py") for line in path.read_text("utf-8").splitlines() if "import" in line
    ]

    assert [line for line in imports if "ibapi" in line or "google" in line] == []


async def test_messages_are_counted_even_when_a_fault_keeps_them_unanswered(
    start: StartSimulator, raw: StartRaw
) -> None:
    simulator = await start()
    client = await raw(simulator)
    await simulator.apply("freeze")

    client.send(49, 1)
    await client.is_silent(0.05)

    assert dict(simulator.received) == {71: 1, 49: 1}


@pytest.mark.parametrize("fault", ["", "accept-close", "accept-reset", "too-many-clients", "silent"])
async def test_clients_that_reset_at_once_do_no_harm(start: StartSimulator, fault: str) -> None:
    simulator = await start()
    if fault:
        await simulator.apply(fault)
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    for _ in range(20):
        with socket.create_connection(("127.0.0.1", simulator.port)) as link:
            link.send(b"API\0")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await asyncio.sleep(0.1)
    await simulator.heal()
    await asyncio.sleep(0.05)

    assert complaints == []
    assert simulator.sessions == ()
    assert simulator.situation.connections == 0
