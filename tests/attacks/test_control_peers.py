"""The control channel's ends know each other: another user neither asks the agent nor answers in its place.

With real users, which takes an administrator to try.
"""

import asyncio
import json
import multiprocessing
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from agent.errors import AgentNotRunning
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


def test_the_system_tells_who_is_at_the_other_end() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert peer_user(one) == os.geteuid()
