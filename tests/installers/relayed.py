"""A program that is connected to TWS through a relay, for tests of what packages do to it."""

import socket
import struct
from typing import Self

RELAY = 5002
"""The port of the relay."""
PATIENCE = 120.0


class Program:
    """A program of the user's, with one session through the relay."""

    def __init__(self, port: int) -> None:
        self._wire = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._wire.settimeout(PATIENCE)
        self.asked = 0

    @classmethod
    def connected(cls, client_id: int) -> Self:
        """With a session."""
        program = cls(RELAY)
        program._wire.sendall(b"API\0" + struct.pack(">I", 9) + b"v157..178")
        program._fields()
        program._send(71, 2, client_id, "")
        program._await("9")
        return program

    def ask(self) -> None:
        """Ask TWS for the time, and get the answer."""
        self._send(49, 1)
        self._await("49")
        self.asked += 1

    def is_cut(self) -> bool:
        """Wait for the end of the connection."""
        try:
            while self._wire.recv(4096):
                pass
        except ConnectionError:
            pass
        return True

    def close(self) -> None:
        self._wire.close()

    def _send(self, *fields: object) -> None:
        payload = "".join(f"{field}\0" for field in fields).encode()
        self._wire.sendall(struct.pack(">I", len(payload)) + payload)

    def _await(self, number: str) -> None:
        while self._fields()[0] != number:
            pass

    def _fields(self) -> list[str]:
        size = int.from_bytes(self._exactly(4), "big")
        return self._exactly(size).decode().split("\0")

    def _exactly(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            piece = self._wire.recv(size - len(got))
            assert piece, "the connection was cut"
            got += piece
        return got


def answers(port: int) -> bool:
    """Whether something listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True
