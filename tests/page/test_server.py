"""The server on a real socket, asked by a browser's own kind of client, by strangers, and by nobody's."""

import asyncio
import contextlib
import io
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from agent.core.shown.display import Disconnect, LookNow
from agent.page.guard import FRESH_SECONDS, PROOF_HEADER, SESSION_SECONDS, Keyring, signed
from agent.page.port import PagePortTaken
from agent.page.server import LARGEST_BODY, STALE, PageServer
from agent.page.streams import MOST_STREAMS, Streams
from tests.page.made_up_backend import MadeUpBackend
from tests.page.visiting import VisitingPage, events, opened

PATIENCE = 30.0


class Visitor:
    """A browser of this user at the page's port."""

    def __init__(self, server: PageServer, http: aiohttp.ClientSession) -> None:
        self.server = server
        self.http = http
        self.page = VisitingPage(http, self.address)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def enter(self) -> None:
        """As the opener does it."""
        self.page = await opened(self.http, self.server.url("now"))

    async def get(self, path: str, **more: Any) -> tuple[int, str]:
        return await self.page.get(path, **more)

    async def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        return await self.page.post(path, body, **headers)


async def until(met: Callable[[], bool]) -> None:
    """Wait for something the server does by itself."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if met():
                return
            await asyncio.sleep(0.01)


@pytest.fixture
def backend() -> MadeUpBackend:
    return MadeUpBackend()


@pytest.fixture
async def server(backend: MadeUpBackend) -> AsyncIterator[PageServer]:
    clock = asyncio.get_running_loop().time
    made = PageServer(backend, Keyring(clock), streams=Streams(backend.view, pause=0.0, beat=0.05, patience=0.5))
    await made.start(0)
    yield made
    await made.close()


@pytest.fixture
async def visitor(server: PageServer) -> AsyncIterator[Visitor]:
    """Without a key until `enter`."""
    async with aiohttp.ClientSession() as http:
        yield Visitor(server, http)


async def test_it_listens_on_loopback_alone(server: PageServer) -> None:
    names = [s.getsockname()[0] for listening in server._listening for s in listening.sockets]

    assert names == ["127.0.0.1"]


async def test_the_opener_gets_the_page_with_its_key_and_no_cookie(visitor: Visitor, server: PageServer) -> None:
    async with visitor.http.get(server.url("problem/A%20B/api-off"), allow_redirects=False) as answer:
        text = await answer.text()

        assert answer.status == 200
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert 'data-view="problem/A%20B/api-off"' in text
    assert (await visitor.get("/api/limits"))[0] == 403
    await visitor.enter()
    assert (await visitor.get("/api/limits"))[0] == 200


async def test_a_token_is_good_for_one_entrance(visitor: Visitor, server: PageServer) -> None:
    url = server.url()
    await opened(visitor.http, url)
    async with visitor.http.get(url) as second:
        assert second.status == 403
        assert "gatelight-key" not in await second.text()


@pytest.mark.parametrize("path", ["/events", "/api/guide", "/api/settings", "/api/limits", "/x", "/closed"])
async def test_without_a_key_there_is_nothing(path: str, visitor: Visitor) -> None:
    status, text = await visitor.get(path)

    assert status == 403
    assert "gatelight" in text.lower()
    assert "key" not in text


@pytest.mark.parametrize("path", ["/", "/page.css", "/app.js", "/icon.svg"])
async def test_what_holds_nothing_private_needs_no_key(path: str, visitor: Visitor) -> None:
    before = await visitor.get(path)
    await visitor.enter()

    assert before == await visitor.get(path)
    assert before[0] == 200
    assert visitor.page.key not in before[1]


async def test_a_wrong_token_gets_the_same_as_none(visitor: Visitor) -> None:
    assert await visitor.get("/enter?token=wrong") == await visitor.get("/enter") == await visitor.get("/closed")


@pytest.mark.parametrize(
    "path",
    [
        "/../pyproject.toml",
        "/..%2f..%2fpyproject.toml",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/static/app.js",
        "/app.js/",
        "/app.js%00.css",
        "/view.py",
        "/index.html",
        "/drawings/choose.py",
        "/api",
        "/api/",
    ],
)
async def test_no_path_leads_outside_the_table(path: str, visitor: Visitor) -> None:
    await visitor.enter()
    reader, writer = await asyncio.open_connection("127.0.0.1", visitor.server.port)
    proof = f"{PROOF_HEADER}: {visitor.page.proof('GET', path)}"
    # As it is: a client would tidy the path up first.
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{visitor.server.port}\r\n{proof}\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.readline(), PATIENCE)
    writer.close()

    assert answer.split()[1] in (b"404", b"400"), answer


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
@pytest.mark.parametrize("path", ["/", "/app.js", "/events", "/api/limits"])
async def test_a_key_does_not_help_what_comes_from_elsewhere(
    path: str, headers: dict[str, str], visitor: Visitor
) -> None:
    await visitor.enter()
    fine, _ = await visitor.get("/api/limits")
    status, text = await visitor.get(path, **headers)

    assert fine == 200
    assert status == 403
    assert list(json.loads(text)) == ["error"]


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "null"}, {PROOF_HEADER: ""}, {PROOF_HEADER: "a.b.c.d"}]
)
async def test_nothing_is_changed_by_who_comes_from_elsewhere(
    headers: dict[str, str], visitor: Visitor, backend: MadeUpBackend
) -> None:
    await visitor.enter()
    status, _ = await visitor.post("/api/do", {"command": "look"}, **headers)

    assert status == 403
    assert backend.asked == []


async def test_a_form_of_another_site_changes_nothing(visitor: Visitor, backend: MadeUpBackend) -> None:
    await visitor.enter()
    status, _ = await visitor.post("/api/do", {"command": "disconnect"}, **{"Content-Type": "text/plain"})

    assert status == 415
    assert backend.asked == []


async def test_a_body_that_was_not_signed_changes_nothing(visitor: Visitor, backend: MadeUpBackend) -> None:
    await visitor.enter()
    signature = visitor.page.proof("POST", "/api/do", b'{"command": "look"}')
    status, _ = await visitor.post("/api/do", {"command": "disconnect"}, **{PROOF_HEADER: signature})

    assert status == 403
    assert backend.asked == []


@pytest.mark.parametrize(
    "path", ["/api/do", "/api/test-notice", "/api/at-login", "/api/fix/yes", "/api/settings/remove"]
)
async def test_a_get_changes_nothing(path: str, visitor: Visitor, backend: MadeUpBackend) -> None:
    await visitor.enter()
    status, _ = await visitor.get(f"{path}?command=disconnect&on=true")

    assert status == 405
    assert backend.asked == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
async def test_other_methods_are_refused_and_no_site_is_ever_allowed(method: str, visitor: Visitor) -> None:
    await visitor.enter()
    async with visitor.http.request(method, visitor.address + "/api/do") as answer:
        assert answer.status == 405
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("path", ["/", "/app.js", "/nothing", "/api/limits", "/enter"])
async def test_every_answer_carries_the_strict_headers(path: str, visitor: Visitor) -> None:
    await visitor.enter()
    async with visitor.http.get(visitor.address + path) as answer:
        sent = answer.headers

        assert "default-src 'none'" in sent["Content-Security-Policy"]
        assert "unsafe" not in sent["Content-Security-Policy"]
        assert sent["X-Content-Type-Options"] == "nosniff"
        assert sent["Cache-Control"] == "no-store"
        assert sent["Cross-Origin-Resource-Policy"] == sent["Cross-Origin-Opener-Policy"] == "same-origin"


async def test_a_click_reaches_the_agent(visitor: Visitor, backend: MadeUpBackend) -> None:
    await visitor.enter()
    status, answer = await visitor.post("/api/do", {"command": "disconnect", "name": "Paper Gateway", "more": "x"})

    assert (status, answer) == (200, {"done": True})
    assert backend.asked == [Disconnect("Paper Gateway")]


async def test_a_body_of_10_mb_is_refused_before_it_is_read(visitor: Visitor, backend: MadeUpBackend) -> None:
    await visitor.enter()
    body = io.BytesIO(b'{"command": "' + b"x" * 10_000_000 + b'"}')
    headers = {PROOF_HEADER: visitor.page.proof("POST", "/api/do"), "Content-Type": "application/json"}
    status = 0
    # The server hangs up in the middle, which a client may meet before it has read the answer.
    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
        async with visitor.http.post(visitor.address + "/api/do", data=body, headers=headers) as answer:
            status = answer.status

    assert status in (0, 413)
    assert backend.asked == []
    assert (await visitor.get("/api/limits"))[0] == 200


async def test_a_body_without_a_length_is_cut_off_as_well(visitor: Visitor, backend: MadeUpBackend) -> None:
    await visitor.enter()
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += LARGEST_BODY
            yield b"x" * LARGEST_BODY

    headers = {PROOF_HEADER: visitor.page.proof("POST", "/api/do"), "Content-Type": "application/json"}
    status = 0
    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
        async with visitor.http.post(visitor.address + "/api/do", data=endless(), headers=headers) as answer:
            status = answer.status

    assert status in (0, 413)
    assert sent < 1000 * LARGEST_BODY
    assert backend.asked == []


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"1", b"null", b"[" * 30_000, b"\xff\xfe", b'{"command":{}}'])
async def test_what_is_not_a_json_object_of_ours_is_refused_in_words(body: bytes, visitor: Visitor) -> None:
    await visitor.enter()
    async with visitor.page.ask("/api/do", "POST", body) as answer:
        said = await answer.json()

        assert answer.status == 400
        assert said["error"].endswith(".")


async def test_a_fault_of_an_endpoint_is_told_and_logged_without_secrets(
    visitor: Visitor, backend: MadeUpBackend, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await visitor.enter()
    backend.limits = None  # type: ignore[assignment,method-assign]
    status, text = await visitor.get("/api/limits")

    assert status == 500
    assert "Traceback" not in text
    assert "a request to the status page failed" in caplog.text
    assert visitor.page.key not in caplog.text
    assert "token=" not in caplog.text


async def test_malformed_requests_fill_no_log(server: PageServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for garbage in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n", b"GET " + b"/" * 70_000, b"\r\n\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        with contextlib.suppress(ConnectionError):
            writer.write(garbage)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()

    assert [r for r in caplog.records if r.name.startswith(("aiohttp", "agent")) and r.levelno > logging.INFO] == []


async def test_another_users_program_is_turned_away_and_uses_nothing_up(
    backend: MadeUpBackend, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ours = False
    server = PageServer(backend, Keyring(asyncio.get_running_loop().time), ours=lambda peer, own: ours)
    await server.start(0)
    async with aiohttp.ClientSession() as http:
        url = server.url()
        for path in (url, f"http://127.0.0.1:{server.port}/", f"http://127.0.0.1:{server.port}/app.js"):
            with pytest.raises(aiohttp.ClientError):
                await http.get(path)
        ours = True
        page = await opened(http, url)
    await server.close()

    assert page.key
    assert caplog.text.count("of another user") == 1


async def test_a_page_that_was_opened_long_ago_does_not_say_which_program_runs(backend: MadeUpBackend) -> None:
    now = 1000.0
    server = PageServer(backend, Keyring(lambda: now))
    await server.start(0)
    async with aiohttp.ClientSession() as http:
        page = await opened(http, server.url())
        early = await page.post("/api/at-login", {"on": True})
        now += FRESH_SECONDS
        refused = [
            await page.post("/api/at-login", {"on": True}),
            await page.post("/api/settings", {"key": "connections.A.start_command", "value": ["/bin/sh"]}),
            await page.post("/api/settings", {"key": "notifications.remote ", "value": ["json://elsewhere"]}),
            await page.post("/api/setup", {"act": "start-at-login", "value": True}),
        ]
        others = await page.post("/api/do", {"command": "look"}), await page.get("/api/settings")
    await server.close()

    assert early == (200, {"done": True})
    assert refused == [(403, {"error": STALE})] * 4
    assert [status for status, _ in others] == [200, 200]
    assert backend.asked == ["at login: True", LookNow()]


async def test_pages_of_a_server_before_are_sent_here_and_served_nothing_there(backend: MadeUpBackend) -> None:
    clock = asyncio.get_running_loop().time
    before = PageServer(backend, Keyring(clock))
    await before.start(0)
    async with aiohttp.ClientSession() as http:
        old = await opened(http, before.url())
        kept = dict(before._keyring.waiting)
        await before.close()
        after = PageServer(backend, Keyring(clock))
        after.bind(0)
        after.wait_for(old.port, kept)
        await after.start(0)
        shut = [(await old.get(path))[0] for path in ("/", "/app.js", "/events", "/api/settings")]
        status, text = await old.get(f"/moved?page={old.page}&nonce=n")
        told = json.loads(text)
        unknown = await old.get("/moved?page=x&nonce=n")
        token = signed(kept[old.page], "enter", told["salt"])
        async with http.get(f"http://127.0.0.1:{told['port']}/enter?token={old.key}") as guessed:
            wrong = guessed.status
        moved = await opened(http, f"http://127.0.0.1:{told['port']}/enter?token={token}")
        works = await moved.get("/api/limits")
        guarded = await moved.post("/api/at-login", {"on": True})
        await after.close()

    assert old.port != after.port
    assert shut == [403] * 4
    assert (status, unknown[0], wrong) == (200, 403, 403)
    assert told["proof"] == signed(kept[old.page], "moved", "n", told["port"], told["salt"])
    assert works[0] == 200
    assert guarded == (403, {"error": STALE})


# ── live ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_page_is_told_how_things_are_and_every_change(visitor: Visitor, backend: MadeUpBackend) -> None:
    await visitor.enter()
    async with asyncio.timeout(PATIENCE), visitor.page.ask("/events") as answer:
        coming = events(answer)
        wait = await anext(coming)
        first = await anext(coming)
        beat = await anext(coming)
        backend.shown = {**backend.shown, "overall": "problem"}
        visitor.server.changed()
        rest = [await anext(coming) for _ in range(3)]

        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers[PROOF_HEADER]
        assert wait == ("wait", visitor.server._keyring.waiting[visitor.page.page])
        assert json.loads(first[1])["overall"] == "connected"
        assert beat == ("beat", "")
        assert "problem" in [json.loads(data)["overall"] for name, data in rest if name == "message"]


async def test_what_has_not_changed_is_not_sent_again(visitor: Visitor) -> None:
    await visitor.enter()
    async with asyncio.timeout(PATIENCE), visitor.page.ask("/events") as answer:
        coming = events(answer)
        await anext(coming)
        await anext(coming)
        visitor.server.changed()
        names = [(await anext(coming))[0] for _ in range(3)]

        assert names == ["beat"] * 3


async def test_a_page_that_is_only_looked_at_for_weeks_is_known_still(backend: MadeUpBackend) -> None:
    now = 0.0
    server = PageServer(backend, Keyring(lambda: now), streams=Streams(backend.view, beat=0.01))
    await server.start(0)
    async with aiohttp.ClientSession() as http:
        visitor = Visitor(server, http)
        await visitor.enter()
        async with asyncio.timeout(PATIENCE), visitor.page.ask("/events") as answer:
            coming = events(answer)
            for _ in range(3):
                now += SESSION_SECONDS - 1.0
                # One that was written before may be on its way.
                for _ in range(3):
                    while (await anext(coming))[0] != "beat":
                        pass
            status, _ = await visitor.get("/api/limits")
    await server.close()

    assert status == 200


async def test_there_are_so_many_live_pages_and_no_more(visitor: Visitor) -> None:
    await visitor.enter()
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(MOST_STREAMS):
            answer = await stack.enter_async_context(visitor.page.ask("/events"))
            assert answer.status == 200
            await anext(events(answer))
        status, text = await visitor.get("/events")

        assert status == 503
        assert "close one" in text
        assert len(visitor.server.streams) == MOST_STREAMS
    await until(lambda: not len(visitor.server.streams))


async def test_a_page_that_is_closed_leaves_its_place_before_the_next_sign_of_life(backend: MadeUpBackend) -> None:
    clock = asyncio.get_running_loop().time
    server = PageServer(backend, Keyring(clock), streams=Streams(backend.view, beat=3600.0))
    await server.start(0)
    async with aiohttp.ClientSession() as http:
        visitor = Visitor(server, http)
        await visitor.enter()
        # Loaded again and again, as a user does who waits for something.
        for _ in range(MOST_STREAMS + 2):
            async with visitor.page.ask("/events") as answer:
                assert answer.status == 200
                await anext(events(answer))
            await until(lambda: not len(server.streams))
        assert (await visitor.get("/api/limits"))[0] == 200
    await server.close()


async def test_a_page_that_does_not_read_is_dropped(visitor: Visitor, backend: MadeUpBackend) -> None:
    await visitor.enter()
    reader = socket.create_connection(("127.0.0.1", visitor.server.port))
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    proof = f"{PROOF_HEADER}: {visitor.page.proof('GET', '/events')}"
    reader.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{visitor.server.port}\r\n{proof}\r\n\r\n".encode())
    await until(lambda: len(visitor.server.streams) == 1)
    async with asyncio.timeout(4 * PATIENCE):
        count = 0
        while len(visitor.server.streams):
            count += 1
            backend.shown = {**backend.shown, "padding": f"{count} " * 20_000}
            visitor.server.changed()
            await asyncio.sleep(0.002)
    reader.close()

    # It was not fed for ever: some views of a tenth of a megabyte each, not one for every change.
    assert count < 2000
    assert (await visitor.get("/api/limits"))[0] == 200


# ── its own life ────────────────────────────────────────────────────────────────────────────────


async def test_a_port_of_somebody_elses_is_said(backend: MadeUpBackend) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = PageServer(backend, Keyring(asyncio.get_running_loop().time))
        with pytest.raises(PagePortTaken):
            await server.start(other.getsockname()[1])

        assert not server.running


async def test_of_several_ports_the_first_free_one_is_taken(backend: MadeUpBackend) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = PageServer(backend, Keyring(asyncio.get_running_loop().time))
        await server.start(other.getsockname()[1], 0)

        assert server.running
        assert server.port != other.getsockname()[1]
        await server.close()


async def test_it_ends_when_nobody_looks_and_not_before(backend: MadeUpBackend) -> None:
    clock = asyncio.get_running_loop().time
    used: list[bool] = []
    streams = Streams(backend.view, pause=0.0, beat=0.02)
    server = PageServer(backend, Keyring(clock), idle_seconds=0.15, on_use=used.append, streams=streams)
    await server.start(0)
    async with aiohttp.ClientSession() as http:
        visitor = Visitor(server, http)
        await visitor.enter()
        async with visitor.page.ask("/events") as answer:
            coming = events(answer)
            for _ in range(20):
                await asyncio.wait_for(anext(coming), PATIENCE)
            ran_while_open = server.running
    await until(lambda: not server.running)

    assert ran_while_open
    assert used == [True, False]


async def test_after_its_end_it_can_be_started_on_the_same_port(backend: MadeUpBackend) -> None:
    server = PageServer(backend, Keyring(asyncio.get_running_loop().time))
    await server.start(0)
    port = server.port
    await server.close()
    await server.start(port)
    async with aiohttp.ClientSession() as http:
        visitor = Visitor(server, http)
        await visitor.enter()
        status, _ = await visitor.get("/api/limits")
        async with visitor.page.ask("/events") as answer:
            name, _ = await anext(events(answer))
    await server.close()

    assert server.port == port
    assert (status, name) == (200, "wait")


async def test_its_end_ends_what_is_open(visitor: Visitor, server: PageServer) -> None:
    await visitor.enter()
    async with asyncio.timeout(PATIENCE), visitor.page.ask("/events") as answer:
        coming = events(answer)
        await anext(coming)
        await server.close()
        with contextlib.suppress(aiohttp.ClientError):
            async for _ in coming:
                pass

    assert server.connections == 0
    assert not len(server.streams)


async def test_half_a_character_from_the_page_is_replaced_and_no_fault(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    await visitor.enter()

    status, answer = await visitor.post("/api/explain", {"words": "error 1100 \ud83d\udcff", "\ud800": "\udfff"})

    assert (status, answer["subject"]) == (200, "Notice 1100")
    assert (await visitor.post("/api/explain", {"words": "\ud800"}))[0] == 422
    assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == []


async def test_half_a_character_in_the_view_stops_no_page(visitor: Visitor, backend: MadeUpBackend) -> None:
    backend.shown = {"name": "\ud83d \udcff"}
    await visitor.enter()

    async with asyncio.timeout(PATIENCE), visitor.page.ask("/events") as stream:
        coming = events(stream)
        await anext(coming)
        _, data = await anext(coming)

    assert json.loads(data) == {"name": "? ?"}
