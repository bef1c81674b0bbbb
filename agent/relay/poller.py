"""Waits for sockets: epoll itself where there is one, which costs least and tells a reset of a socket that rests."""

import select
import selectors
import socket
from typing import Protocol

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE
CUT = 4
"""The connection has been reset, or both of its directions have ended; told even where nothing is wanted."""


class Poller(Protocol):
    """What is wanted of each socket, by its descriptor."""

    def want(self, wanted: socket.socket, events: int) -> None:
        """From now on tell these events of a socket; 0: only that it is broken, where the system tells that."""

    def forget(self, gone: socket.socket) -> None:
        """Tell nothing more of a socket; must come before it is closed. Does nothing for one that is not known."""

    def wait(self, seconds: float) -> list[tuple[int, int]]:
        """Descriptors and their events, after so many seconds at the latest."""

    def close(self) -> None:
        """Give everything back to the system."""


class EpollPoller:
    """Linux. See `Poller`."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._known: set[int] = set()

    def want(self, wanted: socket.socket, events: int) -> None:
        """See `Poller`."""
        number = wanted.fileno()
        mask = (select.EPOLLIN if events & READ else 0) | (select.EPOLLOUT if events & WRITE else 0)
        if number in self._known:
            self._epoll.modify(number, mask)
        else:
            self._epoll.register(number, mask)
            self._known.add(number)

    def forget(self, gone: socket.socket) -> None:
        """See `Poller`."""
        if gone.fileno() in self._known:
            self._known.discard(gone.fileno())
            self._epoll.unregister(gone.fileno())

    def wait(self, seconds: float) -> list[tuple[int, int]]:
        """See `Poller`."""
        found = self._epoll.poll(seconds)
        if len(found) == 1 and found[0][1] == _EPOLL_READ:
            return found
        return [(number, _events(mask)) for number, mask in found]

    def close(self) -> None:
        """See `Poller`."""
        self._epoll.close()


_EPOLL_READ = 1
"""EPOLLIN, which has the value of READ: the usual answer is passed on as it is."""


def _events(mask: int) -> int:
    events = (READ if mask & select.EPOLLIN else 0) | (WRITE if mask & select.EPOLLOUT else 0)
    return events | (CUT if mask & (select.EPOLLERR | select.EPOLLHUP) else 0)


class SelectorPoller:
    """Every other system. See `Poller`."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def want(self, wanted: socket.socket, events: int) -> None:
        """See `Poller`."""
        known = wanted.fileno() in self._selector.get_map()
        if not events:
            self.forget(wanted)
        elif known:
            self._selector.modify(wanted, events)
        else:
            self._selector.register(wanted, events)

    def forget(self, gone: socket.socket) -> None:
        """See `Poller`."""
        if gone.fileno() in self._selector.get_map():
            self._selector.unregister(gone)

    def wait(self, seconds: float) -> list[tuple[int, int]]:
        """See `Poller`."""
        return [(key.fd, events) for key, events in self._selector.select(seconds)]

    def close(self) -> None:
        """See `Poller`."""
        self._selector.close()


def best_poller() -> Poller:
    """The cheapest poller of this system."""
    return EpollPoller() if hasattr(select, "epoll") else SelectorPoller()
