"""IBC's command server as the simulator plays it: its line protocol, and what its commands cure."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.simulator.free_ports import free_port
from agent.simulator.ibc_server import CommandServer
from agent.simulator.settings_folder import IbcChoices
from agent.simulator.world import SimulatedApplication
from agent.tws.applications import ApplicationKind

PATIENCE = 30.0
"""Seconds a cure may take on a busy machine."""


async def said(port: int, *commands: str) -> list[str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = []
    for command in commands:
        writer.write(f"{command}\n".encode())
        answers.append((await reader.readline()).decode().strip())
    writer.close()
    await writer.wait_closed()
    return answers


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("kind", [ApplicationKind.TWS, ApplicationKind.GATEWAY])
async def test_it_answers_as_ibc_does(kind: ApplicationKind) -> None:
    wishes: list[str] = []
    server = CommandServer(kind, lambda: False, wishes.append)
    port = await server.open(0)
    answers = await said(port, "EnableApi", "RECONNECTDATA", "reconnectaccount", "DANCE", "EXIT")
    await server.close()
    tws = kind is ApplicationKind.TWS

    assert answers == [
        "OK configured" if tws else "ERROR ENABLEAPI is not valid for the IB Gateway",
        "OK",
        "OK",
        "ERROR Command invalid",
        "OK Goodbye",
    ]
    assert wishes == [*(["enable-api"] if tws else []), "reconnect-data", "reconnect-account"]


async def test_an_api_that_is_on_stays_on() -> None:
    wishes: list[str] = []
    server = CommandServer(ApplicationKind.TWS, lambda: True, wishes.append)

    assert server.answer("ENABLEAPI") == "OK already configured"
    assert wishes == []


async def test_a_prompt_comes_before_each_answer() -> None:
    server = CommandServer(ApplicationKind.TWS, lambda: False, lambda _: None, prompt="IBC> ")
    port = await server.open(0)
    answers = await said(port, "RECONNECTDATA", "EXIT")
    await server.close()

    assert answers == ["IBC> OK", "IBC> OK Goodbye"]


async def test_its_commands_cure_what_they_are_there_for(tmp_path: Path) -> None:
    command_port = free_port()
    ibc = IbcChoices(command_server_port=command_port)
    faults = ("no-listener", "market-data-farm-broken", "link-lost", "delayed")
    async with await SimulatedApplication.start(
        tmp_path, kind=ApplicationKind.TWS, shape="ibc", ibc=ibc, faults=faults
    ) as tws:
        assert await said(command_port, "ENABLEAPI") == ["OK configured"]
        await until(lambda: "no-listener" not in tws.faults)
        async with asyncio.timeout(PATIENCE):
            while await said(command_port, "ENABLEAPI") != ["OK already configured"]:  # noqa: ASYNC110 - as above
                # It is cured a moment after it was granted.
                await asyncio.sleep(0.05)
        await said(command_port, "RECONNECTDATA")
        await until(lambda: "market-data-farm-broken" not in tws.faults)
        assert set(tws.faults) == {"link-lost", "delayed"}
        await said(command_port, "RECONNECTACCOUNT")
        await until(lambda: "link-lost" not in tws.faults)

        assert set(tws.faults) == {"delayed"}


async def test_without_ibc_there_is_none(tmp_path: Path) -> None:
    command_port = free_port()
    async with await SimulatedApplication.start(tmp_path, ibc=IbcChoices(command_server_port=command_port)):
        with pytest.raises(ConnectionRefusedError):
            await said(command_port, "EXIT")
