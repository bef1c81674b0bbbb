"""One ping against real receivers: they answer, refuse, hang, drip, talk without end, or cannot be trusted."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.runtime import http_ping
from agent.runtime.http_ping import ping_url, send_ping
from tests.metrics.serving import free_port
from tests.waiting import PATIENCE

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SECRET = "a1b2c3d4"


@asynccontextmanager
async def receiver(talk: Talk, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a free port of loopback that talks so."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    talks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.ensure_future(serve(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for talk_under_way in talks:
            talk_under_way.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


def answering(answer: bytes, heard: list[bytes] | None = None) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        if heard is not None:
            heard.append(head + body)
        writer.write(answer)
        await writer.drain()

    return talk


async def hanging(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def never_reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"H")
        await writer.drain()
        await asyncio.sleep(0.01)


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def test_what_is_sent_is_a_request_that_any_server_knows() -> None:
    heard: list[bytes] = []
    async with receiver(answering(b"HTTP/1.1 200 OK\r\n\r\nOK", heard)) as port:
        assert await send_ping(f"http://127.0.0.1:{port}/{SECRET}/fail?create=1", "TWS ✗") == ""

    head, _, body = heard[0].partition(b"\r\n\r\n")
    assert head.startswith(f"POST /{SECRET}/fail?create=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n".encode())
    assert body.decode() == "TWS ✗"


@pytest.mark.parametrize("status", [301, 404, 429, 500, 503])
async def test_any_other_status_is_a_refusal(status: int) -> None:
    answer = f"HTTP/1.1 {status} Whatever\r\nLocation: http://127.0.0.1/\r\nRetry-After: 1\r\n\r\n".encode()
    async with receiver(answering(answer)) as port:
        assert await send_ping(f"http://127.0.0.1:{port}/{SECRET}", "") == f"refused it with status {status}"


@pytest.mark.parametrize("talk", [hanging, never_reading, dripping], ids=lambda talk: talk.__name__)
async def test_a_service_that_does_not_answer_is_given_up(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_ping, "PING_SECONDS", 0.5)
    async with receiver(talk) as port:
        said = await asyncio.wait_for(send_ping(f"http://127.0.0.1:{port}/{SECRET}", "x" * 10_000_000), PATIENCE)

    assert said in ("did not answer within 0.5 s", "gave no proper answer")


@pytest.mark.parametrize(
    "talk", [endless, closing, answering(b"SSH-2.0-OpenSSH\r\n"), answering(b"HTTP/1.1 ok\r\n\r\n")], ids=str
)
async def test_what_is_no_http_is_no_answer(talk: Talk) -> None:
    async with receiver(talk) as port:
        said = await asyncio.wait_for(send_ping(f"http://127.0.0.1:{port}/{SECRET}", ""), PATIENCE)

    assert said == "gave no proper answer" or said.startswith("cannot be reached (")
    assert SECRET not in said


async def test_nobody_listens() -> None:
    assert await send_ping(f"http://127.0.0.1:{free_port()}/{SECRET}", "") == ("cannot be reached (Connection refused)")


async def test_a_name_that_means_nothing() -> None:
    assert await send_ping(f"http://no-such-name.invalid/{SECRET}", "") == "has a name that cannot be looked up"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
async def test_a_certificate_has_to_be_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = tmp_path / "certificate", tmp_path / "key"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, *names], check=True, capture_output=True, timeout=PATIENCE)  # noqa: ASYNC221
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with receiver(answering(b"HTTP/1.1 200 OK\r\n\r\n"), context) as port:
        url = f"https://localhost:{port}/{SECRET}"
        assert (await send_ping(url, "")).startswith("has no certificate that this computer trusts (")

        trusting = ssl.create_default_context(cafile=certificate)
        monkeypatch.setattr(http_ping, "_trusted", lambda: trusting)
        assert await send_ping(url, "") == ""
        assert (await send_ping(url.replace("localhost", "127.0.0.1"), "")).startswith("has no certificate")


@pytest.mark.parametrize(
    ("url", "signal", "expected"),
    [
        ("https://hc-ping.com/uuid", "", "https://hc-ping.com/uuid"),
        ("https://hc-ping.com/uuid", "start", "https://hc-ping.com/uuid/start"),
        ("https://hc-ping.com/uuid/", "fail", "https://hc-ping.com/uuid/fail"),
        ("https://hc-ping.com/key/slug?create=1", "fail", "https://hc-ping.com/key/slug/fail?create=1"),
    ],
)
def test_the_signal_stands_behind_the_path(url: str, signal: str, expected: str) -> None:
    assert ping_url(url, signal) == expected
