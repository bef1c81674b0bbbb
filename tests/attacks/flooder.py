"""A process that speaks just enough of the API to get sessions, and then floods one of them.

`python -m tests.attacks.flooder KIND,… COUNT` listens on a port for each kind and on COUNT more, and prints them as a
JSON list. A line “go” on its standard input begins the floods of those who are connected. A line “beats” prints the
longest time between two heartbeats, in seconds, for each port. It ends with its input.
"""

import contextlib
import itertools
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator

from agent.tws.codec import fields_bytes, frame, split_frames

SERVER_VERSION = 178
CHUNK = 64 * 1024
BURST = 1000


def message(*fields: object) -> bytes:
    return frame(fields_bytes([str(f) for f in fields]))


def notice(code: int, text: str) -> bytes:
    return message(4, 2, -1, code, text, "")


def endless(kind: str) -> Iterator[bytes]:
    """Messages of one kind, for ever."""
    numbers = itertools.count()
    match kind:
        case "notices":
            yield from itertools.repeat(notice(2104, "Market data farm connection is OK:usfarm"))
        case "texts":
            yield from (notice(162, f"Historical Market Data Service error message: number {n}") for n in numbers)
        case "farms":
            yield from (notice(2103, f"Market data farm connection is broken:farm{n}") for n in numbers)
        case "ticks":
            yield from itertools.repeat(message(1, 6, 7, 1, "101.5", 200, 3))
        case "accounts":
            yield from itertools.repeat(message(15, 1, ",".join(f"DU{n:07}" for n in range(2000))))
        case "unknown":
            yield from itertools.repeat(message(9999, "x" * 20))
        case "malformed":
            yield from itertools.repeat(message(4, 2))
        case "long":
            yield from itertools.repeat(notice(399, "long " * 10_000))
        case "huge":
            yield from itertools.repeat((15_000_000).to_bytes(4, "big") + b"4\0" + bytes(14_999_998))


def chunks(kind: str) -> Iterator[bytes]:
    """The same, as pieces worth a system call."""
    stream = endless(kind)
    if kind in ("notices", "ticks", "accounts", "unknown", "malformed", "long", "huge"):
        one = next(stream)
        yield from itertools.repeat(one * max(1, CHUNK // len(one)))
    while True:
        yield b"".join(itertools.islice(stream, 500))


class Server:
    """One port."""

    def __init__(self, kind: str, accounts: int) -> None:
        self.kind = kind
        self.accounts = accounts
        self.flooding = threading.Event()
        self.beats: list[float] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        lock = threading.Lock()
        try:
            greeting = client.recv(1024)
            if not greeting.startswith(b"API\0"):
                client.close()
                return
            client.sendall(message(SERVER_VERSION, "20261129 08:00:00 UTC"))
            buffer = bytearray()
            while data := client.recv(CHUNK):
                buffer += data
                for payload in split_frames(buffer):
                    self.answer(client, payload, lock)
        except OSError:
            pass

    def answer(self, client: socket.socket, payload: bytes, lock: threading.Lock) -> None:
        match payload.split(b"\0", 1)[0]:
            case b"71":
                names = ",".join(f"DU{n:07}" for n in range(self.accounts))
                with lock:
                    client.sendall(message(15, 1, names) + message(9, 1, 1))
                    client.sendall(notice(2104, "Market data farm connection is OK:usfarm"))
                if self.kind == "closing":
                    client.close()
                    return
                threading.Thread(target=self.flood, args=(client, lock), daemon=True).start()
            case b"49":
                self.beats.append(time.monotonic())
                # Behind the flood, as any answer of one socket is.
                threading.Thread(target=self.tell_time, args=(client, lock), daemon=True).start()
            case _:
                pass

    def tell_time(self, client: socket.socket, lock: threading.Lock) -> None:
        with lock, contextlib.suppress(OSError):
            client.sendall(message(49, 1, int(time.time())))

    def flood(self, client: socket.socket, lock: threading.Lock) -> None:
        try:
            while self.kind not in ("none", "crowd"):
                self.flooding.wait()
                if self.kind == "burst":
                    self.flooding.clear()
                    with lock:
                        client.sendall(notice(2104, "Market data farm connection is OK:usfarm") * BURST)
                        client.sendall(notice(2106, "HMDS data farm connection is OK:lasthmds"))
                    continue
                if self.kind == "dribble":
                    with lock:
                        for byte in (10_000).to_bytes(4, "big") + b"4" + bytes(9_999):
                            client.sendall(bytes([byte]))
                            time.sleep(0.05)
                for chunk in chunks(self.kind):
                    with lock:
                        client.sendall(chunk)
        except OSError:
            pass

    def longest_gap(self) -> float:
        return max((b - a for a, b in itertools.pairwise(self.beats)), default=0.0)


def say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main(kinds: list[str], count: int) -> None:
    servers = [Server(k, 100_000 if k == "crowd" else 2) for k in [*kinds, *["none"] * count]]
    say([s.port for s in servers])
    for line in sys.stdin:
        match line.strip():
            case "go":
                for server in servers:
                    server.beats.clear()
                    server.flooding.set()
            case "beats":
                say([s.longest_gap() for s in servers])


if __name__ == "__main__":
    main(sys.argv[1].split(","), int(sys.argv[2]))
