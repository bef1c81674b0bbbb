"""Another user of the computer, with all that can be seen, stolen or heard of the page: real users, real ports."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from agent.core.shown.display import LookNow
from agent.page.guard import PROOF_HEADER, Keyring
from agent.page.server import PageServer
from agent.platforms.loopback_peer import is_ours
from tests.attacks.other_user import heard, listening, needs_users, sent_and_gone
from tests.page.living import LivingAgent, living_agent
from tests.page.made_up_backend import MadeUpBackend
from tests.page.visiting import VisitingPage, opened

pytestmark = [needs_users, pytest.mark.timeout(120)]

COMMAND = json.dumps({"key": "connections.Paper Gateway.start_command", "value": ["/bin/sh", "-c", "id"]}).encode()
OFF = json.dumps({"command": "disconnect", "name": "Paper Gateway"}).encode()


def request(port: int, path: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    """A request as the page's own browser would send it."""
    lines = (f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *headers, f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "Connection: close", "", "")).encode() + body


def signed_request(page: VisitingPage, path: str, method: str = "GET", body: bytes = b"") -> bytes:
    """The same with the page's own key, which nothing but the page can have."""
    headers = (
        f"{PROOF_HEADER}: {page.proof(method, path, body)}",
        f"Cookie: gatelight-{page.port}={page.key}",
        f"Origin: {page.address}",
        "Sec-Fetch-Site: same-origin",
        "Content-Type: application/json",
    )
    return request(page.port, path, *headers, method=method, body=body)


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[LivingAgent]:
    async with living_agent(tmp_path) as living:
        await living.world.connected()
        yield living


async def test_with_a_fresh_token_there_is_nothing_and_it_is_not_used_up(agent: LivingAgent) -> None:
    url = await agent.page.address()
    port = int(url.split(":")[2].split("/")[0])
    token = request(port, "/enter?" + url.split("?")[1])
    told = [
        await asyncio.to_thread(heard, port, token),
        await asyncio.to_thread(heard, port, token, mapped=True),
        await asyncio.to_thread(heard, port, token, interface=b"lo"),
    ]
    async with aiohttp.ClientSession() as http:
        status, _ = await (await opened(http, url)).get("/api/limits")

    assert told == [b""] * 3
    assert status == 200


async def test_with_everything_that_the_page_has_there_is_nothing(agent: LivingAgent) -> None:
    async with aiohttp.ClientSession() as http:
        page = await opened(http, await agent.page.address())
        before = agent.places.config.read_text()
        told = {}
        for path in ("/", "/app.js", "/closed", "/moved?page=x&nonce=n", "/events", "/api/settings", "/api/limits"):
            told[path] = await asyncio.to_thread(heard, page.port, signed_request(page, path))
        for path, body in (("/api/settings", COMMAND), ("/api/at-login", b'{"on": true}'), ("/api/do", OFF)):
            told[f"POST {path}"] = await asyncio.to_thread(heard, page.port, signed_request(page, path, "POST", body))
        own, _ = await page.get("/api/settings")

    assert {path: text for path, text in told.items() if text} == {}
    assert agent.places.config.read_text() == before
    assert agent.world.connection.phase == "connected"
    assert own == 200


async def test_a_socket_that_nobody_holds_any_more_is_not_taken_for_roots() -> None:
    """The kernel may name root as the user of a socket that was closed as soon as its request was sent."""
    backend = MadeUpBackend()
    server = PageServer(backend, Keyring(asyncio.get_running_loop().time), ours=is_ours)
    await server.start(0)
    async with aiohttp.ClientSession() as http:
        page = await opened(http, server.url())
        await asyncio.to_thread(sent_and_gone, page.port, signed_request(page, "/api/do", "POST", OFF), 200)
        status, _ = await page.post("/api/do", {"command": "look"})
        # What was connected before has been accepted before.
        asked = list(backend.asked)
    await server.close()

    assert status == 200
    assert asked == [LookNow()]


async def test_a_full_queue_of_connections_keeps_nobody_of_this_user_out() -> None:
    server = PageServer(MadeUpBackend(), Keyring(asyncio.get_running_loop().time), ours=is_ours)
    await server.start(0)
    async with aiohttp.ClientSession() as http:
        page = await opened(http, server.url())
        async with page.ask("/events") as live:
            flood = asyncio.ensure_future(asyncio.to_thread(sent_and_gone, page.port, b"", 2000))
            statuses = [(await page.get("/api/limits"))[0] for _ in range(20)]
            await flood
            first = await live.content.readline()
            streams = len(server.streams)
    await server.close()

    assert statuses == [200] * 20
    assert (first, streams) == (b"event: wait\n", 1)


@pytest.mark.parametrize("told", [True, False])
async def test_what_was_heard_on_the_port_in_the_meantime_is_worth_nothing(told: bool) -> None:
    """Also where the system does not tell whose a connection is, so that the keys alone protect."""
    clock = asyncio.get_running_loop().time
    backend = MadeUpBackend()
    server = PageServer(backend, Keyring(clock))
    await server.start(0)
    async with aiohttp.ClientSession() as http:
        page = await opened(http, server.url())
        kept = dict(server._keyring.waiting)
        await server.close()
        with listening(page.port, lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as listener:
            async with page.http.post(
                page.address + "/api/do", data=OFF, headers={PROOF_HEADER: page.proof("POST", "/api/do", OFF)}
            ):
                pass
            async with page.http.get(page.address + f"/moved?page={page.page}&nonce=n"):
                pass
            stolen = listener.heard()
        after = PageServer(backend, Keyring(clock), ours=is_ours if told else lambda peer, own: True)
        after.bind(0)
        after.wait_for(page.port, kept)
        await after.start(0)
        answers = []
        for port in (page.port, after.port):
            replay = signed_request(page, "/api/do", "POST", OFF).replace(str(page.port).encode(), str(port).encode())
            answers.append(await asyncio.to_thread(heard, port, replay))
            answers.append(await asyncio.to_thread(heard, port, request(port, f"/enter?token={page.key}")))
            answers.append(await asyncio.to_thread(heard, port, request(port, "/api/settings")))
        await after.close()

    assert b"X-Gatelight-Proof" in stolen
    assert page.key.encode() not in stolen
    assert kept[page.page].encode() not in stolen
    assert backend.asked == []
    assert [a for a in answers if a and b" 403 " not in a.splitlines()[0]] == []
    assert all(answers) is not told
