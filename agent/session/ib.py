"""One API session over ib_async: opens it, turns its messages into events, and closes it. Decides nothing.

Only startApi and reqCurrentTime are sent. ib_async's `IB` is not used: it asks for positions on connecting, and for
account summaries after notice 1102. Its `Client` raises the same TimeoutError for a silent, a closing and a refusing
application, so the first bytes, the notices and the end of the socket are watched here.
Tried with ib_async 2.1 against the simulator.
"""

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import Callable
from typing import Any

from agent.core.effects import OpenSession
from agent.core.events import (
    Event,
    HeartbeatAnswered,
    MessagesCame,
    NoticeArrived,
    SessionFailed,
    SessionLost,
    SessionReady,
)
from agent.core.session_facts import Outcome, Way
from agent.core.state_machine.session import BUSY_RATE, of_accounts
from agent.session.client import CountingClient
from agent.session.first_bytes import LONGEST_HELLO_ANSWER, hello_version, is_foreign, printable_start
from agent.session.inflow import ACCOUNTS, LARGEST_NUMBER, LATEST_TIME, LONGEST_ACCOUNTS, LONGEST_KEPT, Inflow
from agent.session.lateness import STEP, Lateness
from agent.session.ways import end_with_path, looked_up, ways
from agent.tws.outside import LONGEST_NAME, clean
from agent.tws.wire import unescaped

logger = logging.getLogger(__name__)

KEPT_FIRST_BYTES = 64
"""Bytes of the first answer that are kept to recognise it."""
_ID_IN_USE = 326
LAST_WORDS = 0.05
"""Seconds between the end of a socket and the verdict: a notice 326 may be read in between."""
LONGEST_NOTICE = 2000
"""Characters of a notice's text that are kept."""
ABORT_AFTER = 1.0
"""Seconds in which a closed socket may flush; without a limit, a peer that never reads would keep it open."""


class SessionListener:
    """The callbacks of ib_async's client, which finds them by name."""

    MESSAGES: frozenset[bytes] | None = frozenset({b"4", b"9", ACCOUNTS, b"49"})
    """IDs of the messages that are decoded: notices, nextValidId, accounts, the time. None: all that ib_async knows."""

    def __init__(self, session: "IbSession") -> None:
        self._session = session

    def connectAck(self) -> None:
        """The hello was answered and startApi sent."""
        self._session.hello_answered()

    def managedAccounts(self, accounts: str) -> None:
        """The accounts of the log-in, comma separated."""
        told = (clean(account, LONGEST_NAME) for account in accounts.split(","))
        self._session.accounts_came(tuple(account for account in told if account))

    def currentTime(self, seconds: int) -> None:
        """Answer to a heartbeat."""
        self._session.time_came(seconds)

    def error(self, request_id: int, code: int, text: str, _reject: str = "") -> None:
        """A notice."""
        self._session.notice_came(request_id, code, text)

    def setEventsDone(self) -> None:
        """Part of ib_async's interface; not used."""

    def connectionClosed(self) -> None:
        """Part of ib_async's interface; not used, because the end of the socket is watched directly."""


