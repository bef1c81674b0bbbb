"""The wire faults of the link, the farms and the data, as a bare client sees them."""

import asyncio

import pytest

from tests.simulator.conftest import StartRaw, StartSimulator
from tests.simulator.raw_client import STOCK, RawClient, ask_for_data, ask_for_history, codes

# The link and the farms


async def test_a_lost_link_is_told_and_stops_the_ticks(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator)
    ask_for_data(client)
    await client.message(1)

    await simulator.apply("link-lost")
    await client.notice(1100)
    told = await client.rest()
    newcomer = await raw(simulator, 70)
    newcomer.send(6, 2, 1, "")
    _, _, _, ready, *_ = await newcomer.message(6, lambda m: m[2] == "AccountReady")

    assert codes(told) == [2103, 2103, 2105, 2105, 2157]
    assert [m for m in told if m[0] == "1"] == []
    assert ready == "false"


async def test_a_newcomer_is_told_2110_instead_of_farms(start: StartSimulator) -> None:
    simulator = await start()
    await simulator.apply("link-lost")

    client = await RawClient.started(simulator.port)
    told = codes(await client.rest())
    await client.close()

    assert told == [2110]


async def test_running_sessions_may_be_told_2110_too(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator)

    await simulator.apply("link-lost", "2110")

    assert codes(await client.rest()) == [2110]


async def test_contracts_seem_unknown_while_the_link_is_lost(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator)
    await simulator.apply("link-lost")

    client.send(9, 8, 33, *STOCK, 0, "", "", "")

    assert (await client.notice(200))[0] == "33"


@pytest.mark.parametrize("heal", [True, False])
async def test_the_link_comes_back_with_data_kept_and_all_farms(
    start: StartSimulator, raw: StartRaw, heal: bool
) -> None:
    simulator = await start()
    client = await raw(simulator)
    ask_for_data(client)
    await client.message(1)
    await simulator.apply("link-lost")
    await simulator.apply("market-data-farm-broken", "cashfarm")

    await (simulator.heal("link-lost") if heal else simulator.apply("link-back-kept"))
    _, _, text = await client.notice(1102)
    await client.message(1)

    assert text == (
        "Connectivity between IBKR and Trader Workstation has been restored - data maintained."
        " The following farms are connected: usfarm; ushmds; cashhmds; secdefil."
        " The following farms are not connected: cashfarm."
    )
    assert dict(simulator.active) == {"market-data-farm-broken": "cashfarm"}


async def test_the_link_comes_back_and_only_the_farms_say_so(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator)
    await simulator.apply("link-lost")
    await client.notice(1100)
    await simulator.apply("link-back-unsaid")
    told = codes(await client.rest())

    assert 2104 in told
    assert {1101, 1102}.isdisjoint(told)
    assert dict(simulator.active) == {}


async def test_the_link_comes_back_with_data_lost_and_no_subscriptions(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator)
    ask_for_data(client)
    await client.message(1)
    await simulator.apply("link-lost")

    await simulator.apply("link-back-lost")
    await client.notice(1101)

    assert [m for m in await client.rest() if m[0] == "1"] == []
    assert dict(simulator.active) == {}


@pytest.mark.parametrize(
    ("fault", "farm", "broken", "ok"),
    [
        ("market-data-farm-broken", "usfarm", "Market data farm connection is broken:", 2104),
        ("historical-farm-broken", "ushmds", "HMDS data farm connection is broken:", 2106),
        ("security-definition-farm-broken", "secdefil", "Sec-def data farm connection is broken:", 2158),
    ],
)
async def test_a_broken_farm_is_told_to_all_and_healed(
    start: StartSimulator, raw: StartRaw, fault: str, farm: str, broken: str, ok: int
) -> None:
    simulator = await start()
    client = await raw(simulator)

    await simulator.apply(fault)
    (notice,) = await client.rest()
    newcomer = await RawClient.started(simulator.port, 70)
    told = codes(await newcomer.rest())
    await newcomer.close()
    await simulator.heal(fault)
    (healed,) = await client.rest()

    assert notice[4] == f"{broken}{farm}"
    assert int(notice[3]) == ok - 1
    assert ok - 1 in told
    assert healed[3:5] == [str(ok), f"{broken.replace('broken', 'OK')}{farm}"]


async def test_a_broken_farm_serves_nothing_and_another_still_does(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator)
    await simulator.apply("market-data-farm-broken", "eufarm")
    ask_for_data(client)
    await client.message(1)

    await simulator.apply("market-data-farm-broken", "usfarm")
    assert [m[4].rpartition(":")[2] for m in await client.rest() if m[0] == "4"] == ["usfarm", "eufarm"]
    await simulator.apply("historical-farm-broken")
    await simulator.apply("security-definition-farm-broken")
    ask_for_history(client)
    client.send(9, 8, 33, *STOCK, 0, "", "", "")
    told = await client.rest()

    assert codes(told) == [2105, 2157, 162, 200]
    assert {m[0] for m in told} == {"4"}


# Data


