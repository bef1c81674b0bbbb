"""The relay: takes programs' connections, opens one to TWS for each, and keeps the bytes of all of them moving."""

import os
import queue
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeAlias

from agent.core.relay_facts import RelayOrder as RelayOrder
from agent.errors import RelayError
from agent.platforms.files import reason_of
from agent.relay.link import BUFFER, RelayedConnection, Side
from agent.relay.listening import Admission, open_listeners, tuned
from agent.relay.loops import loop_through
from agent.relay.meter import Meter
from agent.relay.poller import READ, Poller, best_poller
from agent.tws.hosts import is_loopback

MOST_RELAYED = 128
"""Connections at a time. TWS takes 32 clients; further ones only find that out."""
_SUSPECTED = 40
"""Connections from which on it is looked whether they are one that goes round and round: TWS takes no more than 32."""
_LOOP_HOLDS = 60.0
"""Seconds between two such looks, and for which a loop is believed to be one still."""
_MOST_SAID = 200
"""Different sentences that are remembered, so that none is said twice."""
_REST = 1.0
"""Seconds: the longest wait of the loop, and how long nothing is taken after the system had no socket left."""
_FILES = 1024
"""Files that a process may need at most: two sockets for each connection, and some more."""
_TARGET = "target"
"""What is said about TWS that does not answer is said again once it has answered in between."""


Resolved: TypeAlias = tuple[int, tuple[Any, ...]]
"""Family and address of where a relay leads to."""


