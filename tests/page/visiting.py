"""The page without a browser: opened by an address, it signs what it asks and checks what it hears."""

import json
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from agent.page.guard import PROOF_HEADER, digest, signed

_KEY = re.compile(r'name="gatelight-key" content="([^"]*)" data-view="([^"]*)"')


def key_in(page: str) -> tuple[str, str]:
    """The key and the view that the page was given with its text."""
    found = _KEY.search(page)
    assert found is not None
    return found[1], found[2]


@dataclass
class VisitingPage:
    """One tab; what `opened` makes."""

    http: aiohttp.ClientSession
    address: str
    page: str = ""
    key: str = ""
    view: str = ""

    @property
    def port(self) -> int:
        """Of the server."""
        return urlsplit(self.address).port or 0

    def proof(self, method: str, path: str, body: bytes = b"", nonce: str = "") -> str:
        """The header that signs a request."""
        nonce, content = nonce or secrets.token_hex(8), digest(body)
        return ".".join((self.page, nonce, content, signed(self.key, "page", method, path, nonce, content)))

    @asynccontextmanager
    async def ask(
        self, path: str, method: str = "GET", body: bytes = b"", **headers: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Ask for something; fails for an answer with another signature than the server's own."""
        nonce = secrets.token_hex(8)
        sent = {PROOF_HEADER: self.proof(method, path, body, nonce), "Content-Type": "application/json", **headers}
        async with self.http.request(method, self.address + path, data=body or None, headers=sent) as answer:
            if PROOF_HEADER not in headers and PROOF_HEADER in answer.headers:
                assert answer.headers[PROOF_HEADER] == signed(self.key, "agent", nonce)
            yield answer

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and text."""
        async with self.ask(path, "GET", b"", **headers) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, asked: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON."""
        async with self.ask(path, "POST", json.dumps(asked or {}).encode(), **headers) as answer:
            return answer.status, await answer.json()


async def opened(http: aiohttp.ClientSession, url: str) -> VisitingPage:
    """The page as the opener gets it."""
    parts = urlsplit(url)
    async with http.get(url) as answer:
        assert answer.status == 200, answer.status
        text = await answer.text()
    page = VisitingPage(http, f"{parts.scheme}://{parts.netloc}")
    key, page.view = key_in(text)
    page.page, page.key = key.split(".")
    return page


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, str]]:
    """Name and data of what a stream tells."""
    name = "message"
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: ") or line == "data:":
            yield name, line[6:]
            name = "message"
