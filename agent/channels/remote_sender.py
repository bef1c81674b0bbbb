"""Sends notices to one service through Apprise, in a process of its own, so that no answer can harm the agent.

A service is a stranger. Its answer may be endless, come one byte a second, redirect in a circle, or unpack from little
to much, and Apprise reads whatever comes. So each service gets a process with a limit of time and memory, whichever
library talks to the service. Apprise is loaded only here: it is half as large as the agent.

The task comes on standard input, as one JSON object: `{"url": "…", "notices": [{"title", "body", "type"}, …]}`. The
answers go to standard output, in any order, one line per notice: its number and a word, such as `2 taken`.
"""

import asyncio
import contextlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any, NoReturn

COMMAND = "send-remote"
"""The argument with which this program runs as a sender; only the agent uses it, not the user."""

SEND_SECONDS = 8.0
"""Seconds a service has to take a notice; most need half a second."""

_LONGEST_ANSWER = 1 << 20
"""Bytes of an answer, unpacked. A usual answer has some hundred."""

MOST_MEMORY = 256 << 20
"""Bytes of memory the process may use; Apprise with its plugins needs 50 MiB."""

TAKEN, REFUSED, UNKNOWN_ADDRESS, MISSING = "taken", "refused", "unknown-address", "missing"

_LONGEST_TASK = 8 << 20
_WATCH_EVERY = 0.05
_GRACE = 2.0
"""Seconds after `SEND_SECONDS` until the process ends itself, in case the agent is no longer there to end it."""


def send_remote() -> NoReturn:
    """Send the notices that standard input holds, then end this process."""
    _bound_the_process()
    answers = _own_output()
    task = json.loads(_read(0, _LONGEST_TASK))

    def answer(number: int, word: str) -> None:
        os.write(answers, f"{number} {word}\n".encode("ascii"))

    asyncio.run(_send(task["url"], task["notices"], answer))
    # The usual end waits for threads of plugins, and these may still wait for their service.
    os._exit(0)


async def _send(url: str, notices: list[dict[str, str]], answer: Callable[[int, str], None]) -> None:
    everything = range(len(notices))
    try:
        service = _service(url)
    except ImportError:
        for number in everything:
            answer(number, MISSING)
        return
    if service is None:
        for number in everything:
            answer(number, UNKNOWN_ADDRESS)
        return

    async def send(number: int, notice: dict[str, str]) -> None:
        try:
            taken = await service.async_notify(
                title=notice["title"], body=notice["body"], notify_type=notice["type"], body_format="text"
            )
        except Exception:
            taken = False
        answer(number, TAKEN if taken else REFUSED)

    await asyncio.gather(*(send(number, notice) for number, notice in enumerate(notices)))


def _service(url: str) -> Any:
    """Apprise with one service; None for an address that Apprise does not know. ImportError: Apprise is missing."""
    import apprise

    # Apprise writes whole addresses into the log, passwords included.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    _bound_the_answers()
    service = apprise.Apprise()
    return service if service.add(url) else None


def _bound_the_answers() -> None:
    """Limit how much `requests`, which nearly all plugins use, reads of an answer."""
    import requests

    class Bounded(requests.adapters.HTTPAdapter):
        """Reads the whole answer itself, so that no other code reads it without a limit."""

        def send(self, *arguments: Any, **options: Any) -> requests.Response:
            response = super().send(*arguments, **options)
            body = bytearray()
            for part in response.iter_content(1 << 14):
                body += part
                if len(body) > _LONGEST_ANSWER:
                    response.close()
                    raise requests.exceptions.ContentDecodingError("the answer is too long")
            response._content = bytes(body)
            return response

    # Plugins make their own sessions. A session uses the class of this name for http and https addresses.
    vars(requests.sessions)["HTTPAdapter"] = Bounded


def _bound_the_process() -> None:
    """Make this process end when it takes too much memory or time, whatever it is doing."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        # Linux counts all private memory here and refuses more at once; other systems hardly use this limit.
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Each notice has a thread: a dozen of them with the usual 8 MiB of stack would take too much memory.
    threading.stack_size(1 << 20)
    deadline = time.monotonic() + SEND_SECONDS + _GRACE

    def watch() -> None:
        import psutil

        own = psutil.Process()
        while time.monotonic() < deadline and own.memory_info().rss < MOST_MEMORY:
            time.sleep(_WATCH_EVERY)
        os._exit(1)

    threading.Thread(target=watch, name="limits", daemon=True).start()


def _own_output() -> int:
    """A descriptor of standard output for the answers; from now on, output of libraries is dropped."""
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return answers


def _read(descriptor: int, most: int) -> bytes:
    read = bytearray()
    while len(read) <= most and (part := os.read(descriptor, 1 << 16)):
        read += part
    return bytes(read)
