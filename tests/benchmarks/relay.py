"""The relay beside a direct connection, socat, the least loop that Python can do, and asyncio's BufferedProtocol:
all in one run, as a Markdown table.

Run: python -m tests.benchmarks.relay [ROUNDS]

Each way has its turn in each round, in another order, and the ways are compared round by round, so that a busy machine
meets all alike. What a message costs depends on the core on which a process wakes: round trips are measured as the
system places the processes, and with both ends on the first core and every relay on the second.
"""

import asyncio
import contextlib
import os
import select
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 200
"""Round trips of one way before the next has its turn."""
MESSAGE = struct.pack(">I", 48) + b"46\x006\x007341\x001\x00101.25\x00100\x001\x00".ljust(48, b"\0")
"""A tick as TWS sends it, by its size; a program sends none, so that it is only counted there."""
HELLO = b"API\0" + struct.pack(">I", 9) + b"v100..178"
WELCOME = struct.pack(">I", 26) + b"178\x0020261129 20:00:00 UTC\x00"[:26]
BURST = 400_000
"""Messages of the throughput."""
STEADY = 2000
"""Messages a second of the steady load."""
CLIENTS = 32
WAYS = ("direct", "socat", "least loop", "asyncio", "relay")
PYTHON = ("least loop", "asyncio")
"""Ways that are processes of this file."""
Rounds = dict[str, list[float]]
"""By way, a figure of each round."""


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def echo(listening: socket.socket) -> None:
    """Send everything back; a thread for each connection, so that it stands as TWS does."""
    while True:
        wire, _ = listening.accept()
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_echo, args=(wire,), daemon=True).start()


def _echo(wire: socket.socket) -> None:
    with wire, contextlib.suppress(OSError):
        wire.recv(len(HELLO), socket.MSG_WAITALL)
        wire.sendall(WELCOME)
        while passed := wire.recv(1 << 16):
            wire.sendall(passed)


