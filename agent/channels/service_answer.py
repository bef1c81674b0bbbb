"""The words with which a service answered a test, heard in the process that sends (`agent.channels.remote_sender`).

Apprise tells only whether a notice was taken. What the service said is in the HTTP response, in the replies of a mail
server, or, for other ways, in what Apprise logs about its exception.
"""

import json
import logging
import re
import smtplib
from typing import Any

LONGEST_ANSWER = 300
"""Characters of an answer that are passed on."""

_EXCEPTION = re.compile(r"[\w/ ]*Exception: (.+)", re.DOTALL)
_TELLING = ("error", "description", "errors", "message", "error_description", "detail")
"""Members in which services tell what is wrong: ntfy, Telegram, Pushover, Discord, and what others use."""
_REFUSALS = 400
"""From here on, replies of mail servers and HTTP servers are refusals."""
_CLOSING = 221
"""Reply of a mail server to the end of a session (RFC 5321)."""


class ServiceAnswer(logging.Handler):
    """Collects what is heard; the words closest to the service win."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._response = ""
        self._reply: tuple[int, str] = (0, "")
        self._exception = ""
        self._warning = ""

    @property
    def words(self) -> str:
        """The answer, on one line; empty where nothing was heard."""
        code, reply = self._reply
        refusal = reply if code >= _REFUSALS else ""
        said = self._response or refusal or self._exception or reply or self._warning
        return " ".join(said.split())[:LONGEST_ANSWER]

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line of Apprise's log."""
        message = record.getMessage()
        if (found := _EXCEPTION.match(message)) is not None:
            self._exception = self._exception or found[1]
        elif record.levelno >= logging.WARNING:
            self._warning = self._warning or message

    def response(self, status: int, reason: str, body: bytes) -> None:
        """Take an HTTP response."""
        told = "" if status < _REFUSALS else _told(body)
        self._response = f"{status} {reason}" + (f": {told}" if told else "")

    def unreachable(self, fault: BaseException) -> None:
        """Take a connection that failed: its innermost cause, without the address that the outer ones repeat."""
        innermost: BaseException = fault
        seen = {id(fault)}
        while (inner := _cause(innermost)) is not None and id(inner) not in seen:
            seen.add(id(inner))
            innermost = inner
        words = innermost.strerror if isinstance(innermost, OSError) and innermost.strerror else str(innermost)
        self._exception = words or type(innermost).__name__

    def reply(self, code: int, text: bytes) -> None:
        """Take a reply of a mail server; a refusal is not replaced by what follows it."""
        if code > 0 and code != _CLOSING and self._reply[0] < _REFUSALS:
            self._reply = (code, f"{code} {text.decode(errors='replace')}")

    def listen(self) -> None:
        """Hear Apprise's log and every mail server from now on; of HTTP, `remote_sender` tells."""
        log = logging.getLogger("apprise")
        log.setLevel(logging.DEBUG)
        log.propagate = False
        log.addHandler(self)
        heard = smtplib.SMTP.getreply

        def getreply(session: smtplib.SMTP) -> tuple[int, bytes]:
            code, text = heard(session)
            self.reply(code, text)
            return code, text

        setattr(smtplib.SMTP, "getreply", getreply)  # noqa: B010 - for mypy, a method cannot be assigned to


def _cause(fault: BaseException) -> BaseException | None:
    """What lies behind a failure: libraries put it into their arguments, or into an attribute."""
    inside: Any = getattr(fault, "reason", None) or next((one for one in fault.args if isinstance(one, BaseException)), None)
    return inside if isinstance(inside, BaseException) else fault.__cause__ or fault.__context__


def _told(body: bytes) -> str:
    """The sentence in the body of a refusal; empty where there is none for people."""
    text = body.decode(errors="replace").strip()
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return "" if text.startswith("<") else text
    if not isinstance(parsed, dict):
        return ""
    told = next((parsed[name] for name in _TELLING if parsed.get(name)), "")
    if isinstance(told, list):
        return ", ".join(one for one in told if isinstance(one, str))
    return told if isinstance(told, str) else ""
