"""Services that answer as no service does: each is a function that is given the socket of one client."""

import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeAlias

Manner: TypeAlias = Callable[["Wire"], None]

_BLOCK = b"a" * (1 << 16)


@dataclass
class Wire:
    """One client of a hostile service, and how much it has taken."""

    socket: socket.socket
    service: "HostileService"

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)
        self.service.sent += len(data)

    def hear(self) -> bytes:
        return self.socket.recv(1 << 16)

    def wait(self, seconds: float) -> None:
        """Raises ConnectionError when the service is over."""
        if self.service.over.wait(seconds):
            raise ConnectionAbortedError


class HostileService:
    """Listens on a port of this machine and treats every client in one manner."""

    def __init__(self, manner: Manner, *, tls: ssl.SSLContext | None = None) -> None:
        self.sent = 0
        self.clients = 0
        self.over = threading.Event()
        self._manner = manner
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._sockets: list[socket.socket] = []
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.clients += 1
                self._sockets.append(client)
                thread = threading.Thread(target=self._treat, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _treat(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            if self._tls is None:
                self._manner(Wire(client, self))
                return
            with self._tls.wrap_socket(client, server_side=True) as veiled:
                self._sockets.append(veiled)
                self._manner(Wire(veiled, self))

    def end(self) -> None:
        self.over.set()
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)


@contextmanager
def hostile(manner: Manner, *, tls: ssl.SSLContext | None = None) -> Iterator[HostileService]:
    service = HostileService(manner, tls=tls)
    try:
        yield service
    finally:
        service.end()


def endless_body(wire: Wire) -> None:
    wire.hear()
    wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        wire.send(_BLOCK)


def endless_chunks(wire: Wire) -> None:
    wire.hear()
    wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        wire.send(b"10000\r\n" + _BLOCK + b"\r\n")


def packed_bomb(wire: Wire) -> None:
    packer = zlib.compressobj(9, wbits=31)
    wire.hear()
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    while True:
        wire.send(packer.compress(bytes(1 << 20)))


def byte_by_byte(wire: Wire) -> None:
    wire.hear()
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        wire.wait(0.2)
        wire.send(b"a")


def byte_by_byte_from_the_first(wire: Wire) -> None:
    wire.hear()
    while True:
        wire.wait(0.2)
        wire.send(b"H")


def never_ending_redirects(wire: Wire) -> None:
    wire.hear()
    wire.send(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /again\r\nConnection: close\r\n")
    wire.send(b"Content-Length: 65536\r\n\r\n" + _BLOCK)


def endless_headers(wire: Wire) -> None:
    wire.hear()
    wire.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        wire.send(b"X-More: " + _BLOCK[:60_000] + b"\r\n")


def one_endless_header(wire: Wire) -> None:
    wire.hear()
    wire.send(b"HTTP/1.1 200 OK\r\nX-More: ")
    while True:
        wire.send(_BLOCK)


def always_a_moment_more(wire: Wire) -> None:
    wire.hear()
    while True:
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


def silence(wire: Wire) -> None:
    while wire.hear():
        pass


def endless_mail_greeting(wire: Wire) -> None:
    while True:
        wire.send((b"220-" + b"a" * 1000 + b"\r\n") * 64)


def endless_line(wire: Wire) -> None:
    while True:
        wire.send(_BLOCK)


def endless_lines(wire: Wire) -> None:
    while True:
        wire.send(b"INFO one moment\r\n" * 1000)


def letter_by_letter(wire: Wire) -> None:
    while True:
        wire.wait(0.05)
        wire.send(b"I")


def endless_frame(wire: Wire) -> None:
    """TWS: the hello is answered, then a message of 16 MiB begins that never ends."""
    wire.hear()
    wire.send(_frame(b"219\x0020261122 08:00:00 UTC\0") + b"\0\xff\xff\xff")
    while True:
        wire.send(_BLOCK)


def endless_messages(wire: Wire) -> None:
    """TWS: the hello is answered, then messages come that lead nowhere."""
    wire.hear()
    wire.send(_frame(b"219\x0020261122 08:00:00 UTC\0"))
    while True:
        wire.send(_frame(b"4\x002\x00-1\x002104\x00fine\0") * 1000)


def huge_length(wire: Wire) -> None:
    """TWS: a length of four gigabytes, and as much behind it as goes."""
    wire.hear()
    wire.send(b"\xff\xff\xff\xff")
    while True:
        wire.send(_BLOCK)


def hello_letter_by_letter(wire: Wire) -> None:
    """TWS: a hello's answer that takes its time."""
    wire.hear()
    wire.send(b"\0\0\x02\0219")
    while True:
        wire.wait(0.05)
        wire.send(b"9")


def _frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body
