"""Pairs of sockets with a relay between them."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from agent.relay.poller import Poller, SelectorPoller, best_poller
from agent.relay.pump import Relay
from tests.relaying import PATIENCE, relaying


@pytest.fixture(params=[best_poller, SelectorPoller])
def poller(request: pytest.FixtureRequest) -> Poller:
    """Each way to wait for sockets."""
    made: Poller = request.param()
    return made


@dataclass
class Ends:
    """A relay, and both ends of connections through it."""

    relay: Relay
    listening: socket.socket
    said: list[str] = field(default_factory=list)
    opened: list[socket.socket] = field(default_factory=list)

    def program(self) -> socket.socket:
        """A program that has connected to the relay."""
        made = socket.create_connection(("127.0.0.1", self.relay.port), PATIENCE)
        made.settimeout(PATIENCE)
        self.opened.append(made)
        return made

    def close(self) -> None:
        """Close every socket that was opened."""
        for one in self.opened:
            one.close()

    def pair(self) -> tuple[socket.socket, socket.socket]:
        """A program, and the other end of its connection in TWS."""
        near = self.program()
        far, _ = self.listening.accept()
        far.settimeout(PATIENCE)
        self.opened.append(far)
        return near, far


Between = Callable[..., Ends]


@pytest.fixture
def between(poller: Poller) -> Iterator[Between]:
    """Starts relays; keywords are of the order."""
    with contextlib.ExitStack() as stack:

        def start(**order: Any) -> Ends:
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listening.settimeout(PATIENCE)
            said: list[str] = []
            port = listening.getsockname()[1]
            relay = stack.enter_context(relaying(port, poller=poller, say=said.append, **order))
            ends = Ends(relay, listening, said)
            stack.callback(ends.close)
            return ends

        yield start