class _Half(asyncio.BufferedProtocol):
    """The least that asyncio needs to pass bytes on."""

    def __init__(self, buffer: memoryview, other: "_Half | None" = None) -> None:
        self.buffer, self.other = buffer, other
        self.transport: asyncio.Transport | None = None
        self.opening: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        assert self.other is not None
        assert self.other.transport is not None
        self.other.transport.write(bytes(self.buffer[:nbytes]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


async def through_asyncio(port: int, to: int) -> None:
    """The relay as it would be with asyncio."""
    loop, buffer = asyncio.get_running_loop(), memoryview(bytearray(1 << 16))

    class Near(_Half):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            assert self.transport is not None
            self.transport.pause_reading()
            self.opening = loop.create_task(self.open())

        async def open(self) -> None:
            _, self.other = await loop.create_connection(lambda: _Half(buffer, self), "127.0.0.1", to)
            assert self.transport is not None
            self.transport.resume_reading()

    server = await loop.create_server(lambda: Near(buffer), "127.0.0.1", port)
    await server.serve_forever()


def least_loop(port: int, to: int) -> None:
    """What any relay in Python has to do: wait, receive, send. It counts nothing, and bears no full socket."""
    listening, poll = socket.create_server(("127.0.0.1", port)), select.epoll()
    poll.register(listening, select.EPOLLIN)
    pairs: dict[int, tuple[socket.socket, socket.socket]] = {}
    buffer = memoryview(bytearray(1 << 16))
    while True:
        for number, _ in poll.poll():
            if number == listening.fileno():
                near, _ = listening.accept()
                far = socket.create_connection(("127.0.0.1", to))
                for one, other in ((near, far), (far, near)):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    poll.register(one, select.EPOLLIN)
                    pairs[one.fileno()] = one, other
            elif number in pairs:
                source, target = pairs[number]
                with contextlib.suppress(ConnectionError):
                    if size := source.recv_into(buffer):
                        target.sendall(buffer[:size])
                        continue
                for one in (source, target):
                    del pairs[one.fileno()]
                    one.close()


@contextlib.contextmanager
def ways(folder: Path) -> Iterator[tuple[dict[str, int], dict[str, psutil.Process]]]:
    """The port of each way to the same server, and the process of each relay; of the direct way that of the server."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.relay", "echo"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert server.stdout is not None
    to = int(server.stdout.readline())
    ports = {"direct": to} | {way: free_port() for way in WAYS[1:]}
    config = folder / "config.toml"
    config.write_text(f'[[relays]]\nname = "it"\nlisten = {ports["relay"]}\nto = "127.0.0.1:{to}"\n')
    listens = f"TCP-LISTEN:{ports['socat']},bind=127.0.0.1,reuseaddr,fork,nodelay"
    this = [sys.executable, "-m", "tests.benchmarks.relay"]
    commands = {
        "socat": [shutil.which("socat") or "socat", listens, f"TCP:127.0.0.1:{to},nodelay"],
        **{way: [*this, way, str(ports[way]), str(to)] for way in PYTHON},
        "relay": [sys.executable, "-m", "agent", "relay", "it", "--config", str(config), "--data-dir", str(folder)],
    }
    started: dict[str, subprocess.Popen[bytes]] = {
        way: subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) for way, command in commands.items()
    }
    try:
        for port in ports.values():
            connect(port).close()
        yield (
            ports,
            {"direct": psutil.Process(server.pid)}
            | {way: psutil.Process(process.pid) for way, process in started.items()},
        )
    finally:
        for process in started.values():
            process.kill()
            process.wait()
        server.kill()
        server.communicate()


def connect(port: int) -> socket.socket:
    """A connection, once something listens there, with the hello answered."""
    for _ in range(500):
        try:
            wire = socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            time.sleep(0.02)
            continue
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.sendall(HELLO)
        if wire.recv(len(WELCOME), socket.MSG_WAITALL) == WELCOME:
            return wire
    raise TimeoutError(f"nothing answers on port {port}")


def pin(processes: dict[str, psutil.Process]) -> None:
    """Put both ends on the first core and every relay on the second."""
    cores = sorted(os.sched_getaffinity(0))
    for way, process in {"": psutil.Process(), **processes}.items():
        for thread in process.threads():
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(thread.id, {cores[0] if way in ("", "direct") else cores[-1]})


def round_trips(ports: dict[str, int], rounds: int) -> tuple[Rounds, Rounds]:
    """Median and p99 of each round, in seconds."""
    half: Rounds = {way: [] for way in ports}
    late: Rounds = {way: [] for way in ports}
    wires = {way: connect(port) for way, port in ports.items()}
    ways = list(ports)
    for number in range(rounds):
        first = number % len(ways)
        for way in ways[first:] + ways[:first]:
            wire, taken = wires[way], []
            for _ in range(AT_ONCE):
                began = time.perf_counter()
                wire.send(MESSAGE)
                wire.recv(100)
                taken.append(time.perf_counter() - began)
            taken.sort()
            half[way].append(taken[AT_ONCE // 2])
            late[way].append(taken[AT_ONCE * 99 // 100])
    for wire in wires.values():
        wire.close()
    return half, late


def beside_socat(found: Rounds, way: str) -> str:
    """What a way adds to the direct one, as a share of what socat adds: median and quartiles of the rounds."""
    rounds = zip(found["direct"], found["socat"], found[way], strict=True)
    low, half, high = statistics.quantiles([(b - a) / (s - a) for a, s, b in rounds if s > a], n=4)
    return f"{half:.2f} ({low:.2f} to {high:.2f})"


def first_bytes(ports: dict[str, int], rounds: int) -> Rounds:
    """Seconds from asking for a connection to the answer of its hello."""
    taken: Rounds = {way: [] for way in ports}
    for _ in range(rounds):
        for way, port in ports.items():
            began = time.perf_counter()
            connect(port).close()
            taken[way].append(time.perf_counter() - began)
    return taken


def _send(wire: socket.socket, piece: bytes, times: int) -> None:
    for _ in range(times):
        wire.sendall(piece)


def throughput(port: int) -> float:
    """Messages a second that come back while they are sent as fast as they are taken."""
    wire, whole = connect(port), len(MESSAGE) * BURST
    pieces = MESSAGE * 1000
    sender = threading.Thread(target=_send, args=(wire, pieces, BURST // 1000))
    began, came = time.perf_counter(), 0
    sender.start()
    while came < whole:
        came += len(wire.recv(1 << 20))
    sender.join()
    wire.close()
    return BURST / (time.perf_counter() - began)


def _used(process: psutil.Process) -> float:
    """Processor seconds of a process and its children, to the nanosecond: socat has one for each connection."""
    threads = [thread.id for one in (process, *process.children()) for thread in one.threads()]
    return sum(int(Path(f"/proc/{number}/schedstat").read_text().split()[0]) for number in threads) / 1e9


def steady(ports: dict[str, int], processes: dict[str, psutil.Process], together: int, seconds: float = 2.0) -> Rounds:
    """The share of a core for a steady load, so many messages in one piece, and back; of each way, in five turns."""
    shares: Rounds = {way: [] for way in ports if way != "direct"}
    for _ in range(5):
        for way, found in shares.items():
            wire, sent = connect(ports[way]), 0
            before, began = _used(processes[way]), time.perf_counter()
            while (now := time.perf_counter() - began) < seconds:
                # Half of the messages go to TWS and half come back.
                while sent < now * STEADY / 2:
                    wire.sendall(MESSAGE * together)
                    wire.recv(len(MESSAGE) * together, socket.MSG_WAITALL)
                    sent += together
                time.sleep(0.0005)
            found.append((_used(processes[way]) - before) / seconds)
            wire.close()
    return shares


def _row(what: str, cells: dict[str, str]) -> str:
    return f"| {what} | " + " | ".join(cells.get(way, "–") for way in WAYS) + " |"


def _trips(ports: dict[str, int], rounds: int, where: str) -> Iterator[str]:
    for share, found in zip(("p50", "p99"), round_trips(ports, rounds), strict=True):
        middle = {way: f"{statistics.median(times) * 1e6:.1f} µs" for way, times in found.items()}
        yield _row(f"round trip {share}, {where}", middle)
        yield _row("added, as a share of socat’s", {way: beside_socat(found, way) for way in WAYS[1:]})


def measure(rounds: int) -> str:
    """Every figure, as a Markdown table."""
    rows = ["| what | " + " | ".join(WAYS) + " |", "|---" * (len(WAYS) + 1) + "|"]
    with tempfile.TemporaryDirectory(prefix="gatelight-relay-") as folder, ways(Path(folder)) as (ports, processes):
        rows += _trips(ports, rounds, "unpinned")
        firsts = first_bytes(ports, 100)
        later = {
            way: statistics.median(b - a for a, b in zip(firsts["direct"], taken, strict=True)) * 1e3
            for way, taken in firsts.items()
        }
        rows.append(
            _row("hello answered later than direct, median", {way: f"{ms:.2f} ms" for way, ms in later.items()})
        )
        cells = {way: f"{max(throughput(port) for _ in range(3)):,.0f}" for way, port in ports.items()}
        rows.append(_row("messages a second, there and back", cells))
        alone = [way for way in WAYS if way not in ("direct", "socat")]
        kept = [connect(ports[way]) for way in alone for _ in range(CLIENTS)]
        cells = {way: f"{processes[way].memory_info().rss / 2**20:.1f} MiB" for way in alone}
        rows.append(_row(f"memory with {CLIENTS} clients", cells))
        for wire in kept:
            wire.close()
        pin(processes)
        rows += _trips(ports, rounds, "pinned")
        for together in (1, 20):
            shares = steady(ports, processes, together)
            cells = {way: f"{statistics.median(found):.2%}" for way, found in shares.items()}
            rows.append(_row(f"core for {STEADY:,} messages a second, {together} at once, pinned", cells))
    return "\n".join(rows)


def main(arguments: list[str]) -> None:
    """Be one of the processes, or measure."""
    match arguments:
        case ["echo"]:
            with socket.create_server(("127.0.0.1", 0)) as listening:
                print(listening.getsockname()[1], flush=True)
                echo(listening)
        case ["least loop", port, to]:
            least_loop(int(port), int(to))
        case ["asyncio", port, to]:
            asyncio.run(through_asyncio(int(port), int(to)))
        case _:
            print(measure(int(arguments[0]) if arguments else 100))


if __name__ == "__main__":
    main(sys.argv[1:])
