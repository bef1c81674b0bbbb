"""Who may come in: tokens for the opener, cookies for the browser, and what every request has to show.

A page on loopback can be reached by every program and every user of this machine, and by every web site through the
browser. So: the opener hands over a token that works once; the browser keeps a cookie in exchange; the address it asks
for must be ours (DNS rebinding); it must not have been sent by another site; and whatever changes something is a POST
with JSON and with a second secret that only our own page can know. Pure but for the secrets: no server, no clock.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

TOKEN_SECONDS = 60.0
"""A browser that has to be started first needs some seconds; nobody needs a minute."""
MOST_TOKENS = 16
"""Unused tokens that count at a time; the oldest gives way."""
SESSION_SECONDS = 7 * 86400.0
"""A session that nobody has used for so long is over."""
MOST_SESSIONS = 16
"""Browsers that are known at a time; the one unused for longest gives way."""
SECRET_BYTES = 32

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Server": "Gatelight",
}
"""On every answer."""
CSRF_HEADER = "X-Gatelight-Token"
"""A header of our own: another site cannot send it without being asked, and is never allowed to."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A browser that has shown a token."""

    cookie: str
    view: str
    """The part of the page that the opener wanted to be seen."""


class Keyring:
    """Tokens and sessions. Of sessions only digests are kept; times are monotonic seconds."""

    def __init__(self, clock: Callable[[], float], sessions: tuple[str, ...] = ()) -> None:
        """`sessions`: digests of an earlier start, whose browsers stay known."""
        self._clock = clock
        self._tokens: dict[str, tuple[float, str]] = {}
        self._sessions: dict[str, float] = dict.fromkeys(sessions[-MOST_SESSIONS:], clock())

    @property
    def sessions(self) -> tuple[str, ...]:
        """Digests of the sessions, the latest used last."""
        return tuple(sorted(self._sessions, key=self._sessions.__getitem__))

    def invite(self, view: str = "", seconds: float = TOKEN_SECONDS) -> str:
        """A token that opens the page once, within so many seconds."""
        token = secrets.token_urlsafe(SECRET_BYTES)
        while len(self._tokens) >= MOST_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        self._tokens[_digest(token)] = (self._clock() + seconds, view)
        return token

    def enter(self, token: str) -> Entered | None:
        """A session in exchange for a token; None for one that is wrong, used or too old."""
        until, view = self._tokens.pop(_digest(token), (0.0, ""))
        if self._clock() >= until:
            return None
        cookie = secrets.token_urlsafe(SECRET_BYTES)
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[self.sessions[0]]
        self._sessions[_digest(cookie)] = self._clock()
        return Entered(cookie, view)

    def session_of(self, cookie: str | None) -> str | None:
        """The digest that names a browser's session; None for one that is not known."""
        if not cookie:
            return None
        session, now = _digest(cookie), self._clock()
        # Looked up by its digest: how long that takes tells nothing about the secret.
        if now - self._sessions.get(session, float("-inf")) > SESSION_SECONDS:
            return None
        self._sessions[session] = now
        return session


def csrf_of(cookie: str) -> str:
    """The second secret of a session: follows from the first, so that it outlives a restart with it."""
    return hmac.new(_bytes(cookie), b"csrf", sha256).hexdigest()


def cookie_name(port: int) -> str:
    """Cookies are shared by all ports of a host: two agents must not overwrite each other's."""
    return f"gatelight-{port}"


def hosts(port: int) -> tuple[str, ...]:
    """The only names under which the page is served; any other one was made to point here by somebody else."""
    return f"127.0.0.1:{port}", f"localhost:{port}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows of where it comes from; a header that was not sent is None."""

    method: str
    host: str | None
    origin: str | None = None
    site: str | None = None
    """Sec-Fetch-Site, by which a browser says who made it ask."""
    navigation: bool = False
    """Somebody goes to a page of ours, by address or link."""
    content_type: str = ""
    csrf: str | None = None


@dataclass(frozen=True, slots=True)
class Turned:
    """Why a request is refused."""

    status: int
    reason: str


def turned_away(shown: Shown, port: int) -> Turned | None:
    """Why a request cannot have been made by our own page or by the opener; None if it can."""
    if shown.method not in ("GET", "POST"):
        return Turned(405, "Only GET and POST are known here.")
    if shown.host not in hosts(port):
        return Turned(403, "This address is not the one of the Gatelight page.")
    if shown.origin is not None and shown.origin != f"http://{shown.host}":
        return Turned(403, "Another site has no business here.")
    # "none": the user typed the address, or another program opened it.
    if shown.site not in (None, "same-origin", "none" if shown.navigation else "same-origin"):
        return Turned(403, "Another site has no business here.")
    return None


def may_not_change(shown: Shown, cookie: str) -> Turned | None:
    """Why a POST that has a session may still not change anything; None if it may."""
    if shown.content_type != "application/json":
        return Turned(415, "Only JSON is taken here.")
    if not hmac.compare_digest(_bytes(shown.csrf or ""), csrf_of(cookie).encode()):
        return Turned(403, "The request does not come from the Gatelight page: load the page again.")
    return None


def _digest(secret: str) -> str:
    return sha256(_bytes(secret)).hexdigest()


def _bytes(text: str) -> bytes:
    """A text that came from outside, whatever is in it."""
    return text.encode("utf-8", "surrogatepass")