@pytest.mark.parametrize(
    ("fault", "value", "unasked", "for_data", "for_history"),
    [
        ("competing-session", None, [10197, 162], [10197], [162]),
        ("pacing", None, [162], [], [162]),
        ("pacing", "420", [420], [], [420]),
        ("lines-exhausted", None, [101], [101], []),
        ("delayed", None, [10167], [10167], []),
        ("not-subscribed", None, [354], [354], []),
        ("not-subscribed", "10089", [10089], [10089], []),
        ("not-subscribed", "10090", [10090], [10090], []),
        ("not-subscribed", "10168", [10168], [10168], []),
        ("not-subscribed", "10186", [10186], [10186], []),
    ],
)
async def test_data_faults_are_said_unasked_and_refuse_requests(
    start: StartSimulator, raw: StartRaw, fault: str, value: str | None, unasked: list[int],
    for_data: list[int], for_history: list[int],
) -> None:  # fmt: skip
    simulator = await start()
    client = await raw(simulator)

    await simulator.apply(fault, value)
    said = await client.rest()
    ask_for_history(client)
    history = await client.rest()
    ask_for_data(client)
    await asyncio.sleep(0.05)
    client.send(2, 2, 41)
    data = await client.rest()
    await simulator.heal()
    ask_for_data(client, 43)
    await client.message(1)

    assert codes(said) == unasked
    assert {m[2] for m in said} == {"-1"}
    assert codes(history) == for_history
    assert [code for code in codes(data) if code != 300] == for_data
    served = fault == "pacing" or fault == "delayed" or value == "10090"
    assert any(m[0] == "1" for m in data) == served


@pytest.mark.parametrize(
    ("market_data_type", "fault", "told", "ticks"),
    [
        (1, None, "1", {"9"}),
        (2, None, "2", {"1", "2", "4"}),
        (3, "not-subscribed", "3", {"75"}),
        (4, "not-subscribed", "4", {"66", "67", "68"}),
    ],
)
async def test_a_closed_market_shows_its_last_prices_once_to_who_asks_for_them(
    start: StartSimulator, raw: StartRaw, market_data_type: int, fault: str | None, told: str, ticks: set[str]
) -> None:
    simulator = await start()
    client = await raw(simulator)
    await simulator.apply("market-closed")
    if fault:
        await simulator.apply(fault)
        await client.rest()

    client.send(59, 1, market_data_type)
    ask_for_data(client)
    messages = await client.rest()

    assert [m[3] for m in messages if m[0] == "58"] == [told]
    prices = [m[3] for m in messages if m[0] == "1"]
    assert len(prices) == len(ticks)
    assert set(prices) == ticks


@pytest.mark.parametrize(("primary", "served"), [("", False), ("ARCA", True), ("LSE", False)])
async def test_a_symbol_that_two_shares_have_needs_its_exchange(
    start: StartSimulator, raw: StartRaw, primary: str, served: bool
) -> None:
    simulator = await start()
    client = await raw(simulator)
    contract = (0, "TWIN", "STK", "", 0.0, "", "", "SMART", primary, "USD", "", "")

    client.send(9, 8, 33, *contract, 0, "", "", "")
    details = await client.rest()
    # A snapshot: it ends by itself.
    client.send(1, 11, 41, *contract, 0, "", 1, 0, "")
    data = await client.rest()

    assert len([m for m in details if m[0] == "10"]) == (2 if not primary else 1 if served else 0)
    assert any(m[0] == "1" for m in data) is served
    if not primary:
        assert data[0][4] == "The contract description specified for TWIN is ambiguous."


async def test_a_future_has_a_contract_for_each_expiry(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator)

    client.send(9, 8, 33, 0, "ES", "FUT", "", 0.0, "", "", "CME", "", "", "", "", 0, "", "", "")
    details = [m for m in await client.rest() if m[0] == "10"]

    assert [m[4][:8] for m in details] == ["20270319", "20261218"]


async def test_texts_tell_a_competing_session_from_pacing(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator)

    await simulator.apply("competing-session")
    _, _, competing = await client.notice(162)
    await simulator.heal()
    await simulator.apply("pacing")
    _, _, pacing = await client.notice(162)

    assert "different IP address" in competing
    assert "pacing violation" in pacing


async def test_a_competing_session_stops_running_data(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator)
    ask_for_data(client)
    await client.message(1)

    await simulator.apply("competing-session")
    told = await client.rest()

    assert [(m[2], m[3]) for m in told if m[0] == "4"] == [("41", "10197"), ("-1", "10197"), ("-1", "162")]
    assert told[-1][0] == "4"


async def test_the_third_message_beyond_the_rate_ends_the_session(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    client = await raw(simulator)
    await simulator.apply("message-rate", "3")

    for _ in range(6):
        client.send(17, 1)
    messages = await client.rest()

    assert codes(messages) == [100, 100, 100, 100]
    assert messages[-1][4] == "Max rate of messages per second has been exceeded:max=3 rec=4 (3)"
    assert await client.end() == "closed"
