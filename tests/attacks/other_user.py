"""Another user of this computer: real processes with a user ID of their own, which talk to ports and listen on them."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest

OTHER = 54_321
"""A user ID that nothing on this machine has."""

needs_users = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root can be another user for a moment"
)
SECONDS = 5.0
_SO_BINDTODEVICE = 25


def as_other_user(work: Callable[[], bytes]) -> bytes:
    """What some work answers that is done by a process of the other user. It must need nothing but sockets."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            os.setgroups([])
            os.setresgid(OTHER, OTHER, OTHER)
            os.setresuid(OTHER, OTHER, OTHER)
            with suppress(OSError):
                os.write(writing, work())
        finally:
            os._exit(0)
    os.close(writing)
    told = b""
    while part := os.read(reading, 1 << 16):
        told += part
    os.close(reading)
    os.waitpid(child, 0)
    return told


def heard(port: int, request: bytes, *, mapped: bool = False, interface: bytes = b"") -> bytes:
    """What the other user hears from a port of this computer; `interface`: what its socket is bound to."""

    def work() -> bytes:
        with socket.socket(socket.AF_INET6 if mapped else socket.AF_INET) as client:
            client.settimeout(SECONDS)
            if interface:
                client.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, interface + b"\0")
            client.connect(("::ffff:127.0.0.1" if mapped else "127.0.0.1", port))
            client.sendall(request)
            told = b""
            with suppress(TimeoutError, ConnectionError):
                while part := client.recv(1 << 16):
                    told += part
            return told

    return as_other_user(work)


def sent_and_gone(port: int, request: bytes, times: int) -> None:
    """Send a request and close the socket in the same moment, so that no process holds it when it is looked at."""

    def work() -> bytes:
        for _ in range(times):
            client = socket.create_connection(("127.0.0.1", port), SECONDS)
            client.sendall(request)
            client.close()
        return b""

    as_other_user(work)


@dataclass
class Listener:
    """A port that the other user listens on, and all it was sent."""

    port: int
    _reading: int

    def heard(self) -> bytes:
        """What came since the last time; does not wait."""
        told = b""
        with suppress(BlockingIOError):
            while part := os.read(self._reading, 1 << 16):
                told += part
        return told


@contextmanager
def listening(port: int, answer: Callable[[bytes], bytes]) -> Iterator[Listener]:
    """The other user's program on a port; it answers every request and closes. 0: any port."""
    reading, writing = os.pipe()
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen(64)
        child = os.fork()
        if child == 0:
            try:
                os.setresgid(OTHER, OTHER, OTHER)
                os.setresuid(OTHER, OTHER, OTHER)
                while True:
                    with suppress(OSError):
                        client, _ = server.accept()
                        with client:
                            client.settimeout(SECONDS)
                            request = client.recv(1 << 16)
                            os.write(writing, request)
                            client.sendall(answer(request))
            finally:
                os._exit(0)
        port = server.getsockname()[1]
    os.close(writing)
    os.set_blocking(reading, False)
    try:
        yield Listener(port, reading)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