class IbSession:
    """An attempt, and the session that may follow. Everything happens on the loop's thread."""

    MOST_WAITING = 64
    """Events that may wait to be taken in; beyond that, nothing more is decoded."""

    def __init__(
        self,
        wish: OpenSession,
        emit: Callable[[Event], None],
        clock: Callable[[], float],
        *,
        listener: "type[SessionListener]" = SessionListener,
        sent: Callable[[], None] = lambda: None,
    ) -> None:
        """`emit` gets the session's events, `clock` gives monotonic seconds, `sent` is called for each message sent."""
        self._wish = wish
        self._take = emit
        self._clock = clock
        self._began = clock()
        self._client: Any = CountingClient(listener(self), sent)
        self._messages = listener.MESSAGES
        self._inflow = Inflow(clock, self._client.read, self._longest, self._is_full, self._went_astray, self._counted)
        self._client.inflow = self._inflow
        self._waiting = 0
        """Events that wait to be taken in."""
        self._lateness = Lateness(clock, wish.reply_timeout)
        self._first_bytes = b""
        self._news = asyncio.Event()
        self._ended = False
        self._end_reason = ""
        self._id_in_use = False
        self._ready = False
        self._closing = False
        self._hello = False
        self.accounts: tuple[str, ...] = ()
        self._accounts_more = 0
        self._task: asyncio.Task[None] | None = None
        self._lookup: asyncio.Future[Any] | None = None

    def open(self) -> None:
        """Start the attempt; it ends with SessionReady or SessionFailed."""
        self._client.conn.hasData += self._on_bytes
        self._client.conn.disconnected += self._on_disconnected
        self._client.apiError += self._on_api_error
        self._task = asyncio.get_running_loop().create_task(self._attempt(), name=f"session-{self._wish.number}")

    async def close(self) -> None:
        """End the attempt or the session, without an event."""
        self._closing = True
        if self._task is not None and not self._task.done():
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._drop()

    def heartbeat(self) -> None:
        """Ask for the application's time; the answer comes as HeartbeatAnswered."""
        if self._ready and self._inflow.half_since is not None:
            # Two turns of the loop later: they read the rest of the message if it has arrived.
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._give_up_half)
        with contextlib.suppress(ConnectionError):
            self._client.reqCurrentTime()
            self._lateness.begin()

    def taken(self, cost: float) -> None:
        """One of its events was taken in, for `cost` seconds of processor time; the session may read on."""
        full = self._is_full()
        self._waiting = max(0, self._waiting - 1)
        self._inflow.charge(cost)
        if full and not self._is_full():
            self._inflow.go_on()

    # ── the attempt ─────────────────────────────────────────────────────────────────────────────

    async def _attempt(self) -> None:
        wish = self._wish
        if not is_address(wish.host):
            # A look-up of our own: that of the attempt does not tell whether it has ended.
            self._lookup = asyncio.ensure_future(asyncio.get_running_loop().getaddrinfo(wish.host, wish.port))
        connecting: asyncio.Future[object] = asyncio.ensure_future(
            self._client.connectAsync(wish.host, wish.port, wish.client_id, timeout=0)
        )
        try:
            outcome, detail = await self._verdict(connecting)
            if self._lookup is not None and outcome is not Outcome.UNRESOLVABLE:
                # The connection has looked the name up for itself, and may have been told first.
                await asyncio.wait({self._lookup}, timeout=STEP)
        except asyncio.CancelledError:
            self._drop()
            raise
        finally:
            for waiting in (connecting, self._lookup):
                if waiting is not None:
                    waiting.cancel()
                    with contextlib.suppress(asyncio.CancelledError, Exception):
                        await waiting
        elapsed = self._clock() - self._began
        version = hello_version(self._first_bytes)
        if outcome is not Outcome.READY:
            self._drop()
            self._emit(SessionFailed(wish.number, outcome, elapsed, detail, version, bool(self.accounts), self._ways()))
            return
        end_with_path(self._client.conn.transport, wish.host)
        self._emit(SessionReady(wish.number, version or 0, self.accounts, elapsed, self._accounts_more, self._ways()))
        self._ready = True
        if self._ended:
            # The session ended in the moment in which it became ready.
            self._lost()

    def _ways(self) -> tuple[Way, ...]:
        return ways(looked_up(self._wish.host, self._wish.port, self._lookup), self._client.ends)

    async def _verdict(self, connecting: "asyncio.Future[object]") -> tuple[Outcome, str]:
        # Only time in which this program could listen counts: of a late step no more than its own length.
        left = self._wish.reply_timeout
        extended = False
        while True:
            news: asyncio.Future[object] = asyncio.ensure_future(self._news.wait())
            try:
                before, step = self._clock(), min(max(0.0, left), STEP)
                done, _ = await asyncio.wait({connecting, news}, timeout=step, return_when=asyncio.FIRST_COMPLETED)
                left -= min(self._clock() - before, STEP)
            finally:
                news.cancel()
            self._news.clear()
            if connecting in done:
                return self._of_connect(connecting)
            if is_foreign(self._first_bytes):
                return Outcome.NOT_TWS, f"answered with {printable_start(self._first_bytes)}"
            if self._ended:
                return await self._of_end(connecting)
            if self._hello and not extended:
                extended = True
                left = self._wish.ready_timeout
            elif left <= 0:
                return self._of_silence()

    def _of_connect(self, connecting: "asyncio.Future[object]") -> tuple[Outcome, str]:
        fault = connecting.exception()
        match fault:
            case None:
                return Outcome.READY, ""
            case ConnectionRefusedError():
                return Outcome.REFUSED, "connection refused"
            case socket.gaierror() | UnicodeError():
                return Outcome.UNRESOLVABLE, "the host name is unknown"
            case ConnectionError():
                return Outcome.CLOSED, "connection reset"
            case OSError():
                return Outcome.UNREACHABLE, f"no route or no answer ({fault.strerror or type(fault).__name__})"
            case _:
                return Outcome.SILENT, type(fault).__name__

    async def _of_end(self, connecting: "asyncio.Future[object]") -> tuple[Outcome, str]:
        after = f"{(self._clock() - self._began) * 1000:.0f} ms"
        await asyncio.sleep(LAST_WORDS)
        if connecting.done() and connecting.exception() is None:
            # The session was ready before it ended; the news of the end only came first.
            return Outcome.READY, ""
        if self._id_in_use:
            return Outcome.ID_IN_USE, f"client ID {self._wish.client_id} is in use (notice 326)"
        if "must be >=" in self._end_reason:
            return Outcome.OUTDATED, f"server version {hello_version(self._first_bytes)}"
        if self._hello:
            return Outcome.NOT_READY, f"the handshake was answered, then the connection closed after {after}"
        return Outcome.CLOSED, f"accepted, then closed after {after} without an answer"

    def _of_silence(self) -> tuple[Outcome, str]:
        waited = f"{self._clock() - self._began:.0f} s"
        if self._id_in_use:
            return Outcome.ID_IN_USE, f"client ID {self._wish.client_id} is in use (notice 326)"
        if self._hello:
            return Outcome.NOT_READY, f"the handshake was answered, and no session began within {waited}"
        if self._lookup is not None and not self._lookup.done():
            return Outcome.UNRESOLVABLE, f"the host name was looked up for {waited} without an answer"
        if not self._client.conn.isConnected():
            return Outcome.UNREACHABLE, f"no answer to the connection attempt for {waited}"
        return Outcome.SILENT, f"accepted, then no answer for {waited}"

    def _emit(self, event: Event) -> None:
        if not self._closing:
            self._take(event)

    def _lost(self) -> None:
        self._ready = False
        self._emit(SessionLost(self._wish.number, self._end_reason or "the application closed the connection"))

    def _drop(self) -> None:
        client = self._client
        client.conn.hasData -= self._on_bytes
        client.conn.disconnected -= self._on_disconnected
        client.apiError -= self._on_api_error
        self._inflow.close()
        self._lateness.end()
        transport = client.conn.transport
        with contextlib.suppress(OSError, RuntimeError):
            client.disconnect()
        if transport is not None:
            asyncio.get_running_loop().call_later(ABORT_AFTER, transport.abort)

    # ── what ib_async says ──────────────────────────────────────────────────────────────────────

    def hello_answered(self) -> None:
        """The application has sent its server version."""
        self._hello = True
        self._news.set()

    def time_came(self, seconds: int) -> None:
        """The answer to reqCurrentTime; an impossible time is no answer."""
        if 0 <= seconds <= LATEST_TIME:
            self._waiting += 1
            self._emit(HeartbeatAnswered(self._wish.number, seconds, self._lateness.end()))

    def accounts_came(self, accounts: tuple[str, ...]) -> None:
        """The application has named the accounts of the log-in."""
        self.accounts, self._accounts_more = of_accounts(accounts)
        # ib_async has a list of its own, which has to be as short.
        self._client._accounts = list(self.accounts)

    def notice_came(self, request_id: int, code: int, text: str) -> None:
        """The application has sent a notice; numbers beyond the API's 32 bits become -1."""
        request_id, code = (n if abs(n) < LARGEST_NUMBER else -1 for n in (request_id, code))
        if code == _ID_IN_USE:
            self._id_in_use = True
            self._news.set()
        self._waiting += 1
        self._emit(
            NoticeArrived(self._wish.number, code, unescaped(text[: 6 * LONGEST_NOTICE])[:LONGEST_NOTICE], request_id)
        )

    def _on_bytes(self, arrived: bytes) -> None:
        if len(self._first_bytes) < KEPT_FIRST_BYTES:
            self._first_bytes += arrived[: KEPT_FIRST_BYTES - len(self._first_bytes)]
            self._news.set()

    def _give_up_half(self) -> None:
        since = self._inflow.half_since
        waited = self._clock() - since if since is not None and self._ready else 0.0
        if waited >= self._wish.reply_timeout:
            self._lose(f"half a message, then nothing for {waited:.0f} s")

    def _went_astray(self) -> None:
        if self._ready:
            self._lose("the application sent something that is not the API")

    def _longest(self, message_id: bytes) -> int:
        """The length in bytes up to which a message with this ID is decoded; 0: never."""
        if not self._hello:
            return LONGEST_HELLO_ANSWER
        if message_id == ACCOUNTS:
            return 0 if self._ready else LONGEST_ACCOUNTS
        if self._messages is None:
            return LONGEST_ACCOUNTS if message_id.isdigit() and int(message_id) in self._client.decoder.handlers else 0
        return LONGEST_KEPT if message_id in self._messages else 0

    def _is_full(self) -> bool:
        return self._waiting >= self.MOST_WAITING

    def _counted(self, rate: float, held: bool) -> None:
        if self._ready and (held or rate >= BUSY_RATE):
            self._waiting += 1
            self._emit(MessagesCame(self._wish.number, rate, held))

    def _lose(self, reason: str) -> None:
        """Give up a session whose stream cannot be read any more; it would stay silent."""
        self._end_reason = reason
        self._lost()
        self._drop()

    def _on_api_error(self, message: str) -> None:
        self._end_reason = message
        if "must be >=" in message:
            self._ended = True
            self._news.set()

    def _on_disconnected(self, message: str) -> None:
        self._end_reason = self._end_reason or message
        self._ended = True
        self._news.set()
        if self._ready:
            self._lost()


def is_address(host: str) -> bool:
    """Whether a host is an IP address, which needs no look-up."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
