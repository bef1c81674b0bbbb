"""Remote notices: through Apprise to a real HTTP server on this machine."""

import asyncio
import contextlib
import json
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent.channels import Delivered, NotDelivered, remote
from agent.channels.remote import INSTALL_APPRISE, RemoteChannel
from agent.core.problem import Severity
from agent.core.shown.display import Notice

pytest.importorskip("apprise")

NOTICE = Notice(
    "Paper/api-silent", Severity.ERROR, "TWS does not answer", "It hangs.", steps=("Close it.", "Start it.")
)


@pytest.fixture
def received() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """The port of a server, and what was posted to it."""
    posts: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, posts
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_notice_goes_out_with_its_steps(received: tuple[int, list[dict[str, Any]]]) -> None:
    port, posts = received
    delivery = await RemoteChannel([f"json://127.0.0.1:{port}/"]).announce(NOTICE)

    assert isinstance(delivery, Delivered)
    assert posts[0]["title"] == "TWS does not answer"
    assert posts[0]["message"].splitlines() == ["It hangs.", "1. Close it.", "2. Start it."]
    assert posts[0]["type"] == "failure"


async def test_a_burst_goes_out_whole_and_with_few_processes(
    received: tuple[int, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, posts = received
    started: list[int] = []
    run = remote._run_sender

    async def counted(url: str, messages: Sequence[dict[str, str]]) -> list[str]:
        started.append(len(messages))
        return await run(url, messages)

    monkeypatch.setattr(remote, "_run_sender", counted)
    channel = RemoteChannel([f"json://127.0.0.1:{port}/"])
    notices = [replace(NOTICE, key=f"{number}", title=f"notice {number}") for number in range(30)]

    deliveries = await asyncio.gather(*map(channel.announce, notices))

    assert deliveries == [Delivered("remote notices")] * 30
    assert sorted(post["title"] for post in posts) == sorted(notice.title for notice in notices)
    assert len(started) <= remote.MOST_SENDERS


async def test_a_silent_service_beside_it_does_not_delay_one_that_answers(
    received: tuple[int, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, posts = received
    # Longer than Apprise itself waits for an answer, so that a busy machine changes nothing.
    monkeypatch.setattr(remote, "SEND_SECONDS", 60.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        channel = RemoteChannel([f"json://127.0.0.1:{silent.getsockname()[1]}/", f"json://127.0.0.1:{port}/"])
        deliveries = await asyncio.gather(*(channel.announce(NOTICE) for _ in range(3)))

    assert set(deliveries) == {NotDelivered("the service of address 1 did not take it")}
    assert len(posts) == 3


@pytest.mark.parametrize("turns", range(8))
async def test_a_notice_that_comes_while_a_process_ends_is_sent_too(
    monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    async def run(_url: str, messages: Sequence[dict[str, str]]) -> list[str]:
        await asyncio.sleep(0)
        return ["taken"] * len(messages)

    monkeypatch.setattr(remote, "_run_sender", run)
    monkeypatch.setattr(remote, "MOST_SENDERS", 1)
    channel = RemoteChannel(["json://127.0.0.1/"])
    sending = [asyncio.create_task(channel.announce(NOTICE)) for _ in range(3)]
    for _ in range(turns):
        await asyncio.sleep(0)
    sending.append(asyncio.create_task(channel.announce(NOTICE)))

    assert set(await asyncio.wait_for(asyncio.gather(*sending), 5)) == {Delivered("remote notices")}


async def test_a_sender_that_cannot_be_started_is_not_taken_for_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_sender", lambda: ("/nowhere/at-all",))

    delivery = await RemoteChannel(["json://127.0.0.1/"]).announce(NOTICE)

    assert delivery == NotDelivered("the service of address 1 did not take it")


async def test_more_notices_than_may_wait_for_a_service_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = asyncio.Event()

    async def run(_url: str, messages: Sequence[dict[str, str]]) -> list[str]:
        await taken.wait()
        return ["taken"] * len(messages)

    monkeypatch.setattr(remote, "_run_sender", run)
    channel = RemoteChannel(["json://127.0.0.1/"])
    first = [asyncio.create_task(channel.announce(NOTICE)) for _ in range(remote.MOST_UNSENT)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    more = [asyncio.create_task(channel.announce(NOTICE)) for _ in range(remote.MOST_UNSENT + 5)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    taken.set()

    assert set(await asyncio.gather(*first, *more[:-5])) == {Delivered("remote notices")}
    assert {type(delivery) for delivery in await asyncio.gather(*more[-5:])} == {NotDelivered}


async def test_a_notice_that_is_given_up_takes_no_other_along_and_its_process_ends(
    received: tuple[int, list[dict[str, Any]]],
) -> None:
    port, posts = received
    channel = RemoteChannel([f"json://127.0.0.1:{port}/"])
    given_up, kept = (asyncio.create_task(channel.announce(NOTICE)) for _ in range(2))
    while not _senders():  # noqa: ASYNC110 - started by the system
        await asyncio.sleep(0.005)
    given_up.cancel()

    assert await kept == Delivered("remote notices")
    assert posts
    assert not _senders()


def test_the_end_of_the_agent_ends_the_processes_that_send() -> None:
    async def agent() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            channel = RemoteChannel([f"json://127.0.0.1:{silent.getsockname()[1]}/"])
            sending = asyncio.create_task(channel.announce(NOTICE))
            while not _senders():  # noqa: ASYNC110 - started by the system
                await asyncio.sleep(0.005)
            sending.cancel()

    asyncio.run(agent())

    for sender in _senders():
        sender.wait(30)


async def test_no_address_can_be_read_from_the_process_that_sends(
    received: tuple[int, list[dict[str, Any]]],
) -> None:
    port, _ = received
    sending = asyncio.create_task(RemoteChannel([f"json://user:secret@127.0.0.1:{port}/"]).announce(NOTICE))
    while not (senders := _senders()):  # noqa: ASYNC110 - started by the system
        await asyncio.sleep(0.005)
    shown = str([(sender.cmdline(), sender.environ()) for sender in senders])
    await sending

    assert "send-remote" in shown
    assert "secret" not in shown


async def test_without_apprise_it_is_said_how_it_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "apprise.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert await RemoteChannel(["json://127.0.0.1/"]).announce(NOTICE) == NotDelivered(INSTALL_APPRISE)


async def test_the_folder_the_agent_was_started_in_adds_no_code(
    received: tuple[int, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("apprise", "agent"):
        (tmp_path / f"{name}.py").write_text("raise ImportError")
    monkeypatch.chdir(tmp_path)

    assert await RemoteChannel([f"json://127.0.0.1:{received[0]}/"]).announce(NOTICE) == Delivered("remote notices")


def test_a_packaged_program_is_its_own_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)

    assert remote._sender() == (sys.executable, "send-remote")


def _senders() -> list[psutil.Process]:
    """The processes that send, once they have become what they were started as."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            found += [child] if "send-remote" in child.cmdline() else []
    return found


async def test_a_service_that_is_down_is_not_taken_for_delivered() -> None:
    delivery = await RemoteChannel(["json://127.0.0.1:9/"]).announce(NOTICE)

    assert isinstance(delivery, NotDelivered)


async def test_an_address_of_no_service_is_said_without_repeating_it(caplog: pytest.LogCaptureFixture) -> None:
    delivery = await RemoteChannel(["nonsense://secret@nowhere"]).announce(NOTICE)

    assert isinstance(delivery, NotDelivered)
    assert "secret" not in caplog.text + delivery.reason
