"""Who may use the page: a token opens it once, the opened page gets a key, and every request is signed with the key.

Every program and every user of this computer can reach a page on loopback, and so can every web site through the
browser. So:

- The page has no cookie. A browser sends the cookies of a host to all its ports, whichever program listens there.
- The opener hands over a token that works once. The page that it opens gets a key, which one tab alone holds: the
  browser keeps it by origin, and the port belongs to the origin.
- The page never sends its key. Requests and answers are signed with it. Another program that gets our old port learns
  nothing from the requests, and the page does not believe its answers.
- A key is valid while the server listens on one port without a gap. After a gap another user's program may have had
  the port, and may have left its own scripts in the browser for that address. So the next server takes another port
  and sends waiting pages there: see `agent.page.waiting`.
- Settings that start a program can be changed only from a page that was opened just now: `TabSession.fresh`.

Pure except for the secrets: no server, no clock.
"""

import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

TOKEN_SECONDS = 60.0
"""Seconds a token is valid. A browser that has to start first needs some seconds, never a minute."""
MOST_TOKENS = 16
"""Unused tokens that are valid at a time; a new one replaces the oldest."""
SESSION_SECONDS = 7 * 86400.0
"""Seconds without a request after which a page is forgotten."""
MOST_SESSIONS = 16
"""Pages that are known at a time; a new one replaces the one unused for longest."""
FRESH_SECONDS = 300.0
"""Seconds a page counts as opened just now."""
SECRET_BYTES = 32

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Server": "Gatelight",
}
"""On every answer, beside the policy of `agent.page.files`."""
PROOF_HEADER = "X-Gatelight-Proof"
"""In a request: the page's name, a nonce, the digest of the body and the signature, with dots in between. In an answer:
the signature of that nonce. A browser lets another site send a header of our own only if we allow it, and we do not."""


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
    """The name of the page; no secret."""
    key: str
    wait: str
    """A second key. The page holds it in memory only and loses it on a reload: see `agent.page.waiting`."""
    opened: float | None
    """Monotonic seconds; None for a page that an earlier server sent here, rather than the icon or a terminal."""
    used: float

    def fresh(self, now: float) -> bool:
        """Whether the icon or a terminal opened the page just now."""
        return self.opened is not None and now - self.opened < FRESH_SECONDS


@dataclass(frozen=True, slots=True)
class Proven:
    """A request that a known page has signed."""

    session: TabSession
    nonce: str
    body: str
    """The digest that the request's body must have."""

    @property
    def answer(self) -> str:
        """The proof for the answer, by which the page recognises the server."""
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
        """The known pages by name, each with its key for finding the server again after a restart."""
        return {session.page: session.wait for session in self._sessions.values()}

    def invite(self, view: str = "", seconds: float = TOKEN_SECONDS) -> str:
        """A new token: it opens the page once, at a view, within so many seconds; for the icon or a terminal."""
        token = secrets.token_urlsafe(SECRET_BYTES)
        self.expect(token, view, seconds, by_user=True)
        return token

    def expect(self, token: str, view: str = "", seconds: float = TOKEN_SECONDS, *, by_user: bool = False) -> None:
        """Let this token open the page once. `by_user`: the user opens the page, from the icon or a terminal."""
        name = digest(_bytes(token))
        self._tokens.pop(name, None)
        while len(self._tokens) >= MOST_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        self._tokens[name] = _Token(self.clock() + seconds, view, by_user)

    def enter(self, token: str) -> tuple[TabSession, str] | None:
        """A page and the view to show, in exchange for a token; None for a token that is wrong, used or too old."""
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
        """The known page that signed a request; None if none did. `path`: as it was sent, with its query."""
        page, nonce, body, signature = parts if len(parts := (proof or "").split(".")) == 4 else ("", "", "", "")
        session, now = self._sessions.get(page), self.clock()
        if session is None or now - session.used > SESSION_SECONDS:
            return None
        if not hmac.compare_digest(_bytes(signature), signed(session.key, "page", method, path, nonce, body).encode()):
            return None
        session.used = now
        return Proven(session, nonce, body)

    def note_use(self, session: TabSession) -> None:
        """A page that is known is in use now, though it asks for nothing."""
        session.used = self.clock()

    def forget(self) -> None:
        """Forget all tokens and pages: the server ends, and another program may answer on its port."""
        self._tokens.clear()
        self._sessions.clear()


_INVITATION = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}/enter\?token=[A-Za-z0-9_-]+")


def is_invitation(address: object) -> bool:
    """Whether this is an address that opens the page once, as `PageServer.url` makes them, and nothing else."""
    return isinstance(address, str) and _INVITATION.fullmatch(address) is not None


def hosts(port: int) -> tuple[str, ...]:
    """The only host names under which the page is served; another party made any other name that leads here."""
    return f"127.0.0.1:{port}", f"localhost:{port}"


@dataclass(frozen=True, slots=True)
class Shown:
    """Where a request comes from, by its headers; a header that was not sent is None."""

    method: str
    host: str | None
    origin: str | None = None
    site: str | None = None
    """Sec-Fetch-Site, in which a browser says which site caused the request."""
    navigation: bool = False
    """Whether the browser goes to a page of ours, by address or link."""
    entrance: bool = False
    """Whether the request goes to the address that takes tokens. A page on an earlier port sends its tab there."""


@dataclass(frozen=True, slots=True)
class Turned:
    """Why a request is refused."""

    status: int
    reason: str


def turned_away(shown: Shown, port: int) -> Turned | None:
    """Why a request cannot come from our own page or from the opener; None if it can."""
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
    """The bytes of a text from outside, which may hold any character, halves of surrogate pairs included."""
    return text.encode("utf-8", "surrogatepass")
