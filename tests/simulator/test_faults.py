"""The wire faults of connections, sessions and streams, as a bare client sees them."""

import asyncio
import random
import re
from pathlib import Path

import pytest

from agent.simulator.faults import WIRE_FAULTS, value_for
from agent.simulator.state import CLIENT_PLACES
from tests.simulator.conftest import Clock, StartRaw, StartSimulator
from tests.simulator.raw_client import RawClient, ask_for_data, is_well

# Accepting


async def test_accept_close_ends_the_connection_before_the_handshake(start: StartSimulator) -> None:
    simulator = await start()
    await simulator.apply("accept-close")

    client = await RawClient.greeted(simulator.port)
    ended = await client.end()
    await client.close()
    await simulator.heal("accept-close")

    assert ended == "closed"
    assert await is_well(simulator)


async def test_accept_close_also_turns_away_who_says_nothing(start: StartSimulator) -> None:
    simulator = await start()
    await simulator.apply("accept-close")

    client = await RawClient.connected(simulator.port)
    ended = await client.end()
    await client.close()

    assert ended == "closed"


async def test_accept_reset_resets_the_connection(start: StartSimulator) -> None:
    simulator = await start()
    await simulator.apply("accept-reset")

    client = await RawClient.greeted(simulator.port)
    ended = await client.end()
    await client.close()

    assert ended == "reset"


async def test_silent_answers_only_once_it_is_healed(start: StartSimulator) -> None:
    simulator = await start()
    await simulator.apply("silent")

    client = await RawClient.greeted(simulator.port)
    was_silent = await client.is_silent()
    await simulator.heal("silent")
    version, _ = await client.handshake()
    await client.close()

    assert was_silent
    assert version == "178"


async def test_silent_lets_go_of_a_client_that_gives_up(start: StartSimulator) -> None:
    simulator = await start()
    await simulator.apply("silent")

    client = await RawClient.greeted(simulator.port)
    await client.is_silent(0.02)
    await client.close()
    await asyncio.sleep(0.05)

    assert simulator.sessions == ()


async def test_hello_hang_answers_the_hello_and_nothing_else(start: StartSimulator) -> None:
    simulator = await start()
    await simulator.apply("hello-hang")

    client = await RawClient.greeted(simulator.port)
    await client.handshake()
    client.send(71, 2, 3, "")
    hung = await client.is_silent()
    await simulator.heal("hello-hang")
    await client.message(9)
    await client.close()

    assert hung


@pytest.mark.parametrize("code", ["10141", "1100", "504"])
async def test_start_refused_says_why_and_closes(start: StartSimulator, code: str) -> None:
    simulator = await start()
    await simulator.apply("start-refused", code)

    client = await RawClient.greeted(simulator.port)
    await client.handshake()
    client.send(71, 2, 3, "")
    messages = await client.rest()
    ended = await client.end()
    await client.close()
    await simulator.heal("start-refused")

    assert [m[3] for m in messages] == [code]
    assert ended == "closed"
    assert await is_well(simulator)


async def test_no_next_valid_id_tells_only_the_accounts(start: StartSimulator) -> None:
    simulator = await start()
    await simulator.apply("no-next-valid-id")

    client = await RawClient.greeted(simulator.port)
    await client.handshake()
    client.send(71, 2, 3, "")
    told = await client.rest()
    await simulator.heal()
    await client.message(9)
    await client.close()

    assert told == [["15", "1", "DU1234567"]]


@pytest.mark.parametrize(("value", "refused", "admitted"), [(None, (1, 2), ()), ("5", (5,), (6,))])
async def test_client_id_in_use_refuses_every_id_or_the_given_one(
    start: StartSimulator, value: str | None, refused: tuple[int, ...], admitted: tuple[int, ...]
) -> None:
    simulator = await start()
    await simulator.apply("client-id-in-use", value)

    for client_id in refused:
        client = await RawClient.greeted(simulator.port)
        await client.handshake()
        client.send(71, 2, client_id, "")
        messages = await client.rest()
        ended = await client.end()
        await client.close()

        assert [m[2:5] for m in messages] == [
            ["-1", "326", "Unable to connect as the client id is already in use. Retry with a unique client id."]
        ]
        assert ended == "closed"
    for client_id in admitted:
        assert await is_well(simulator, client_id)


