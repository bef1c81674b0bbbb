import asyncio
import json
import stat
import sys
from pathlib import Path

import pytest

from agent.errors import UsageError
from agent.simulator.control import LONGEST_ORDER, ask_simulator, control_socket
from agent.simulator.world import SimulatedApplication

kinds = pytest.mark.parametrize(
    "unix", [False, pytest.param(True, marks=pytest.mark.skipif(sys.platform == "win32", reason="no Unix sockets"))]
)


async def connects(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


@kinds
async def test_faults_are_switched_over_the_control_socket(unix: bool, tmp_path: Path) -> None:
    path = tmp_path / "control"
    async with (
        await SimulatedApplication.start(tmp_path / "simulated") as application,
        control_socket(path, application, unix=unix),
    ):
        answer = await ask_simulator(path, do="fault", name="no-listener")
        during = await connects(application.port)
        healed = await ask_simulator(path, do="heal")

        assert answer["faults"] == {"no-listener": ""}
        assert not during
        assert healed["faults"] == {}
        assert healed["pid"] == application.pid
        assert await connects(application.port)


@kinds
async def test_only_its_owner_may_give_orders(unix: bool, tmp_path: Path) -> None:
    path = tmp_path / "control"
    async with (
        await SimulatedApplication.start(tmp_path / "simulated") as application,
        control_socket(path, application, unix=unix),
    ):
        mode = stat.S_IMODE(path.stat().st_mode)

        assert mode == 0o600 or sys.platform == "win32"


async def test_without_the_token_a_loopback_port_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "control"
    async with (
        await SimulatedApplication.start(tmp_path / "simulated") as application,
        control_socket(path, application, unix=False),
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(path.read_text().split()[0]))
        writer.write(b"guessed\n" + json.dumps({"do": "fault", "name": "silent"}).encode() + b"\n")
        answer = await reader.read()
        writer.close()

        assert answer == b""
        assert not application.faults


@kinds
@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ({"do": "dance"}, "There is no order 'dance'"),
        ({"do": "fault", "name": "nonsense"}, "There is no fault “nonsense”"),
        ({"do": "notify"}, "The order lacks 'code'"),
        ({"do": "notify", "code": []}, "int"),
    ],
)
async def test_an_order_that_makes_no_sense_is_answered_with_a_sentence(
    unix: bool, order: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "control"
    async with (
        await SimulatedApplication.start(tmp_path / "simulated") as application,
        control_socket(path, application, unix=unix),
    ):
        with pytest.raises(ValueError, match=sentence):
            await ask_simulator(path, **order)

        assert (await ask_simulator(path, do="state"))["port"] == application.port


async def test_many_orders_go_over_one_connection_and_bad_lines_do_not_end_it(tmp_path: Path) -> None:
    path = tmp_path / "control"
    async with (
        await SimulatedApplication.start(tmp_path / "simulated") as application,
        control_socket(path, application, unix=False),
    ):
        port, token = path.read_text().split()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(token.encode() + b'\nnot json\n[]\n{"do": "state"}\n')
        answers = [json.loads(await reader.readline()) for _ in range(3)]
        writer.close()

        assert [answer["ok"] for answer in answers] == [False, False, True]


async def test_a_line_without_end_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "control"
    async with (
        await SimulatedApplication.start(tmp_path / "simulated") as application,
        control_socket(path, application, unix=False),
    ):
        port, token = path.read_text().split()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(token.encode() + b"\n" + b"x" * (LONGEST_ORDER * 3))
        try:
            answer = await reader.read()
        except ConnectionResetError:
            answer = b""
        writer.close()

        assert answer == b""
        assert (await ask_simulator(path, do="state"))["ok"]


async def test_every_order_does_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "control"
    async with (
        await SimulatedApplication.start(tmp_path / "simulated") as application,
        control_socket(path, application),
    ):
        pid = application.pid
        await ask_simulator(path, do="log-out")
        logged_out = await connects(application.port)
        await ask_simulator(path, do="log-in")
        logged_in = await connects(application.port)
        await ask_simulator(path, do="notify", code=1100)
        restarted = await ask_simulator(path, do="restart")
        counters = await ask_simulator(path, do="counters")
        killed = await ask_simulator(path, do="kill")

        assert (logged_out, logged_in) == (False, True)
        assert restarted["pid"] not in (0, pid)
        assert counters["connections_accepted"] >= 1
        assert killed["pid"] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no Unix sockets")
async def test_a_socket_left_by_one_that_was_killed_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control"
    server = await asyncio.start_unix_server(lambda _reader, writer: writer.close(), str(path))
    server.close()
    await server.wait_closed()
    async with (
        await SimulatedApplication.start(tmp_path / "simulated") as application,
        control_socket(path, application),
    ):
        answer = await ask_simulator(path, do="state")

    assert answer["ok"]
    assert not path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no Unix sockets")
async def test_the_place_of_another_simulator_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "control"
    async with (
        await SimulatedApplication.start(tmp_path / "simulated") as application,
        control_socket(path, application),
    ):
        with pytest.raises(UsageError, match="Another simulator listens at"):
            async with control_socket(path, application):
                pass

        assert (await ask_simulator(path, do="state"))["ok"]


async def test_where_nobody_listens_one_sentence_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"No simulator listens at .*; start one with --control"):
        await ask_simulator(tmp_path / "nowhere", do="state")
