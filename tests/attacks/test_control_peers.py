"""The control channel's ends know each other: another user neither asks the agent nor answers in its place.

With real users, which takes an administrator to try.
"""

import asyncio
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from agent.cli.life import stop_agent
from agent.cli.main import main
from agent.errors import AgentNotRunning, GatelightError
from agent.runtime.control.channel import ControlServer, request
from agent.runtime.paths import Places, find_places

if sys.platform == "win32":
    pytest.skip("sockets in the file system", allow_module_level=True)
if os.geteuid() != 0:
    pytest.skip("only an administrator can become another user", allow_module_level=True)

from agent.runtime.control.unix_socket import peer_user

ANOTHER_USER = 4711
"""No account is needed for a process to run as it."""


def as_user(user: int, work: Callable[..., Any], *arguments: Any) -> Any:
    """What `work` returns, done by another user's process."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def child() -> None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
        theirs.send(work(*arguments))

    process = context.Process(target=child)
    process.start()
    theirs.close()
    try:
        return ours.recv()
    finally:
        process.join(10)


@pytest.fixture
def places() -> Iterator[Places]:
    with tempfile.TemporaryDirectory(prefix="gl-") as folder:
        yield find_places(data_dir=folder, environ={})


@pytest_asyncio.fixture
async def carried_out(places: Places) -> AsyncIterator[list[dict[str, Any]]]:
    """What an agent did whose folders and socket were opened to all."""
    asked: list[dict[str, Any]] = []

    async def answer(message: dict[str, Any]) -> dict[str, Any]:
        asked.append(message)
        return {"url": "http://127.0.0.1:1/secret"}

    server = ControlServer(places, answer)
    await server.start()
    for path in (places.data, places.control):
        path.chmod(0o777)
    (places.control / "agent.sock").chmod(0o777)
    yield asked
    await server.close()


def ask(path: Path) -> bytes:
    """Ask as any program can, and take whatever comes."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        try:
            client.sendall(b'{"command": "page"}\n')
            return client.recv(1000)
        except OSError:
            return b""


async def test_another_user_who_gets_at_the_socket_is_not_heard(
    places: Places, carried_out: list[dict[str, Any]]
) -> None:
    path = places.control / "agent.sock"
    theirs = await asyncio.to_thread(as_user, ANOTHER_USER, ask, path)
    ours = await asyncio.to_thread(ask, path)

    assert theirs == b""
    assert json.loads(ours) == {"url": "http://127.0.0.1:1/secret"}
    assert carried_out == [{"command": "page"}]


def test_an_answer_of_another_user_is_not_believed(places: Places) -> None:
    places.control.mkdir()
    places.control.chmod(0o777)
    places.data.chmod(0o777)
    path = places.control / "agent.sock"
    context = multiprocessing.get_context("fork")
    ready, heard = context.Event(), context.Queue()

    def listen() -> None:
        os.setuid(ANOTHER_USER)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            ready.set()
            client, _ = listener.accept()
            with client:
                try:
                    client.sendall(b'{"url": "http://127.0.0.1:1/of-another-user"}\n')
                    heard.put(client.recv(1000))
                except OSError:
                    heard.put(b"")

    impostor = context.Process(target=listen)
    impostor.start()
    assert ready.wait(10)
    # As a folder that was once open to all can leave it behind.
    os.chown(path, os.geteuid(), -1)

    with pytest.raises(AgentNotRunning, match="belongs to another user"):
        request(places, {"command": "page"})
    assert heard.get(timeout=10) == b""
    impostor.join(10)


# ── an administrator asks in the folder of another user, as of a service ────────────────────────


@pytest.fixture
def their_answers(places: Places) -> Iterator[Callable[[list[Any]], None]]:
    """Lets another user's program give these answers in a folder of that user, one after the other."""
    started: list[Any] = []

    def give(answers: list[Any]) -> None:
        places.control.mkdir()
        for path in (places.data, places.control):
            os.chown(path, ANOTHER_USER, ANOTHER_USER)
        context = multiprocessing.get_context("fork")
        ready = context.Event()

        def listen() -> None:
            os.setgroups([])
            os.setuid(ANOTHER_USER)
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(places.control / "agent.sock"))
                listener.listen()
                ready.set()
                for answer in answers:
                    client, _ = listener.accept()
                    with client:
                        client.recv(1000)
                        client.sendall(json.dumps(answer).encode() + b"\n")

        started.append(context.Process(target=listen, daemon=True))
        started[0].start()
        assert ready.wait(10)

    yield give
    for process in started:
        process.kill()
        process.join(10)


def test_an_administrator_ends_no_process_that_another_users_program_names(
    places: Places, their_answers: Callable[[list[Any]], None]
) -> None:
    with subprocess.Popen(["sleep", "60"]) as victim:
        their_answers([{"error": "unknown"}, {"status": {"agent": {"pid": victim.pid}}}])
        with pytest.raises(GatelightError, match="still runs"):
            stop_agent(places)

        assert victim.poll() is None
        victim.kill()


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "javascript:alert(1)",
        'http://127.0.0.1:1/enter?token=x" & (do shell script "id") & "',
        "http://127.0.0.1:1@example.org/enter?token=x",
        "http://127.0.0.1:1/enter?token=x\n",
        ["http://127.0.0.1:1/enter?token=x"],
        5,
    ],
)
def test_an_administrators_browser_opens_no_address_that_another_users_program_names(
    url: Any,
    places: Places,
    their_answers: Callable[[list[Any]], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("agent.platforms.opening.has_browser", lambda: True)
    monkeypatch.setattr("agent.platforms.opening.open_address", opened.append)
    their_answers([{"url": url}])

    assert main(["--data-dir", str(places.data)]) == 3
    said = capsys.readouterr()
    assert (opened, said.out) == ([], "")
    assert "names no page of Gatelight" in said.err


@pytest.mark.parametrize(
    "answer", [{}, {"status": {}}, {"done": True}, {"status": {"agent": {}}, "shows_problem": True}]
)
@pytest.mark.parametrize("command", [["status"], ["status", "--json"], [], ["fix", "use-port", "--yes"]])
def test_an_answer_without_what_was_asked_is_one_sentence(
    answer: Any,
    command: list[str],
    places: Places,
    their_answers: Callable[[list[Any]], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    their_answers([answer])
    status = main([*command, "--data-dir", str(places.data)])
    said = capsys.readouterr()

    assert status == 3 or command == ["status", "--json"]
    assert len(said.err.splitlines()) == (1 if status == 3 else 0)


def test_the_system_tells_who_is_at_the_other_end() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert peer_user(one) == os.geteuid()