async def test_a_client_id_is_free_a_little_after_its_session(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    first = await raw(simulator, 8)
    await first.close()
    await asyncio.sleep(0.05)

    soon = await RawClient.greeted(simulator.port)
    await soon.handshake()
    soon.send(71, 2, 8, "")
    refused = await soon.notice(326)
    await soon.close()
    await asyncio.sleep(0.6)

    assert refused
    assert await is_well(simulator, 8)


@pytest.mark.parametrize("value", ["close", "ignore"])
async def test_too_many_clients_leaves_no_place(start: StartSimulator, raw: StartRaw, value: str) -> None:
    simulator = await start()
    earlier = await raw(simulator)
    accepted = simulator.connections_accepted
    await simulator.apply("too-many-clients", value)

    late = await RawClient.greeted(simulator.port)
    turned_away = await late.is_silent() if value == "ignore" else await late.end() == "closed"
    await late.close()
    earlier.send(49, 1)
    await earlier.message(49)
    await earlier.close()
    await simulator.heal()

    assert turned_away
    assert simulator.connections_accepted == accepted + 1
    assert await is_well(simulator)


async def test_client_33_is_turned_away_without_any_fault(start: StartSimulator) -> None:
    simulator = await start()
    clients = [await RawClient.greeted(simulator.port) for _ in range(CLIENT_PLACES)]
    for client in clients:
        await client.handshake()

    late = await RawClient.greeted(simulator.port)
    ended = await late.end()
    for client in (late, *clients):
        await client.close()

    assert ended == "closed"


@pytest.mark.parametrize(("value", "version"), [(None, "120"), ("150", "150")])
async def test_old_version_is_what_the_handshake_says(start: StartSimulator, value: str | None, version: str) -> None:
    simulator = await start()
    await simulator.apply("old-version", value)

    client = await RawClient.greeted(simulator.port, "v100..226")
    fields = await client.handshake()
    await client.close()

    assert fields[0] == version


# Freezing and slowness


async def test_a_freeze_answers_nobody_until_it_thaws(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator)
    ask_for_data(client)
    await client.message(1)
    await simulator.apply("freeze")
    await client.rest(0.05)

    client.send(49, 1)
    newcomer = await RawClient.greeted(simulator.port)
    silent = await asyncio.gather(client.is_silent(), newcomer.is_silent())
    await simulator.heal("freeze")
    await client.message(49)
    await newcomer.handshake()
    await newcomer.close()

    assert list(silent) == [True, True]


async def test_slow_answers_come_in_order_and_late(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator)
    await simulator.apply("slow", "0.2")

    client.send(49, 1)
    client.send(17, 1)
    early = await client.is_silent(0.1)
    messages = [await client.fields(), await client.fields()]

    assert early
    assert [m[0] for m in messages] == ["49", "15"]


async def test_what_a_slow_one_owes_comes_at_once_when_healed(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator)
    await simulator.apply("slow", "60")
    client.send(49, 1)
    await client.is_silent(0.05)

    await simulator.heal()

    assert (await client.fields(1))[0] == "49"


# Ends and broken streams


@pytest.mark.parametrize(("fault", "ending"), [("reset-sessions", "reset"), ("drop-sessions", "closed")])
async def test_sessions_are_ended_once_and_may_come_back(
    start: StartSimulator, raw: StartRaw, fault: str, ending: str
) -> None:
    simulator = await start()
    client = await raw(simulator)

    await simulator.apply(fault)

    assert await client.end() == ending
    assert dict(simulator.active) == {}
    assert await is_well(simulator)


@pytest.mark.parametrize("fault", ["half-frame", "garbage", "huge-prefix"])
async def test_a_spoilt_stream_is_never_a_message(start: StartSimulator, raw: StartRaw, fault: str) -> None:
    simulator = await start()
    running = await raw(simulator)

    await simulator.apply(fault)
    newcomer = await RawClient.greeted(simulator.port)
    streams = []
    for client in (running, newcomer):
        async with asyncio.timeout(20):
            streams.append(await client.reader.read(4096))
        client.send(49, 1)
        assert await client.is_silent()
    await newcomer.close()
    await simulator.heal()

    for stream in streams:
        size = int.from_bytes(stream[:4], "big")
        match fault:
            case "half-frame":
                assert 4 < len(stream) < 4 + size < 100
            case "huge-prefix":
                assert size == 0xFFFFFFFF
            case _:
                assert not re.fullmatch(rb"\d+\0.*\0", stream[4 : 4 + size], re.DOTALL)
    assert fault != "garbage" or streams[0] == streams[1]
    assert await is_well(simulator)


async def test_the_clock_may_be_off(start: StartSimulator, raw: StartRaw, clock: Clock) -> None:
    simulator = await start(clock)
    client = await raw(simulator)

    await simulator.apply("clock-off", "-45")
    client.send(49, 1)
    fields = await client.message(49)

    assert int(fields[2]) == clock.now - 45


async def test_a_second_request_for_the_time_within_a_second_is_ignored(
    start: StartSimulator, raw: StartRaw, clock: Clock
) -> None:
    simulator = await start(clock)
    client = await raw(simulator)

    client.send(49, 1)
    await client.message(49)
    clock.now += 0.9
    client.send(49, 1)
    ignored = await client.is_silent()
    clock.now += 0.2
    client.send(49, 1)
    await client.message(49)

    assert ignored
    assert simulator.received[49] == 3


# The catalogue


def test_every_fault_of_the_catalogue_is_described_and_tested() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*faults.py"))

    assert [name for name in WIRE_FAULTS if f'"{name}"' not in text] == []
    assert all(fault.name == name for name, fault in WIRE_FAULTS.items())
    assert all(10 < len(fault.summary) < 110 and not fault.summary.endswith(".") for fault in WIRE_FAULTS.values())


@pytest.mark.parametrize(
    ("fault", "value", "complaint"),
    [
        ("no-such-fault", None, "there is no fault"),
        ("silent", "1", "takes no value"),
        ("slow", "soon", "takes a number"),
        ("start-refused", "101.5", "takes a whole number"),
        ("slow", "-1", "takes 0 to 3600"),
        ("not-subscribed", "200", "takes one of"),
        ("port-changed", "70000", "takes 1 to 65535"),
        ("market-data-farm-broken", "nofarm", "takes one or more of usfarm, .*, not “nofarm”"),
        ("market-data-farm-broken", "usfarm, nofarm", "not “nofarm”"),
        ("market-data-farm-broken", "ushmds", "not “ushmds”"),
        ("historical-farm-broken", "usfarm", "takes one or more of ushmds, .*, not “usfarm”"),
        ("security-definition-farm-broken", ",", "takes one or more of secdefil, .*, not “,”"),
    ],
)
async def test_nonsense_is_refused_in_a_sentence(
    start: StartSimulator, fault: str, value: str | None, complaint: str
) -> None:
    simulator = await start()

    with pytest.raises(ValueError, match=complaint):
        await simulator.apply(fault, value)

    assert dict(simulator.active) == {}


@pytest.mark.parametrize("name", [name for name, fault in WIRE_FAULTS.items() if not fault.one_shot])
async def test_every_fault_can_be_applied_before_opening_and_healed(start: StartSimulator, name: str) -> None:
    simulator = await start()
    await simulator.close()

    await simulator.apply(name)
    await simulator.open()
    in_force = dict(simulator.active)
    await simulator.heal()

    assert in_force == {name: value_for(WIRE_FAULTS[name], None)}
    assert dict(simulator.active) == {}
    assert await is_well(simulator)


async def test_faults_in_any_order_heal_to_a_healthy_tws(start: StartSimulator) -> None:
    simulator = await start()
    order = random.Random(7)
    clients: list[RawClient] = []
    for step in range(150):
        fault = order.choice(list(WIRE_FAULTS))
        if order.random() < 0.3:
            await simulator.heal(order.choice([None, fault]))
        else:
            await simulator.apply(fault)
        client = await RawClient.greeted(simulator.port)
        client.send(71, 2, step, "")
        clients.append(client)
        await asyncio.sleep(0)

    await simulator.heal()
    for client in clients:
        await client.close()
    await asyncio.sleep(1.2)

    assert await is_well(simulator)
    await asyncio.sleep(0.6)
    assert simulator.sessions == ()
    assert simulator.situation.connections == 0
    assert simulator.situation.client_ids == {}
    assert len(asyncio.all_tasks()) == 1
