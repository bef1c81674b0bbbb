"""A web site that is asked for new versions and answers as none does: it draws nothing out, and fills nothing."""

import asyncio
import contextlib
import threading

import psutil
import pytest

from agent.core.updates import NotARelease, question_at, read_release
from agent.runtime.fetching import FETCH, MOST_FETCHED, fetch
from tests.attacks.hostile_service import (
    Manner,
    always_a_moment_more,
    byte_by_byte,
    byte_by_byte_from_the_first,
    endless_body,
    endless_chunks,
    endless_headers,
    hostile,
    never_ending_redirects,
    one_endless_header,
    packed_bomb,
    silence,
)
from tests.web_site import TRUSTING, moved, page, tls, web_site

SECONDS = 2.0
"""A server has as long here; the agent gives it `FETCH_SECONDS`."""
PATIENCE = 60.0
MOST_TAKEN = 32 << 20
"""Bytes that a hostile server gets rid of at most; most of them lie in buffers of the system."""


@pytest.fixture(autouse=True)
def _trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in TRUSTING.items():
        monkeypatch.setenv(name, value)


def fetchers() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        # One that is ending has no command line.
        with contextlib.suppress(psutil.Error):
            found += [child] if FETCH in child.cmdline() else []
    return found


@pytest.mark.parametrize(
    "manner",
    [
        endless_body,
        endless_chunks,
        packed_bomb,
        byte_by_byte,
        byte_by_byte_from_the_first,
        endless_headers,
        one_endless_header,
        never_ending_redirects,
        always_a_moment_more,
        silence,
    ],
    ids=lambda manner: manner.__name__,
)
async def test_an_answer_without_end_is_given_up_and_no_process_is_left(manner: Manner) -> None:
    with hostile(manner, tls=tls()) as service:
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(OSError, match=r"\w"):
                await fetch(f"https://localhost:{service.port}/latest.json", SECONDS)

        assert service.clients <= 6
        assert service.sent < MOST_TAKEN
    assert fetchers() == []


async def test_a_server_that_takes_its_time_with_the_certificate_is_given_up() -> None:
    with hostile(silence) as service, pytest.raises(OSError, match="no answer came in time"):
        await fetch(f"https://localhost:{service.port}/latest.json", SECONDS)


@pytest.mark.parametrize("to", ["http://localhost/x", "ftp://localhost/x", "file:///etc/passwd", "//localhost:1/x"])
async def test_a_redirect_leads_nowhere_but_to_https(to: str) -> None:
    with web_site(a=moved(to)) as site, pytest.raises(OSError, match=r"without https|refused"):
        await fetch(f"{site.address}/a", SECONDS)


@pytest.mark.parametrize(
    "body",
    [b"", b"\0" * MOST_FETCHED, b"[" * MOST_FETCHED, b'{"schema": 1}', b"<html>" * 1000],
    ids=lambda body: body[:6],
)
async def test_a_body_that_is_no_release_says_nothing(body: bytes) -> None:
    with web_site(latest_json=page(body)) as site:
        fetched = await fetch(question_at(site.address), SECONDS)

        with pytest.raises(NotARelease):
            read_release(fetched, site.address)


async def test_an_agent_that_ends_meanwhile_leaves_no_process() -> None:
    heard = threading.Event()

    def listens(wire: object) -> None:
        heard.set()
        silence(wire)  # type: ignore[arg-type]

    with hostile(listens, tls=tls()) as service:
        asking = asyncio.ensure_future(fetch(f"https://localhost:{service.port}/latest.json"))
        assert await asyncio.to_thread(heard.wait, PATIENCE)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        async with asyncio.timeout(PATIENCE):
            while fetchers():  # noqa: ASYNC110 - ended by the system
                await asyncio.sleep(0.02)
