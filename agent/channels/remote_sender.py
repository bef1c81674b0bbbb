"""Sends one message to one service through Apprise, in a process of its own, so that no answer can harm the agent.

A service is a stranger. Its answer may be endless, come one byte a second, redirect in a circle, or unpack from little
to much, and Apprise reads whatever comes. So each message gets a process with a limit of time and memory, whichever
library talks to the service. Apprise is loaded only here: it is half as large as the agent.

The task comes on standard input, as one JSON object: `{"url": "…", "title": "…", "body": "…", "type": "…"}`. The answer
goes to standard output, as another: `{"word": "taken", "said": "HTTP 200 OK", "retry_after": null}`. The address, which
may hold a secret, is masked in what is said; an address in the system's key store is read here and never leaves.
"""

import contextlib
import json
import logging
import os
import re
import threading
import time
from enum import StrEnum
from typing import Any, NoReturn

from agent.channels.service_answer import MailReplies, sentence_in
from agent.core.settings import KEY_STORE, in_key_store
from agent.platforms.key_store import KEPT_FOR
from agent.tws.printable import one_line, printable
from agent.tws.privacy import Private, parts_of_secret, redact

COMMAND = "send-remote"
"""The argument with which this program runs as a sender; only the agent uses it, not the user."""

SEND_SECONDS = 8.0
"""Seconds a service has to take a message; most need half a second."""

_LONGEST_ANSWER = 1 << 20
"""Bytes of an answer, unpacked. A usual answer has some hundred."""

MOST_MEMORY = 256 << 20
"""Bytes of memory the process may use; Apprise with its plugins needs 50 MiB."""

MOST_SAID = 200
"""Characters of an answer that are told."""

LONGEST_WAIT = 3600.0
"""Seconds that a service may ask to be left alone."""

_LONGEST_TASK = 1 << 20
_NICE = 5
"""Of the process, beside the agent's 0; Windows has none."""
_WATCH_EVERY = 0.05
_GRACE = 2.0
"""Seconds after `SEND_SECONDS` until the process ends itself, in case the agent is no longer there to end it."""

_UNFIT = (400, 413, 422)
"""Statuses of HTTP by which a service says that it takes messages, but not this one (RFC 9110)."""

_NO_NAME = "[127.0.0.1]"
"""How a mail program without a name presents itself (RFC 5321, 4.1.3)."""


class Word(StrEnum):
    """What became of the message."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNFIT = "unfit"
    UNKNOWN_ADDRESS = "unknown-address"
    MISSING = "missing"
    NO_KEYRING = "no-keyring"
    NO_STORE = "no-store"
    NO_SECRET = "no-secret"
    LOCKED = "locked"


class _Heard:
    """What was heard of the service while the message was sent."""

    def __init__(self) -> None:
        self.status: int | None = None
        """The latest status of HTTP."""
        self.said = ""
        self.mail = MailReplies()
        self.retry_after: float | None = None
        self.cause = ""
        """Why the service could not be reached over HTTP."""
        self.fault = ""
        """What Apprise says of a failure."""


def send_remote() -> NoReturn:
    """Send the message that standard input holds, then end this process."""
    _bound_the_process()
    answers = _own_output()
    task = json.loads(_read(0, _LONGEST_TASK))
    os.write(answers, json.dumps(_send(task)).encode("ascii"))
    # The usual end waits for threads of plugins, and these may still wait for their service.
    os._exit(0)


def _send(task: dict[str, str]) -> dict[str, Any]:
    heard = _Heard()
    url = task["url"]
    if in_key_store(url):
        found = _from_key_store(url.removeprefix(KEY_STORE))
        if isinstance(found, Word):
            return {"word": found, "said": "", "retry_after": None}
        url = found
    try:
        service = _service(url, heard)
    except ImportError:
        return {"word": Word.MISSING, "said": "", "retry_after": None}
    if service is None:
        return {"word": Word.UNKNOWN_ADDRESS, "said": "", "retry_after": None}
    try:
        taken = service.notify(title=task["title"], body=task["body"], notify_type=task["type"], body_format="text")
    except Exception as failure:
        taken, heard.fault = False, heard.fault or type(failure).__name__
    unfit = not taken and heard.status in _UNFIT
    private = Private(words=tuple(parts_of_secret(url)))
    return {
        "word": Word.TAKEN if taken else Word.UNFIT if unfit else Word.REFUSED,
        "said": redact(one_line(printable(_words(heard, taken=bool(taken)))), private)[:MOST_SAID],
        "retry_after": None if taken else heard.retry_after,
    }


def _words(heard: _Heard, *, taken: bool) -> str:
    """The service's answer in words; of one that took the message, its status is enough."""
    if heard.status is None:
        if taken:
            return heard.mail.latest or "taken"
        return heard.mail.refusal or heard.cause or heard.fault or "the service did not take it"
    status = f"HTTP {heard.status} {_reason(heard.status)}".rstrip()
    return f"{status}: {heard.said}" if heard.said and not taken else status