class Relay:
    """One relay. `open` it, `run` it until `stop`; everything happens in the thread that runs it."""

    def __init__(
        self, order: RelayOrder, say: Callable[[str], None], poller: Poller | None = None, meter: Meter | None = None
    ) -> None:
        """`say` gets each sentence for the user once. Without a `meter` nothing is counted."""
        self._order = order
        self._say = say
        self._meter = meter
        self._said: dict[str, None] = {}
        self._admission = Admission(order.allow)
        self._poller = poller or best_poller()
        self._listening: dict[int, socket.socket] = {}
        self._links: dict[int, tuple[RelayedConnection, Side]] = {}
        self._outgoing: dict[tuple[Any, ...], RelayedConnection] = {}
        """Each connection, by both ends of its way to TWS."""
        self._stopping = False
        self.was_told_to_stop = False
        """An order ended it."""
        self.cut = 0
        """How many connections that order has cut."""
        self._resting_until = 0.0
        self._orders: queue.SimpleQueue[tuple[RelayOrder, Resolved]] = queue.SimpleQueue()
        self._loops: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        """What came of a look for a loop: the program through which it goes."""
        self._loop, self._suspected_at = "", float("-inf")
        self._bell, self._rope = socket.socketpair()
        self._target: Resolved | None = None
        self.port = 0
        """The port on which it listens, once it is open."""

    @property
    def connections(self) -> int:
        """Connections that are relayed now."""
        return len(self._outgoing)

    def open(self) -> None:
        """Listen. Raises RelayError: the port is taken, the target unknown, or the relay itself."""
        order = self._order
        try:
            self._target = resolved(order)
            self._listen(beyond=bool(order.allow))
        except BaseException:
            self.close()
            raise
        self._rope.setblocking(False)
        self._bell.setblocking(False)
        self._poller.want(self._bell, READ)
        _allow_files()
        if self._meter is not None:
            self._meter.describe(order)
            self._meter.open(self.port)

    def stop(self) -> None:
        """End `run` soon; may be called from anywhere, also from a signal handler."""
        self._stopping = True
        with suppress(OSError):
            self._rope.send(b"x")

    def obey(self, order: RelayOrder) -> None:
        """Do another thing from now on, without cutting a connection that stands; from any thread.

        Raises RelayError where the computer that the order names is unknown: then everything stays as it was.
        """
        self._orders.put((order, resolved(order)))
        with suppress(OSError):
            self._rope.send(b"x")

    def run(self) -> None:
        """Relay until stopped, and close everything."""
        buffer = memoryview(bytearray(BUFFER))
        wait, links, bell, clock = self._poller.wait, self._links, self._bell.fileno(), time.monotonic
        tick = self._meter.tick if self._meter is not None else None
        new: list[int] = []
        rung = True
        try:
            # For each message: what is seldom is asked for only where something has said so.
            while not self._stopping:
                for number, events in wait(_REST):
                    found = links.get(number)
                    if found is not None:
                        link, side = found
                        if events == READ and side.wanted == READ:
                            # The usual case by far.
                            link.carry(side, buffer)
                        elif link.connecting:
                            self._settle(link, side)
                        else:
                            link.ready(side, events, buffer)
                    elif number in self._listening:
                        new.append(number)
                    elif number == bell:
                        self._bell.recv(BUFFER)
                        rung = True
                if new:
                    # New sockets come last: they may get the numbers of sockets that were closed above.
                    for number in new:
                        self._accept(self._listening[number])
                    new.clear()
                if rung:
                    rung = False
                    self._heed()
                if not links and self._order.drain:
                    return
                now = clock()
                if self._resting_until and now >= self._resting_until:
                    self._rest_until(0)
                if tick is not None:
                    tick(now)
        finally:
            self.close()

    def _heed(self) -> None:
        """Do what another thread has asked for."""
        while not self._orders.empty():
            self._change(*self._orders.get())
        while not self._loops.empty():
            self._know_loop(self._loops.get())

    def close(self) -> None:
        """End every connection, and listen no more."""
        for link in tuple(self._outgoing.values()):
            link.close()
        self._listen_no_more()
        for one in (self._bell, self._rope):
            self._poller.forget(one)
            one.close()
        self._poller.close()

    def _change(self, order: RelayOrder, target: Resolved) -> None:
        """Do what an order says. The port stays: on another one another relay is started."""
        before, self._order, self._target = self._order, order, target
        if order.stop:
            self._stopping = self.was_told_to_stop = True
            self.cut = self.connections
            return
        if order.drain:
            self._listen_no_more()
        elif bool(order.allow) != bool(before.allow):
            self._listen_no_more()
            try:
                self._listen(beyond=bool(order.allow))
            except RelayError as fault:
                # On the addresses that it had before, it can listen again.
                self._tell(str(fault))
                self._order = replace(order, allow=before.allow)
                self._listen(beyond=bool(before.allow))
        self._admission = Admission(self._order.allow)
        if self._meter is not None:
            self._meter.describe(self._order)

    def _listen(self, *, beyond: bool) -> None:
        for one in open_listeners(self._order.name, self.port or self._order.listen, beyond=beyond):
            self._listening[one.fileno()] = one
            self._poller.want(one, READ)
            self.port = one.getsockname()[1]

    def _listen_no_more(self) -> None:
        for one in self._listening.values():
            self._poller.forget(one)
            one.close()
        self._listening.clear()

    # ── a new connection ────────────────────────────────────────────────────────────────────────

    def _accept(self, listening: socket.socket) -> None:
        try:
            near, peer = listening.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError as fault:
            self._tell(f"Relay “{self._order.name}” cannot take a connection now ({reason_of(fault)}).")
            self._rest_until(time.monotonic() + _REST)
            return
        refusal = self._refusal(near, peer)
        try:
            if refusal is None:
                self._begin(near)
        except OSError as fault:
            refusal = self._no_answer(fault.errno or 0)
        if refusal is not None:
            self._tell(refusal)
            near.close()

    def _refusal(self, near: socket.socket, peer: tuple[Any, ...]) -> str | None:
        """Why a connection is not taken, as a sentence; None: it is."""
        name = self._order.name
        if not self._admission.lets_in(peer[0], near.getsockname()[0]):
            return (
                f"Relay “{name}” refused a connection from {peer[0]}: if that computer should use TWS, "
                "add its address to `allow`."
            )
        # Both ends count: the system may give one port to connections that lead to different places.
        if (peer[:2], near.getsockname()[:2]) in self._outgoing:
            return f"Relay “{name}” leads to itself: write into `to` where TWS or IB Gateway listens."
        now = time.monotonic()
        if self._loop and now - self._suspected_at < _LOOP_HOLDS:
            return self._loop
        if self.connections >= _SUSPECTED and now - self._suspected_at >= _LOOP_HOLDS:
            self._suspect_loop(now)
        if self.connections >= MOST_RELAYED:
            return (
                f"Relay “{name}” has {MOST_RELAYED} connections and takes no more, since TWS takes 32 clients: "
                "close programs that do not need theirs."
            )
        return None

    def _suspect_loop(self, now: float) -> None:
        """Look whether the connections go round; none is taken until that is known, or the loop would be over."""
        self._loop, self._suspected_at = "", now
        self._rest_until(now + _LOOP_HOLDS)
        assert self._target is not None
        port = self._target[1][1]

        def look() -> None:
            found = None
            with suppress(Exception):
                found = loop_through(os.getpid(), port)
            self._loops.put(found)
            with suppress(OSError):
                self._rope.send(b"x")

        threading.Thread(target=look, name="loop", daemon=True).start()

    def _know_loop(self, program: str | None) -> None:
        if program is not None:
            self._loop = (
                f"Relay “{self._order.name}” leads back to itself, through {program} at {self._order.target}: "
                "write into `to` where TWS or IB Gateway listens."
            )
        self._rest_until(0)

    def _begin(self, near: socket.socket) -> None:
        """Connect to TWS for a program; raises OSError where the system refuses at once."""
        assert self._target is not None
        family, address = self._target
        far = tuned(socket.socket(family, socket.SOCK_STREAM))
        try:
            with suppress(BlockingIOError):
                far.connect(address)
            ends = far.getsockname()[:2], address[:2]
        except BaseException:
            far.close()
            raise
        link = RelayedConnection(tuned(near), far, self._poller, self._over)
        self._outgoing[ends] = link
        self._links[near.fileno()] = link, link.near
        self._links[far.fileno()] = link, link.far
        try:
            link.begin()
        except BaseException:
            link.close(reset=True)
            raise

    def _settle(self, link: RelayedConnection, side: Side) -> None:
        """The connection to TWS stands or has failed, or the program has gone before that."""
        fault = link.settle() if side is link.far else 0
        if fault:
            self._tell(self._no_answer(fault), about=_TARGET)
            # The name may mean another address by now.
            threading.Thread(target=self._resolve_again, daemon=True).start()
        if link.connecting:
            link.close(reset=True)
        else:
            if self._meter is not None:
                self._meter.begin(link, _spelled(link.near.wire))
                self._meter.reached(here=_leads_here(link.far.wire))
            self._said.pop(_TARGET, None)

    def _resolve_again(self) -> None:
        with suppress(RelayError):
            self._target = resolved(self._order)

    def _over(self, link: RelayedConnection) -> None:
        """Forget a connection, whose sockets are closed after this."""
        if self._meter is not None:
            self._meter.end(link)
        for side in (link.near, link.far):
            del self._links[side.wire.fileno()]
        self._outgoing = {end: one for end, one in self._outgoing.items() if one is not link}

    def _rest_until(self, then: float) -> None:
        """Take no connection until then (monotonic seconds); 0: take them again."""
        self._resting_until = then
        for one in self._listening.values():
            self._poller.want(one, 0 if then else READ)

    # ── what is said ────────────────────────────────────────────────────────────────────────────

    def _no_answer(self, fault: int) -> str:
        return (
            f"{self._order.target} does not take the connection ({_words(fault)}): start TWS or IB Gateway there, "
            f"or correct `to` of relay “{self._order.name}”."
        )

    def _tell(self, text: str, about: str = "") -> None:
        """Say a sentence, unless it, or another one about the same, was said before."""
        if (about or text) not in self._said and len(self._said) < _MOST_SAID:
            self._said[about or text] = None
            self._say(text)
            if self._meter is not None:
                self._meter.note_said(text)


