"""One API session of the simulated TWS: handshake, start, messages in order, and the faults of the wire."""

import asyncio
import contextlib
import socket
import struct
import sys
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from agent.simulator.account import NEXT_ORDER_ID
from agent.simulator.farms import INACTIVE_FARM
from agent.simulator.instruments import SimulatedInstrument
from agent.simulator.messages import SCHEMA, reply_frame
from agent.simulator.notices import said_unasked, simulated_text
from agent.simulator.spoiling import SPOILING, spoilt
from agent.simulator.state import CLIENT_PLACES, Situation
from agent.tws.codec import HELLO_PREFIX, fields_bytes, frame, parse_hello, split_frames
from agent.tws.farms import FarmKind
from agent.tws.limits import WARNINGS_BEFORE_DISCONNECT
from agent.tws.requests import ClientRequest, parse_request, split_message
from agent.tws.schema import Values, WireValue

ID_RELEASE_SECONDS = 0.5
"""Seconds a client ID stays taken after its session has closed: TWS frees it late."""

TIME_SECONDS = 1.0
"""Seconds after an answer in which a second request for the current time is ignored (ib_insync issue 604)."""

START_API = 71
"""The message ID of startApi."""

TURNED_AWAY_SECONDS = 1.0
"""Seconds a connection that was turned away may still send before it is closed."""

_RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""`struct linger`: on, zero seconds."""


class Host(Protocol):
    """The server of the sessions; each session reports to it when it comes and goes."""

    situation: Situation

    def arrived(self, session: "ClientSession") -> None:
        """A connection was accepted."""

    def left(self, session: "ClientSession") -> None:
        """A connection has ended."""


class ClientSession(asyncio.Protocol):
    """One accepted connection. Its messages are answered in order, and held back while a fault demands it."""

    def __init__(self, host: Host, answer: "Callable[[ClientSession, ClientRequest], None]") -> None:
        self.client_id: int | None = None
        self.server_version: int | None = None
        """The agreed version; None before the handshake."""
        self.received: Counter[int] = Counter()
        """Messages by text-era message ID."""
        self.market_data: dict[int, tuple[SimulatedInstrument, bool]] = {}
        """By request ID: the instrument, and whether its data are delayed."""
        self.quiet: dict[int, int] = {}
        """By request ID: the message ID of what was asked for, of data that the simulator has none of."""
        self.market_data_type = 1
        self.histories: set[int] = set()
        """Request IDs of histories that are kept up to date."""
        self.time_answered: float | None = None
        self._host = host
        self._situation = host.situation
        self._answer = answer
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._greeted = False
        self._inbox: deque[tuple[float, bytes]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self._mute = False
        self.without_place = False
        """Whether it was ignored because every client place was taken."""
        self._writable = True
        self._await_id = False
        self._sent_at: deque[float] = deque()
        self._violations = 0

    @property
    def started(self) -> bool:
        """Whether startApi was accepted."""
        return self.client_id is not None

    @property
    def wants_frozen(self) -> bool:
        """Whether the client asked for the last prices of a closed market: market data type 2 or 4."""
        return self.market_data_type in (2, 4)

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept the connection, or do what the faults demand instead."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        situation = self._situation
        self._host.arrived(self)
        if situation.has("accept-reset"):
            self.reset()
        elif situation.value("too-many-clients") == "ignore":
            self._mute = True
            self.without_place = True
        elif (
            situation.has("accept-close") or situation.has("too-many-clients") or situation.connections > CLIENT_PLACES
        ):
            self._turn_away()
        # A client that has already reset the connection has no address.
        elif not situation.admits(peer[0] if peer else ""):
            if situation.configuration.settings.allow_localhost_only:
                self._turn_away()
            else:
                # The question "Accept incoming connection attempt?" is on the screen and stays unanswered.
                self._mute = True

    def _turn_away(self) -> None:
        """End the connection without an answer. A plain close would reset it, because the hello is unread."""
        self._mute = True
        if self._transport is not None:
            with contextlib.suppress(OSError):
                self._transport.write_eof()
        self._timer = self._loop.call_later(TURNED_AWAY_SECONDS, self.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up: the socket is gone."""
        self._transport = None
        self._stop_timers()
        self.market_data.clear()
        self.quiet.clear()
        self._inbox.clear()
        self._host.left(self)

    def close(self) -> None:
        """Close the session after sending what is pending."""
        if self._transport is not None:
            self._transport.close()

    def abandon(self) -> None:
        """End the session without sending what is pending."""
        if self._transport is not None:
            self._transport.abort()

    def reset(self) -> None:
        """End the session with a TCP reset."""
        if self._transport is None:
            return
        handle = self._transport.get_extra_info("socket")
        if handle is not None:
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def pause_writing(self) -> None:
        """Skip ticks from now on: the client does not read."""
        self._writable = False

    def resume_writing(self) -> None:
        """Send ticks again: the client reads."""
        self._writable = True

    def _stop_timers(self) -> None:
        for timer in (self._timer, self._ticker):
            if timer is not None:
                timer.cancel()
        self._timer = self._ticker = None

    # What comes in

    def data_received(self, data: bytes) -> None:
        """Collect complete messages."""
        if self._mute:
            return
        self._buffer += data
        try:
            if not self._greeted:
                if len(self._buffer) < len(HELLO_PREFIX):
                    return
                if not self._buffer.startswith(HELLO_PREFIX):
                    raise ValueError("no TWS API client")
                del self._buffer[: len(HELLO_PREFIX)]
                self._greeted = True
            for payload in split_frames(self._buffer):
                self._count(payload)
                self._inbox.append((self._loop.time(), payload))
        except ValueError:
            self.close()
            return
        self.pump()

    def _count(self, payload: bytes) -> None:
        """Count a received message, even while a fault keeps it unanswered."""
        if self.server_version is None:
            return
        with contextlib.suppress(ValueError):
            number = split_message(payload, self.server_version).number
            self.received[number] += 1
            self._situation.received[number] += 1

    def _held(self) -> bool:
        """Whether a fault holds answers back."""
        situation = self._situation
        if situation.has("freeze"):
            return True
        if self.server_version is None:
            return situation.has("silent")
        return not self.started and situation.has("hello-hang")

    def pump(self) -> None:
        """Answer the received messages, as far as the faults allow."""
        if self._mute:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._inbox and self._transport is not None and not self._mute and not self._held():
            arrived, payload = self._inbox[0]
            due = arrived + float(self._situation.value("slow") or 0)
            if due > self._loop.time() + 0.001:
                self._timer = self._loop.call_at(due, self.pump)
                return
            self._inbox.popleft()
            self._take(payload)
            self._go_on_starting()
        self._go_on_starting()

    def _take(self, payload: bytes) -> None:
        """Answer one message."""
        if self.server_version is None:
            self._answer_hello(payload)
            return
        try:
            request = parse_request(payload, self.server_version, SCHEMA)
            if request.number == START_API:
                self._start(request)
            elif self.started and not self._over_the_limit():
                self._answer(self, request)
        except ValueError:
            self.notice(320)

    def _over_the_limit(self) -> bool:
        """Count the message against the rate. Beyond it: error 100 and, the third time, the end of the session."""
        limit = self._situation.messages_a_second
        if not limit:
            return False
        now = self._situation.clock()
        self._sent_at.append(now)
        while self._sent_at[0] <= now - 1:
            self._sent_at.popleft()
        if len(self._sent_at) <= limit:
            return False
        self._violations += 1
        self.notice(
            100, f"Max rate of messages per second has been exceeded:max={limit} rec={limit + 1} ({self._violations})"
        )
        if self._violations >= WARNINGS_BEFORE_DISCONNECT:
            self.close()
        return True

    # Handshake and start

    def _answer_hello(self, payload: bytes) -> None:
        """Agree on a server version, or spoil the handshake as the faults demand."""
        situation = self._situation
        try:
            hello = parse_hello(payload)
        except ValueError:
            self.close()
            return
        offered = int(float(situation.value("old-version") or situation.profile.server_version))
        self.server_version = min(offered, hello.highest)
        time_text = _time_text(situation.now())
        answer = frame(fields_bytes([str(self.server_version), time_text]))
        for fault in SPOILING:
            if situation.has(fault):
                self.spoil(fault, answer)
                return
        self.write(answer)

    def _start(self, request: ClientRequest) -> None:
        """Give the session its client ID, and send what every new session gets."""
        situation = self._situation
        client_id = request.number_of("client_id")
        if self.started:
            return
        if refusal := situation.value("start-refused"):
            self.notice(int(refusal))
            self.close()
            return
        reserved = situation.value("client-id-in-use")
        taken = situation.has("client-id-in-use") and (not reserved or int(float(reserved)) == client_id)
        if taken or client_id in situation.client_ids:
            self.notice(326)
            self.close()
            return
        self.client_id = client_id
        situation.client_ids[client_id] = self
        self.send("ManagedAccounts", {"accounts": ",".join(situation.profile.accounts)})
        self._await_id = True

    def _go_on_starting(self) -> None:
        """Complete a start that has begun: send nextValidId and the state of the link and the farms."""
        if not self._await_id or self._mute or self._held() or self._situation.has("no-next-valid-id"):
            return
        self._await_id = False
        self.send_next_id()
        if not self._situation.link_up:
            self.notice(2110)
            return
        for code, farm in self._situation.farm_notices():
            self.notice(code, simulated_text(code, farm))
        self.notice(2107, simulated_text(2107, INACTIVE_FARM))
        for fault, value in self._situation.active.items():
            for code, text in said_unasked(fault, value):
                self.notice(code, text)

    def send_next_id(self) -> None:
        """Send the next valid order ID."""
        self.send("NextValidId", {"order_id": NEXT_ORDER_ID})

    # What goes out

    def write(self, data: bytes) -> None:
        """Send these bytes."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def send(self, name: str, values: Values) -> None:
        """Send a message."""
        if self.server_version is not None and not self._mute:
            self.write(reply_frame(name, values, self.server_version))

    def notice(self, code: int, text: str | None = None, request_id: int = -1) -> None:
        """Send a notice, by default with its usual text."""
        values: dict[str, WireValue] = {
            "request_id": request_id,
            "code": code,
            "text": simulated_text(code, request_id) if text is None else text,
            "time": int(self._situation.now() * 1000),
        }
        self.send("ErrorMessage", values)

    def spoil(self, fault: str, instead_of: bytes = b"") -> None:
        """Send bytes that are no message, and nothing afterwards: the stream can no longer be read."""
        message = instead_of or reply_frame("CurrentTime", {"time": 0}, self.server_version or 0)
        self.write(spoilt(fault, message))
        self._mute = True
        self.market_data.clear()
        self.quiet.clear()

    # Market data

    def keep_ticking(self) -> None:
        """Send ticks from now on, as long as there is a subscription."""
        if self._ticker is None and self.market_data:
            self._ticker = self._loop.call_later(self._situation.profile.tick_seconds, self._tick)

    def _tick(self) -> None:
        """One round of ticks."""
        self._ticker = None
        if self._transport is None:
            return
        situation = self._situation
        quiet = situation.has("freeze") or situation.has("market-closed")
        if self._writable and situation.link_up and not quiet:
            for request_id in tuple(self.market_data):
                self.send_ticks(request_id)
        self.keep_ticking()

    def send_ticks(self, request_id: int) -> None:
        """Send the quote of one subscription, unless a broken farm or a competing session prevents it."""
        instrument, delayed = self.market_data[request_id]
        situation = self._situation
        if situation.has("competing-session") or instrument.farm in situation.broken_farms(FarmKind.MARKET_DATA):
            return
        bid, ask, last = instrument.quote(situation.now())
        types = ((66, bid), (67, ask), (68, last)) if delayed else ((1, bid), (2, ask), (4, last))
        kept = types[: 2 if instrument.sec_type == "CASH" else 3]
        if situation.has("market-closed") and not self.wants_frozen:
            kept = ((75 if delayed else 9, last),)
        for tick_type, price in kept:
            self.send(
                "TickPrice",
                {"request_id": request_id, "tick_type": tick_type, "price": price, "size": "100", "attributes": 1},
            )


def _time_text(now: float) -> str:
    """A time, given in epoch seconds, in the format of the handshake."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y%m%d %H:%M:%S UTC")
