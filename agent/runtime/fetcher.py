"""Fetches one small file from the web, in a process of its own, so that no answer can harm the agent.

A line on standard input holds the address, and the seconds after which the process ends itself, whatever it is doing.
The file goes to standard output with status 0, or the reason why there is none, in words for the log, with status 1.

The question holds no version, no name and no cookie. It goes by https alone, also where it is sent on, and through the
proxy of the system where there is one. The system judges the certificate.
"""

import os
import ssl
import sys
import threading
from email.message import Message
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, NoReturn
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from agent.runtime.fetching import MOST_FETCHED

USER_AGENT = "gatelight"
_SILENCE = 10.0
"""Seconds without a byte after which a server is given up."""
_MOST_HOPS = 5
_MOST_INTERIM = 10
"""Answers of a server that it will answer; http.client reads on after each of them, for ever."""
_MOVED = (301, 302, 303, 307, 308)


class _Refused(Exception):
    """Why there is no file."""


def fetch_file() -> NoReturn:
    """Fetch what standard input names, then end this process."""
    address, seconds = sys.stdin.buffer.readline(4096).decode("ascii").split()
    end = threading.Timer(float(seconds), os._exit, (1,))
    end.daemon = True
    end.start()
    try:
        written, status = _fetched(address), 0
    except _Refused as reason:
        written, status = str(reason).encode("utf-8", "replace"), 1
    except (OSError, HTTPException, ValueError) as fault:
        cause = fault.reason if isinstance(fault, URLError) else fault
        written, status = f"{type(cause).__name__}: {cause}".encode("utf-8", "replace"), 1
    sys.stdout.buffer.write(written[: MOST_FETCHED + 1])
    sys.stdout.buffer.flush()
    os._exit(status)


def _fetched(address: str) -> bytes:
    opener = _opener()
    for _ in range(_MOST_HOPS + 1):
        if not address.lower().startswith("https://"):
            raise _Refused("it leads to an address without https")
        try:
            with opener.open(address, timeout=_SILENCE) as answer:
                read: bytes = answer.read(MOST_FETCHED + 1)
        except HTTPError as other:
            # The rest of such an answer is not read: it may be endless.
            with other:
                if other.code not in _MOVED:
                    raise _Refused(f"the server answers {other.code}") from None
                address = urljoin(address, _location(other.headers))
            continue
        if len(read) > MOST_FETCHED:
            raise _Refused("it is too long")
        return read
    raise _Refused("it is sent on without end")


def _location(headers: Message) -> str:
    location = headers.get("Location")
    if not location:
        raise _Refused("it is sent on to nowhere")
    return location


class _Answer(HTTPResponse):
    """An answer that comes after a few interim ones at most."""

    _begun = 0

    def _read_status(self) -> Any:
        self._begun += 1
        if self._begun > _MOST_INTERIM:
            raise HTTPException("it begins to answer without end")
        return super()._read_status()  # type: ignore[misc]


class _Connection(HTTPSConnection):
    response_class = _Answer


class _OverTls(HTTPSHandler):
    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._trust = context

    def https_open(self, req: Request) -> Any:
        return self.do_open(_Connection, req, context=self._trust)


def _opener() -> OpenerDirector:
    """Opens https addresses and nothing else: there is no handler for other ones, for cookies or for redirects."""
    # Imported here, in the process of its own.
    import truststore

    opener = OpenerDirector()
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for handler in (ProxyHandler(), _OverTls(context), HTTPErrorProcessor(), HTTPDefaultErrorHandler()):
        opener.add_handler(handler)
    opener.addheaders = [("User-Agent", USER_AGENT)]
    return opener