def _words(fault: int) -> str:
    """The system's words for an error of a socket; Windows has those in a table of its own."""
    table: dict[int, str] = getattr(socket, "errorTab", {})
    return table.get(fault) or os.strerror(fault)


def _spelled(wire: socket.socket) -> str:
    """Address and port of the other end; empty where it has gone."""
    try:
        address, port = wire.getpeername()[:2]
    except OSError:
        return ""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _leads_here(wire: socket.socket) -> bool:
    """Whether the other end is on this computer: its own addresses are reached from these themselves, or loopback."""
    try:
        ours, theirs = wire.getsockname()[0], wire.getpeername()[0]
    except OSError:
        return False
    return bool(ours == theirs) or is_loopback(theirs)


def resolved(order: RelayOrder) -> Resolved:
    """Where an order leads to; RelayError where its name is unknown."""
    try:
        found = socket.getaddrinfo(order.host, order.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as fault:
        raise RelayError(
            f"Relay “{order.name}” cannot find the computer “{order.host}” ({reason_of(fault)}): correct `to`."
        ) from None
    family, _, _, _, address = found[0]
    return family, address


def _allow_files() -> None:
    """Let this process have two sockets for each connection; some systems allow 256 files without being asked."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _FILES <= hard or (soft < _FILES and hard == resource.RLIM_INFINITY):
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, hard))
