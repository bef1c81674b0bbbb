"""One HTTP request that tells a service that the agent lives; its answer is bounded in bytes and seconds.

No redirect is followed, and no proxy is used. The address is a secret: no error names more of it than its host.
"""

import asyncio
import os
import socket
import ssl
from functools import cache, partial
from typing import Any
from urllib.parse import SplitResult, urlsplit

from agent.runtime.aside import within

PING_SECONDS = 10.0
"""Seconds from looking up the name to the first line of the answer."""
_LONGEST_LINE = 4096
"""Bytes of the first line of the answer."""


def ping_url(url: str, signal: str) -> str:
    """The address for a signal: "start", "fail", or "" for success, which healthchecks.io puts behind the path."""
    parts = urlsplit(url)
    if not signal:
        return url
    return parts._replace(path=f"{parts.path.rstrip('/')}/{signal}").geturl()


async def send_ping(url: str, body: str) -> str:
    """Send a POST; why it was not taken, as the end of a sentence that begins with the service, or nothing."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(PING_SECONDS):
            return await _sent(parts, body.encode())
    except TimeoutError:
        return f"did not answer within {PING_SECONDS:g} s"
    except ssl.SSLCertVerificationError as fault:
        return f"has no certificate that this computer trusts ({fault.verify_message})"
    except socket.gaierror:
        return "has a name that cannot be looked up"
    except OSError as fault:
        # asyncio puts the address into the text of its own errors.
        return f"cannot be reached ({os.strerror(fault.errno) if fault.errno else type(fault).__name__})"
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        return "gave no proper answer"


async def _sent(parts: SplitResult, body: bytes) -> str:
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    # In a thread that can hang: asyncio's own look-up would keep the agent from ending.
    found = await within(PING_SECONDS, partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM), "ping")
    security: dict[str, Any] = (
        {"ssl": await within(PING_SECONDS, _trusted, "ping"), "server_hostname": host} if secure else {}
    )
    reader, writer = await _connected([(str(address[4][0]), port) for address in found], security)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: Gatelight\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode("ascii") + body)
        await writer.drain()
        answer = (await reader.readuntil(b"\n")).split(b" ", 2)
        if len(answer) < 2 or not answer[0].startswith(b"HTTP/") or not answer[1].isdigit():
            raise ValueError
        status = int(answer[1])
        return "" if 200 <= status < 300 else f"refused it with status {status}"
    finally:
        # The rest of the answer does not matter, nor does a farewell.
        writer.transport.abort()


async def _connected(
    addresses: list[tuple[str, int]], security: dict[str, Any]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    fault = OSError("no address")
    for address, port in dict.fromkeys(addresses):
        try:
            return await asyncio.open_connection(address, port, limit=_LONGEST_LINE, **security)
        except ssl.SSLError:
            raise
        except OSError as refused:
            fault = refused
    raise fault


@cache
def _trusted() -> "ssl.SSLContext":
    return ssl.create_default_context()
