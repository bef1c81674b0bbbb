"""The server of metrics and probes: a few paths, GET only, one request a connection, each with a deadline.

It has a parser of its own: aiohttp, which the page uses, takes 17 MB, and stays for as long as metrics are served.
"""

import asyncio
import hmac
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from agent.platforms.listening import listen_alone
from agent.tws.hosts import is_local, is_loopback

logger = logging.getLogger("agent")

EXCHANGE_SECONDS = 10.0
"""Seconds from accepting a connection to the last byte of its answer."""
MOST_EXCHANGES = 16
"""Connections at a time; a new one takes the place of the oldest."""
LARGEST_HEAD = 8192
"""Bytes of a request with its headers; Prometheus sends some hundred."""

_TEXT = "text/plain; charset=utf-8"
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
WRONG_TOKEN, WRONG_HOST = "token", "host"
"""Why a request is refused, as the metric of it says."""


@dataclass(frozen=True, slots=True)
class MetricsAnswer:
    """What is answered to a request."""

    body: bytes
    kind: str = _TEXT
    status: int = 200
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    headers: Mapping[str, str]
    """By name in small letters."""


Answering = Callable[[str, str], Awaitable[MetricsAnswer]]
"""Answers a path; the second text is the header Accept. It must not raise."""


class MetricsServer:
    """Serves one address; lives on the agent's loop."""

    def __init__(self, answering: Answering, token: str) -> None:
        """`token`: each request must have it; empty: the server is for loopback, and needs none."""
        self._answering = answering
        self._token = token
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.refused: Counter[str] = Counter({WRONG_TOKEN: 0, WRONG_HOST: 0})
        self.port = 0

    async def start(self, address: str, port: int) -> None:
        """Serve. Raises OSError where the port cannot be had, ValueError for another interface without a token."""
        if not self._token and not is_loopback(address):
            raise ValueError("another interface than loopback needs a token")
        bound = listen_alone(address, port)
        self.port = bound.getsockname()[1]
        self._server = await asyncio.start_server(self._serve, sock=bound, limit=LARGEST_HEAD)

    async def close(self) -> None:
        """End: what is under way is dropped."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        tasks = list(self._open)
        for task in tasks:
            self._drop(task)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        while len(self._open) >= MOST_EXCHANGES:
            self._drop(next(iter(self._open)))
        self._open[task] = writer
        try:
            async with asyncio.timeout(EXCHANGE_SECONDS):
                answer = await self._answered(reader)
                writer.write(_bytes(answer))
                await writer.drain()
                # What the system has not taken yet is awaited too, so that the deadline covers all of it.
                writer.close()
                await writer.wait_closed()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # The client was too slow, has gone, or its place was needed.
            pass
        finally:
            self._open.pop(task, None)
            writer.transport.abort()

    def _drop(self, task: asyncio.Task[None]) -> None:
        self._open.pop(task).transport.abort()
        task.cancel()

    async def _answered(self, reader: asyncio.StreamReader) -> MetricsAnswer:
        try:
            request = _parsed(await reader.readuntil(b"\r\n\r\n"))
        except asyncio.LimitOverrunError:
            return _said(431, "The request is too long.")
        if request is None:
            return _said(400, "This is no HTTP request.")
        if (refusal := self._refusal(request)) is not None:
            return refusal
        answer = await self._answering(request.path, request.headers.get("accept", ""))
        return answer if request.method == "GET" else MetricsAnswer(b"", answer.kind, answer.status)

    def _refusal(self, request: _Request) -> MetricsAnswer | None:
        if self._token:
            given = request.headers.get("authorization", "")
            # One comparison that takes as long for any text: how much of a guess is right cannot be measured.
            if not hmac.compare_digest(given.encode("latin-1"), f"Bearer {self._token}".encode("latin-1")):
                return self._refuse(WRONG_TOKEN, 401, "A bearer token is needed here: metrics.token of Gatelight.")
        elif not is_local(_host(request.headers.get("host", ""))):
            # A web site can make its own name lead to this computer, and read what its visitors' browsers are told.
            return self._refuse(WRONG_HOST, 403, "Ask for 127.0.0.1 or localhost.")
        if request.method not in ("GET", "HEAD"):
            return _said(405, "Only GET is known here.", Allow="GET, HEAD")
        return None

    def _refuse(self, reason: str, status: int, text: str) -> MetricsAnswer:
        self.refused[reason] += 1
        if self.refused[reason] == 1:
            # The metric counts the others: there may be many.
            logger.warning("a request for metrics was refused because of its %s", reason)
        return _said(status, text, **({"WWW-Authenticate": "Bearer"} if status == 401 else {}))


def _parsed(head: bytes) -> _Request | None:
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1.") or not parts[1].startswith("/"):
        return None
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.lower()
        # Two of one name, or one that goes on in the next line, may be read differently by a proxy in between.
        if not colon or not name or name != name.strip() or name in headers:
            return None
        headers[name] = value.strip()
    return _Request(parts[0], parts[1].partition("?")[0], headers)


def _host(header: str) -> str:
    """The name in the header Host, without its port."""
    if header.startswith("["):
        return header.partition("]")[0].removeprefix("[")
    return header.rpartition(":")[0] if ":" in header else header


def _said(status: int, text: str, **headers: str) -> MetricsAnswer:
    return MetricsAnswer(f"{text}\n".encode(), status=status, headers=headers)


def _bytes(answer: MetricsAnswer) -> bytes:
    headers = {
        "Content-Type": answer.kind,
        "Content-Length": str(len(answer.body)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Connection": "close",
        **(answer.headers or {}),
    }
    lines = [f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body
