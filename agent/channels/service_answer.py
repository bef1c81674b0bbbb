"""The words of a service, heard in the process that sends (`agent.channels.remote_sender`): of its refusals, the
sentence for people; of a mail server, what it replied."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import smtplib

_TELLING = ("error", "description", "errors", "message", "detail")
"""Members of JSON in which services tell what is wrong: ntfy, Telegram, Pushover, Discord, and what others use."""
_REFUSALS = 400
"""From here on, replies of a mail server are refusals (RFC 5321)."""
_CLOSING = 221
"""The reply to the end of a session."""


def sentence_in(body: str) -> str:
    """The sentence for people in the body of a refusal; empty where there is none."""
    text = body.strip()
    if text.startswith("<"):
        return ""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return text
    told = next((parsed[name] for name in _TELLING if parsed.get(name)), "") if isinstance(parsed, dict) else ""
    if isinstance(told, list):
        return ", ".join(one for one in told if isinstance(one, str))
    return told if isinstance(told, str) else ""


class MailReplies:
    """What a mail server replied, from the moment it was told to `listen`."""

    def __init__(self) -> None:
        self._latest: tuple[int, str] = (0, "")

    @property
    def refusal(self) -> str:
        """The first refusal; empty where there was none."""
        return self._latest[1] if self._latest[0] >= _REFUSALS else ""

    @property
    def latest(self) -> str:
        """The first refusal, else the latest reply before the end of the session."""
        return self._latest[1]

    def take(self, code: int, text: bytes) -> None:
        """Take one reply; a refusal is not replaced by what follows it."""
        if code > 0 and code != _CLOSING and not self.refusal:
            self._latest = (code, f"{code} {text.decode(errors='replace')}")

    def listen(self) -> None:
        """Take every reply that any session of this process gets."""
        # Only the process that sends needs it; it brings OpenSSL.
        import smtplib

        heard = smtplib.SMTP.getreply

        def getreply(session: "smtplib.SMTP") -> tuple[int, bytes]:
            code, text = heard(session)
            self.take(code, text)
            return code, text

        setattr(smtplib.SMTP, "getreply", getreply)  # noqa: B010 - a method cannot be assigned to, says mypy
