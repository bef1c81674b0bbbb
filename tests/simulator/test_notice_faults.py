"""The wire faults that are notices: Read-Only API, a changed port, and any notice sent unasked."""

import errno
import re
import socket
from typing import Any

import pytest

from tests.simulator.conftest import StartRaw, StartSimulator
from tests.simulator.raw_client import STOCK, RawClient, codes, is_well


async def test_read_only_refuses_exactly_what_it_should(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    await simulator.apply("read-only")
    client = await raw(simulator)

    refused: list[tuple[object, ...]] = [(5, 1), (99, 1), (15, 1, 1), (58, 1), (3, 12, *STOCK), (4, 1, 13, "")]
    for message in refused:
        client.send(*message)
    refusals = await client.rest()
    for message in (
        (61, 1),
        (16, 1),
        (17, 1),
        (62, 1, 5, "All", "NetLiquidation"),
        (7, 3, 6, 0, "", "", "", "", "", ""),
    ):
        client.send(*message)
    served = await client.rest()

    assert [(m[2], m[3]) for m in refusals] == [(str(i), "321") for i in (-1, -1, -1, -1, 12, 13)]
    assert all(
        re.fullmatch(
            r"Error validating request:-'bN' : cause - The API interface is currently in Read-Only mode\.", m[4]
        )
        for m in refusals
    )
    assert codes(served) == []
    assert {m[0] for m in served} >= {"62", "53", "15", "64", "55"}


@pytest.mark.parametrize(("language", "words"), [(None, "Read-Only mode"), ("de", "schreibgesch\\u00fctzt")])
async def test_a_read_only_notice_comes_unasked(
    start: StartSimulator, raw: StartRaw, language: str | None, words: str
) -> None:
    simulator = await start()
    client = await raw(simulator)

    await simulator.apply("read-only-notice", language)

    request_id, _, text = await client.notice(321)
    assert request_id == "-1"
    assert words in text
    assert dict(simulator.active) == {}


async def test_port_changed_says_so_drops_everybody_and_moves(start: StartSimulator, raw: StartRaw) -> None:
    simulator = await start()
    before = simulator.port
    client = await raw(simulator)

    await simulator.apply("port-changed")
    _, _, text = await client.notice(1300)
    ended = await client.end()

    assert simulator.port != before
    assert text.endswith(f"-{simulator.port}")
    assert ended == "closed"
    assert await is_well(simulator)
    with pytest.raises(ConnectionRefusedError):
        await RawClient.connected(before)


async def test_a_port_that_is_taken_is_not_moved_to(start: StartSimulator) -> None:
    simulator, other = await start(), await start()

    with pytest.raises(ValueError, match="cannot be listened on"):
        await simulator.apply("port-changed", str(other.port))

    assert await is_well(simulator)


@pytest.mark.parametrize("code", [100, 101, 162, 200, 321, 354, 420, 1100, 1101, 1102, 2103, 2110, 2157, 10197, 10357])
async def test_any_notice_can_be_sent_unasked_to_all_or_to_one(start: StartSimulator, raw: StartRaw, code: int) -> None:
    simulator = await start()
    first, second = await raw(simulator, 1), await raw(simulator, 2)

    await simulator.notify(code, client_id=2)
    await simulator.notify(code, "in other words", request_id=9)

    assert [m[2:5] for m in await first.rest()] == [["9", str(code), "in other words"]]
    told = [m[2:5] for m in await second.rest()]
    assert [m[:2] for m in told] == [["-1", str(code)], ["9", str(code)]]
    assert len(told[0][2]) > 10
    assert "{}" not in told[0][2]


async def test_a_port_that_only_administrators_may_use_is_not_moved_to(
    start: StartSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = await start()
    bind = socket.socket.bind

    def refused(self: socket.socket, address: tuple[Any, ...]) -> None:
        if address[1] == 80:
            raise PermissionError(errno.EACCES, "Permission denied")
        bind(self, address)

    # Root, as which tests may run, may use it.
    monkeypatch.setattr(socket.socket, "bind", refused)
    with pytest.raises(ValueError, match=r"^Port 80 is for administrators: choose one from 1024 on$"):
        await simulator.apply("port-changed", "80")

    assert await is_well(simulator)
