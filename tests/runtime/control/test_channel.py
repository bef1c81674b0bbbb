"""The control channel between the command line and the running agent."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.errors import AgentNotRunning, DataFolderError
from agent.runtime.control.channel import LONGEST_CONTROL_MESSAGE, MOST_CLIENTS, ControlServer, pipe_name, request
from agent.runtime.paths import Places, find_places

ROOT = Path(__file__).resolve().parents[3]
unix = pytest.mark.skipif(sys.platform == "win32", reason="sockets in the file system")

if sys.platform != "win32":
    from agent.runtime.control.unix_socket import LONGEST_SOCKET_PATH, socket_path


@pytest.fixture
def places() -> Iterator[Places]:
    # The test runner's own folders have paths that are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="gl-") as folder:
        yield find_places(data_dir=folder, environ={})


@pytest.fixture
def far_away(tmp_path: Path) -> Places:
    """A data folder whose path is too long for a socket."""
    data = tmp_path / ("x" * 120)
    data.mkdir()
    return find_places(data_dir=data, environ={})


async def answer(message: dict[str, Any]) -> dict[str, Any]:
    """An agent that knows a few commands."""
    match message.get("command"):
        case "slow":
            await asyncio.sleep(3600)
        case "broken":
            raise RuntimeError("of the agent")
        case "long":
            return {"long": "x" * LONGEST_CONTROL_MESSAGE}
        case "bytes":
            return {"cannot be written": object()}
    return {"asked": message}


@asynccontextmanager
async def running(places: Places, **limits: float) -> AsyncIterator[ControlServer]:
    server = ControlServer(places, answer, **limits)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


async def ask(places: Places, message: dict[str, Any], timeout: float = 5.0) -> dict[str, Any]:
    """Ask as the command line does, while this loop answers."""
    return await asyncio.to_thread(request, places, message, timeout)


async def raw(places: Places, data: bytes) -> bytes:
    """Everything that the server sends to a client that sends this and then no more."""
    reader, writer = await asyncio.open_unix_connection(str(socket_path(places)), limit=4 * LONGEST_CONTROL_MESSAGE)
    try:
        writer.write(data)
        writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


async def test_a_command_gets_its_answer(places: Places) -> None:
    async with running(places):
        assert await ask(places, {"command": "status", "name": "Büro\n•"}) == {
            "asked": {"command": "status", "name": "Büro\n•"}
        }


async def test_a_long_answer_arrives_whole(places: Places) -> None:
    text = "ä" * 400_000

    async with running(places):
        assert await ask(places, {"text": text}) == {"asked": {"text": text}}


def test_nobody_answers_where_no_agent_runs(places: Places) -> None:
    with pytest.raises(AgentNotRunning) as refused:
        request(places, {"command": "status"})

    assert str(refused.value).endswith("start it with `gatelight run`.")
    assert refused.value.exit_status == 3


def test_nobody_answers_where_there_is_not_even_a_folder(places: Places) -> None:
    with pytest.raises(AgentNotRunning):
        request(find_places(data_dir=places.data / "none" / "x", environ={}), {})


@unix
def test_a_socket_left_behind_is_nobody(places: Places) -> None:
    places.control.mkdir()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(socket_path(places)))
    left.close()

    with pytest.raises(AgentNotRunning, match="does not run"):
        request(places, {})


@unix
async def test_a_new_agent_takes_over_from_one_that_was_killed(places: Places) -> None:
    script = (
        "import asyncio, os, sys\n"
        "from agent.runtime.control.channel import ControlServer\n"
        "from agent.runtime.paths import find_places\n"
        "async def main():\n"
        "    await ControlServer(find_places(data_dir=sys.argv[1], environ={}), None).start()\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    killed = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script, str(places.data)], cwd=ROOT)
    assert killed.returncode == -9
    assert socket_path(places).exists()

    async with running(places):
        assert await ask(places, {"n": 1}) == {"asked": {"n": 1}}


@unix
async def test_only_this_user_can_open_it_and_nothing_is_left_behind(places: Places) -> None:
    places.control.mkdir(mode=0o755)

    async with running(places):
        path = socket_path(places)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    assert not path.exists()


@unix
async def test_a_data_folder_with_a_long_path_has_its_socket_elsewhere(far_away: Places) -> None:
    async with running(far_away):
        path = socket_path(far_away)
        assert len(os.fsencode(path)) <= LONGEST_SOCKET_PATH
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert await ask(far_away, {"n": 2}) == {"asked": {"n": 2}}

    assert not path.parent.exists()
    assert [file.name for file in far_away.data.iterdir()] == []


@unix
async def test_the_folder_elsewhere_of_a_killed_agent_is_cleared_away(far_away: Places) -> None:
    first = ControlServer(far_away, answer)
    await first.start()
    left = socket_path(far_away).parent

    async with running(far_away):
        assert socket_path(far_away).parent != left
        assert not left.exists()
        assert await ask(far_away, {"n": 3}) == {"asked": {"n": 3}}
    await first.close()


@unix
async def test_the_runtime_folder_is_preferred(far_away: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = tempfile.mkdtemp(prefix="run-")
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)

    async with running(far_away):
        inside = socket_path(far_away).is_relative_to(runtime)
    shutil.rmtree(runtime)

    assert inside


@unix
async def test_a_data_folder_that_takes_no_socket_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DataFolderError, match="cannot be used"):
        await ControlServer(find_places(data_dir=tmp_path / "file", environ={}), answer).start()


@unix
async def test_a_control_folder_that_is_none_is_no_obstacle(places: Places) -> None:
    places.control.touch()

    async with running(places):
        elsewhere = socket_path(places)
        assert await ask(places, {"n": 1}) == {"asked": {"n": 1}}

    assert not elsewhere.is_relative_to(places.data)
    assert not elsewhere.parent.exists()


@unix
@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="needs to give files away")
async def test_a_socket_of_somebody_else_is_not_talked_to(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(places):
        monkeypatch.setattr(os, "geteuid", lambda: 4711)
        with pytest.raises(AgentNotRunning, match="belongs to another user"):
            await ask(places, {})


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"\n", "one JSON object a line"),
        (b"status\n", "one JSON object a line"),
        (b"\xff\xfe\x00\n", "one JSON object a line"),
        (b"GET / HTTP/1.1\r\n", "one JSON object a line"),
        (b"[" * 100_000 + b"\n", "one JSON object a line"),
        (b"9" * 5_000 + b"\n", "one JSON object a line"),
        (b"[1]\n", "a JSON object"),
        (b"null\n", "a JSON object"),
    ],
)
@unix
async def test_garbage_is_answered_and_the_line_stays_open(places: Places, sent: bytes, says: str) -> None:
    async with running(places):
        first, second = (await raw(places, sent + b'{"n": 1}\n')).splitlines()

    assert says in json.loads(first)["error"]
    assert json.loads(second) == {"asked": {"n": 1}}


@unix
async def test_half_a_character_is_replaced_before_it_is_answered(places: Places) -> None:
    async with running(places):
        (reply,) = (await raw(places, b'{"echo": "\\ud83d"}\n')).splitlines()

    assert b"\\ud83d" not in reply
    json.loads(reply.decode("utf-8"))


@unix
async def test_a_message_that_is_too_long_ends_the_conversation(places: Places) -> None:
    async with running(places):
        replies = await raw(places, b'{"a": "' + b"x" * LONGEST_CONTROL_MESSAGE + b'"}\n{"n": 1}\n')

        assert [json.loads(line) for line in replies.splitlines()] == [{"error": "A message may have 1 MiB at most."}]
        assert await ask(places, {"n": 2}) == {"asked": {"n": 2}}


@unix
async def test_a_message_that_breaks_off_is_not_carried_out(places: Places) -> None:
    async with running(places):
        assert await raw(places, b'{"command": "pause"}') == b""


@pytest.mark.parametrize(
    ("command", "says"),
    [("broken", "could not do that"), ("long", "longer than 1 MiB"), ("bytes", "could not do that")],
)
async def test_a_command_that_fails_leaves_the_channel_open(places: Places, command: str, says: str) -> None:
    async with running(places):
        assert says in (await ask(places, {"command": command}))["error"]
        assert await ask(places, {"n": 1}) == {"asked": {"n": 1}}


async def test_a_command_that_takes_too_long_is_given_up(places: Places) -> None:
    async with running(places, answer_within=0.05):
        assert "not done within 0.05 s" in (await ask(places, {"command": "slow"}))["error"]


async def test_an_agent_that_does_not_answer_in_time_is_said_to_be_there(places: Places) -> None:
    async with running(places):
        with pytest.raises(AgentNotRunning, match=r"does not answer within 0\.1 s"):
            await ask(places, {"command": "slow"}, timeout=0.1)


@unix
@pytest.mark.parametrize("dripping", [b"", b"x"])
def test_whoever_drips_does_not_hold_the_command_line(places: Places, dripping: bytes) -> None:
    places.control.mkdir()
    done = threading.Event()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path(places)))
        listener.listen()

        def drip() -> None:
            client, _ = listener.accept()
            # Whoever asks has gone by the time its patience is over.
            with client, contextlib.suppress(ConnectionError):
                while not done.wait(0.02):
                    client.sendall(dripping)

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(AgentNotRunning, match="does not answer"):
                request(places, {}, timeout=0.2)
        finally:
            done.set()
            thread.join()


@unix
@pytest.mark.parametrize("reply", [b"", b"half", b"nonsense\n", b"[]\n"])
def test_an_answer_that_is_none_is_one_sentence(places: Places, reply: bytes) -> None:
    places.control.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path(places)))
        listener.listen()

        def once() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(1 << 16)
                client.sendall(reply)

        thread = threading.Thread(target=once)
        thread.start()
        with pytest.raises(AgentNotRunning, match="broke off its answer"):
            request(places, {})
        thread.join()


@unix
def test_an_answer_counts_that_was_given_before_the_question_was_read(places: Places) -> None:
    places.control.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path(places)))
        listener.listen()

        def turn_away() -> None:
            client, _ = listener.accept()
            with client:
                client.sendall(b'{"error": "Too many"}\n')

        thread = threading.Thread(target=turn_away)
        thread.start()
        # More than a socket holds: it is still being sent when the other end has gone.
        answer = request(places, {"n": "x" * 900_000}, timeout=20.0)
        thread.join()

    assert answer == {"error": "Too many"}


@unix
async def test_a_client_that_says_nothing_is_sent_away(places: Places) -> None:
    async with running(places, idle=0.05):
        reader, writer = await asyncio.open_unix_connection(str(socket_path(places)))

        assert await asyncio.wait_for(reader.read(), 20) == b""
        writer.close()


@unix
async def test_a_client_that_does_not_read_is_sent_away(places: Places) -> None:
    async with running(places, idle=0.2) as server:
        reader, writer = await asyncio.open_unix_connection(str(socket_path(places)))
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        line = json.dumps({"text": "x" * 900_000}).encode() + b"\n"
        writer.write(line * 20)
        for _ in range(100):
            await asyncio.sleep(0.05)
            if not server._clients:
                break

        assert not server._clients
        assert await ask(places, {"n": 1}) == {"asked": {"n": 1}}
        writer.transport.abort()
        del reader


async def test_many_clients_are_served_at_the_same_time(places: Places) -> None:
    async with running(places):
        answers = await asyncio.gather(*(ask(places, {"n": n}, timeout=20.0) for n in range(100)))

    assert [found["asked"]["n"] for found in answers] == list(range(100))


@unix
async def test_too_many_clients_are_told_so_and_the_next_one_is_served(places: Places) -> None:
    async with running(places):
        idle = [await asyncio.open_unix_connection(str(socket_path(places))) for _ in range(MOST_CLIENTS)]
        refused = await ask(places, {"n": 1})
        for _, writer in idle:
            writer.close()
        await asyncio.sleep(0.1)

        assert "Too many programs" in refused["error"]
        assert await ask(places, {"n": 2}) == {"asked": {"n": 2}}


@unix
async def test_a_flood_of_messages_leaves_the_loop_its_turns(places: Places) -> None:
    turns = 0
    async with running(places):
        flood = asyncio.create_task(raw(places, b'{"n": 1}\n' * 10_000))
        while not flood.done():
            await asyncio.sleep(0)
            turns += 1

        assert (await flood).count(b"\n") == 10_000
    # One after about every line.
    assert turns > 1_000


async def test_closing_sends_everybody_away_and_is_harmless_twice(places: Places) -> None:
    server = ControlServer(places, answer)
    await server.close()
    await server.start()
    waiting = asyncio.create_task(ask(places, {"command": "slow"}, timeout=10.0))
    await asyncio.sleep(0.2)

    await server.close()
    await server.close()

    with pytest.raises(AgentNotRunning):
        await waiting
    with pytest.raises(AgentNotRunning):
        await ask(places, {})


async def test_it_can_be_started_again(places: Places) -> None:
    for _ in range(3):
        async with running(places):
            assert await ask(places, {"n": 1}) == {"asked": {"n": 1}}


def test_the_pipe_is_named_after_user_and_folder(places: Places, far_away: Places) -> None:
    mine = pipe_name(places, "Anna")

    assert mine.startswith("\\\\.\\pipe\\gatelight-")
    assert len(mine) < 256
    assert mine == pipe_name(places, "anna")
    assert len({mine, pipe_name(places, "otto"), pipe_name(far_away, "anna")}) == 3
    assert pipe_name(places).startswith("\\\\.\\pipe\\gatelight-")


@pytest.mark.not_under_wine("what makes good Wine’s gaps imports psutil at the start of every process")
def test_asking_is_quick_because_little_is_imported(places: Places) -> None:
    script = (
        "import sys\n"
        "from agent.errors import AgentNotRunning\n"
        "from agent.runtime.control.channel import request\n"
        "from agent.runtime.paths import find_places\n"
        "try:\n    request(find_places('c.toml', sys.argv[1], {}), {})\n"
        "except AgentNotRunning:\n    print(*sorted(sys.modules))\n"
    )
    asked = subprocess.run(
        [sys.executable, "-c", script, str(places.data)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    heavy = {"asyncio", "logging", "tempfile", "platformdirs", "psutil", "tomlkit", "ib_async", "subprocess"}
    assert "socket" in asked.stdout.split()
    assert heavy.isdisjoint(asked.stdout.split())
