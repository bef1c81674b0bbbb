"""The server of metrics against clients that hang, drip, send too much, never read, or have no token."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from agent.metrics import server as of_metrics
from agent.metrics.server import MOST_EXCHANGES, MetricsAnswer, MetricsServer
from tests.waiting import PATIENCE, until

TOKEN = "a-token-of-the-tests"
BODY = b"# nothing\n" * 10


async def answering(path: str, accept: str) -> MetricsAnswer:
    if path == "/large":
        return MetricsAnswer(b"x" * 32_000_000)
    return MetricsAnswer(BODY if path == "/metrics" else accept.encode())


@pytest.fixture(params=["127.0.0.1", "::1"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[MetricsServer]:
    made = MetricsServer(answering, "")
    await made.start(request.param, 0)
    made.address = request.param  # type: ignore[attr-defined]
    yield made
    await made.close()


@pytest.fixture
async def guarded() -> AsyncIterator[MetricsServer]:
    made = MetricsServer(answering, TOKEN)
    await made.start("0.0.0.0", 0)
    yield made
    await made.close()


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CLIENTS: list[asyncio.StreamWriter] = []


@pytest.fixture(autouse=True)
async def _clients() -> AsyncIterator[None]:
    """Closes every client of the test."""
    yield
    for writer in CLIENTS:
        writer.transport.abort()
    # A transport closes its socket in the next turn of the loop.
    await asyncio.sleep(0)
    CLIENTS.clear()


async def opened(server: MetricsServer) -> Ends:
    ends = await asyncio.open_connection(getattr(server, "address", "127.0.0.1"), server.port)
    CLIENTS.append(ends[1])
    return ends


async def said(server: MetricsServer, sent: bytes) -> bytes:
    reader, writer = await opened(server)
    writer.write(sent)
    return await asyncio.wait_for(reader.read(), PATIENCE)


def get(path: str = "/metrics", *headers: str, host: str = "127.0.0.1:9464") -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode("latin-1")


def status(answer: bytes) -> int:
    return int(answer.split(b" ")[1])


async def test_an_answer_is_whole_and_the_connection_ends(server: MetricsServer) -> None:
    head, _, body = (await said(server, get("/metrics?x=1"))).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nContent-Length: %d\r\n" % len(BODY) in head
    assert body == BODY


async def test_head_has_no_body_and_accept_is_handed_on(server: MetricsServer) -> None:
    head = await said(server, get().replace(b"GET", b"HEAD"))

    assert status(head) == 200
    assert head.endswith(b"\r\n\r\n")
    assert (await said(server, get("/other", "Accept: text/plain"))).endswith(b"text/plain")


@pytest.mark.parametrize("host", ["localhost:9464", "LOCALHOST", "[::1]:9464", "127.0.0.1", "[::1]"])
async def test_names_of_this_computer_are_answered(server: MetricsServer, host: str) -> None:
    assert status(await said(server, get(host=host))) == 200


@pytest.mark.parametrize("host", ["evil.example:9464", "evil.example", "", "localhost.evil.example:9464", "192.0.2.1"])
async def test_the_name_of_a_web_site_is_refused_and_counted(server: MetricsServer, host: str) -> None:
    assert status(await said(server, get(host=host))) == 403
    assert server.refused["host"] == 1


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", 405),
        (b"GET  /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /metrics HTTP/2\r\nHost: localhost\r\n\r\n", 400),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
    ],
)
async def test_what_is_no_request_for_metrics_is_refused(server: MetricsServer, sent: bytes, expected: int) -> None:
    try:
        answer = await said(server, sent)
    except ConnectionResetError:
        # What was not read is reset; the answer may have been lost with it.
        assert expected == 431
    else:
        assert not answer or status(answer) == expected
    assert status(await said(server, get())) == 200


@pytest.mark.parametrize(
    "headers",
    [(), ("Authorization: Bearer wrong",), (f"Authorization: Basic {TOKEN}",), (f"Authorization: Bearer {TOKEN}x",)],
)
async def test_without_the_token_nothing_is_told_and_it_counts(
    guarded: MetricsServer, headers: tuple[str, ...]
) -> None:
    for path in ("/metrics", "/healthz", "/readyz", "/"):
        answer = await said(guarded, get(path, *headers))
        assert status(answer) == 401
        assert b"WWW-Authenticate: Bearer" in answer
        assert BODY not in answer
    assert guarded.refused["token"] == 4


async def test_with_the_token_any_name_of_the_host_will_do(guarded: MetricsServer) -> None:
    answer = await said(guarded, get("/metrics", f"Authorization: Bearer {TOKEN}", host="server.example"))

    assert status(answer) == 200
    assert guarded.refused.total() == 0


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1"])
async def test_no_other_interface_is_opened_without_a_token(address: str) -> None:
    with pytest.raises(ValueError, match="token"):
        await MetricsServer(answering, "").start(address, 0)


async def test_a_port_that_is_taken_is_refused(server: MetricsServer) -> None:
    with pytest.raises(OSError, match="in use"):
        await MetricsServer(answering, "").start(server.address, server.port)  # type: ignore[attr-defined]


async def test_clients_that_hang_drip_or_never_read_end(server: MetricsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_metrics, "EXCHANGE_SECONDS", 0.5)
    silent, _ = await opened(server)
    dripping, drip = await opened(server)
    deaf = socket.create_connection((server.address, server.port))  # type: ignore[attr-defined]
    deaf.sendall(get("/large"))

    async def dripped() -> None:
        while True:
            drip.write(b"G")
            await drip.drain()
            await asyncio.sleep(0.01)

    dripper = asyncio.create_task(dripped())
    try:
        for reader in (silent, dripping):
            with pytest.raises((EOFError, ConnectionResetError)):
                await asyncio.wait_for(reader.readexactly(1), PATIENCE)
        await until(lambda: not server._open)
    finally:
        dripper.cancel()
        await asyncio.gather(dripper, return_exceptions=True)
        deaf.close()


async def test_a_crowd_does_not_keep_prometheus_out(server: MetricsServer) -> None:
    for _ in range(MOST_EXCHANGES * 4):
        await opened(server)

    assert status(await said(server, get())) == 200
    assert len(server._open) <= MOST_EXCHANGES


async def test_the_end_does_not_wait_for_a_client() -> None:
    made = MetricsServer(answering, "")
    await made.start("127.0.0.1", 0)
    reader, _ = await opened(made)
    await until(lambda: bool(made._open))
    await asyncio.wait_for(made.close(), PATIENCE)

    with pytest.raises((EOFError, ConnectionResetError)):
        await asyncio.wait_for(reader.readexactly(1), PATIENCE)
    with pytest.raises(ConnectionRefusedError):
        await opened(made)
