"""What lets a page in: a token for the opener, a key for the page that comes of it, and what every request has to show.

A page on loopback can be reached by every program and every user of this computer, and by every web site through the
browser. So:

- A browser sends its cookies to every port of a host, to any program that listens there. So the page has no cookie.
- The opener hands over a token that works once. The page that it opens gets a key, which one tab alone holds: the
  browser keeps it by origin, and the port belongs to the origin.
- The key never leaves the page again. A request is signed with it, and so is the answer: what another program on a port
  that was ours can hear is worth nothing, and what it says is not believed.
- A key counts while the server listens on one port without a gap. Afterwards another user's program may have had the
  port, and may have left scripts of its own in the browser for that address. So the next server has another port, and
  a page that waited is sent there: see `agent.page.waiting`.
- What turns the page into a program that runs needs a page that was opened just now: `Session.fresh`.

Pure but for the secrets: no server, no clock.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

TOKEN_SECONDS = 60.0
"""A browser that has to be started first needs some seconds, never a minute."""
MOST_TOKENS = 16
"""Unused tokens that count at a time; the oldest gives way."""
SESSION_SECONDS = 7 * 86400.0
"""A page that has asked for nothing for so long is not known any more."""
MOST_SESSIONS = 16
"""Pages that are known at a time; the one unused for longest gives way."""
FRESH_SECONDS = 300.0
"""How long a page counts as opened just now."""
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
PROOF_HEADER = "X-Gatelight-Proof"
"""In a request: the page's name, a nonce, the digest of the body and the signature, with dots in between. In an answer:
the signature of that nonce. Another site cannot send a header of our own without being asked for it first."""


def signed(key: str, *parts: str) -> str:
    """The parts, signed with a key: HMAC-SHA-256 over their lines, as hexadecimal digits."""
    return hmac.new(_bytes(key), _bytes("\n".join(parts)), sha256).hexdigest()


def digest(body: bytes) -> str:
    """The digest of a body, as a request names it."""
    return sha256(body).hexdigest()


@dataclass(slots=True)
class TabSession:
    """One page that was opened, in one tab of a browser."""

    page: str
    """Names it; no secret."""
    key: str
    wait: str
    """Its other key, which the page holds in memory alone, not even across a reload: see `agent.page.waiting`."""
    opened: float | None
    """Monotonic seconds; None for a page that was not opened by icon or terminal, but sent here by a server before."""
    used: float

    def fresh(self, now: float) -> bool:
        """Whether it was opened just now, from icon or terminal."""
        return self.opened is not None and now - self.opened < FRESH_SECONDS


@dataclass(frozen=True, slots=True)
class Proven:
    """A request that a known page has signed."""

    session: TabSession
    nonce: str
    body: str
    """The digest that its body must have."""

    @property
    def answer(self) -> str:
        """What the answer has to carry, by which the page knows the server."""
        return signed(self.session.key, "agent", self.nonce)


@dataclass(frozen=True, slots=True)
class _Token:
    until: float
    view: str
    by_user: bool


@dataclass(slots=True)
class Keyring:
    """Tokens and keys. Times are monotonic seconds of `clock`."""

    clock: Callable[[], float]
    _tokens: dict[str, _Token] = field(default_factory=dict)
    _sessions: dict[str, TabSession] = field(default_factory=dict)

    @property
    def waiting(self) -> dict[str, str]:
        """The pages that are known, each with the key by which it is found again after a restart."""
        return {session.page: session.wait for session in self._sessions.values()}

    def invite(self, view: str = "", seconds: float = TOKEN_SECONDS) -> str:
        """A token by which icon or terminal opens the page once, within so many seconds, at a view."""
        token = secrets.token_urlsafe(SECRET_BYTES)
        self.expect(token, view, seconds, by_user=True)
        return token

    def expect(self, token: str, view: str = "", seconds: float = TOKEN_SECONDS, *, by_user: bool = False) -> None:
        """Let this very token open the page once. `by_user`: the user has opened it, by icon or terminal."""
        name = digest(_bytes(token))
        self._tokens.pop(name, None)
        while len(self._tokens) >= MOST_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        self._tokens[name] = _Token(self.clock() + seconds, view, by_user)

    def enter(self, token: str) -> tuple[TabSession, str] | None:
        """A page in exchange for a token, with the view to show; None for one that is wrong, used or too old."""
        known, now = self._tokens.pop(digest(_bytes(token)), None), self.clock()
        if known is None or now >= known.until:
            return None
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[min(self._sessions, key=lambda page: self._sessions[page].used)]
        page, key, wait = secrets.token_hex(8), secrets.token_hex(SECRET_BYTES), secrets.token_hex(SECRET_BYTES)
        session = TabSession(page, key, wait, now if known.by_user else None, now)
        self._sessions[page] = session
        return session, known.view

    def proven(self, proof: str | None, method: str, path: str) -> Proven | None:
        """The page that has signed a request; None where no known one has. `path`: as it was sent, with its query."""
        page, nonce, body, signature = parts if len(parts := (proof or "").split(".")) == 4 else ("", "", "", "")
        session, now = self._sessions.get(page), self.clock()
        if session is None or now - session.used > SESSION_SECONDS:
            return None
        if not hmac.compare_digest(_bytes(signature), signed(session.key, "page", method, path, nonce, body).encode()):
            return None
        session.used = now
        return Proven(session, nonce, body)

    def forget(self) -> None:
        """The server ends: from now on another program may be heard where it was."""
        self._tokens.clear()
        self._sessions.clear()


def hosts(port: int) -> tuple[str, ...]:
    """The only names under which the page is served; any other name that leads here was made by another party."""
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
    """The browser goes to a page of ours, by address or link."""
    entrance: bool = False
    """It is the address that a token belongs to, to which a page on a port of ours before sends its tab."""


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
    welcome: tuple[str | None, ...] = (None, "same-origin")
    if shown.navigation:
        # The user typed the address, or another program opened it.
        welcome += ("none",)
        if shown.entrance:
            # Another port of this host: the token decides.
            welcome += ("same-site",)
    if shown.site not in welcome:
        return Turned(403, "Another site has no business here.")
    return None


def _bytes(text: str) -> bytes:
    """A text that came from outside, whatever is in it."""
    return text.encode("utf-8", "surrogatepass")