def _reason(status: int) -> str:
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _from_key_store(name: str) -> "str | Word":
    """The address that the key store of the system keeps under this name, or why there is none."""
    try:
        import keyring
        from keyring.errors import NoKeyringError
    except ImportError:
        return Word.NO_KEYRING
    try:
        found = keyring.get_password(KEPT_FOR, name)
    except NoKeyringError:
        return Word.NO_STORE
    except Exception:
        return Word.LOCKED
    return found or Word.NO_SECRET


def _service(url: str, heard: _Heard) -> Any:
    """Apprise with one service; None for an address that Apprise does not know. ImportError: Apprise is missing."""
    import apprise

    _listen(heard)
    _bound_the_answers(heard)
    _tell_no_name()
    # Its pictures would be fetched from a web site by the user's telephone.
    asset = apprise.AppriseAsset(app_id=KEPT_FOR, app_desc=KEPT_FOR, image_url_mask=None, image_url_logo=None)
    service = apprise.Apprise(asset=asset)
    return service if service.add(url) else None


def _tell_no_name() -> None:
    """Mail would tell the name of this computer, and wait for a name service to find it out."""
    import socket

    socket.getfqdn = lambda name="": _NO_NAME


def _listen(heard: _Heard) -> None:
    """Take what Apprise says of a failure out of its log, which goes nowhere else: it holds whole addresses."""

    class Ears(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said = record.getMessage()
            if "Exception:" in said:
                # The cause, such as "Socket Exception: [Errno 111] Connection refused".
                heard.fault = re.sub(r"^\[Errno -?\d+\] ", "", said.partition("Exception:")[2].strip())
            elif record.levelno >= logging.WARNING and not heard.fault:
                heard.fault = said.rstrip(".")

    heard.mail.listen()
    log = logging.getLogger("apprise")
    log.handlers, log.propagate = [Ears()], False
    log.setLevel(logging.DEBUG)


def _bound_the_answers(heard: _Heard) -> None:
    """Limit how much `requests`, which nearly all plugins use, reads of an answer, and note what it was."""
    import requests

    class Bounded(requests.adapters.HTTPAdapter):
        """Reads the whole answer itself, so that no other code reads it without a limit."""

        def send(self, *arguments: Any, **options: Any) -> requests.Response:
            heard.status, heard.said = None, ""
            try:
                response = super().send(*arguments, **options)
            except requests.exceptions.RequestException as failure:
                heard.cause = _cause(failure)
                raise
            body = bytearray()
            for part in response.iter_content(1 << 14):
                body += part
                if len(body) > _LONGEST_ANSWER:
                    response.close()
                    raise requests.exceptions.ContentDecodingError("the answer is too long")
            response._content = bytes(body)
            heard.status = response.status_code
            heard.said = sentence_in(bytes(body).decode("utf-8", "replace"))
            heard.retry_after = _wait(response.headers.get("Retry-After"))
            return response

    # Plugins make their own sessions. A session uses the class of this name for http and https addresses.
    vars(requests.sessions)["HTTPAdapter"] = Bounded


def _cause(failure: BaseException) -> str:
    """The system's own words for why a service could not be reached, such as "Connection refused"."""
    inner: BaseException | None = failure
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        reason = next((a for a in inner.args if isinstance(a, BaseException)), getattr(inner, "reason", None))
        inner = reason if isinstance(reason, BaseException) else inner.__cause__ or inner.__context__
    return type(failure).__name__


def _wait(header: str | None) -> float | None:
    """Seconds of a Retry-After header (RFC 9110, 10.2.3), within bounds; None without one that can be read."""
    if header is None:
        return None
    from email.utils import parsedate_to_datetime

    with contextlib.suppress(ValueError, TypeError, OverflowError):
        text = header.strip()[:40]
        seconds = float(text) if text.isdecimal() else parsedate_to_datetime(text).timestamp() - time.time()
        return min(max(seconds, 0.0), LONGEST_WAIT)
    return None


def _bound_the_process() -> None:
    """Make this process end when it takes too much memory or time, whatever it is doing."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        # Linux counts all private memory here and refuses more at once; other systems hardly use this limit.
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(AttributeError, OSError):
        # Loading Apprise takes a second of one core: on a busy computer the agent's heartbeats come first.
        os.nice(_NICE)
    # Plugins have threads: a dozen of them with the usual 8 MiB of stack would take too much memory.
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
