"""The relay beside a direct connection, socat and asyncio's BufferedProtocol, all in one run, as a Markdown table.

Run: python -m tests.benchmarks.relay [ROUNDS]
"""

import asyncio
import contextlib
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
"""Round trips of one way before the next has its turn, so that a busy moment of the machine meets all alike."""
MESSAGE = struct.pack(">I", 48) + b"46\x006\x007341\x001\x00101.25\x00100\x001\x00".ljust(48, b"\0")
"""A tick as TWS sends it, by its size; a program sends none, so that it is only counted there."""
HELLO = b"API\0" + struct.pack(">I", 9) + b"v100..178"
WELCOME = struct.pack(">I", 26) + b"178\x0020261129 20:00:00 UTC\x00"[:26]
BURST = 400_000
"""Messages of the throughput."""
STEADY = 2000
"""Messages a second of the steady load."""
CLIENTS = 32
WAYS = ("direct", "socat", "asyncio", "relay")


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


@contextlib.contextmanager
def ways(folder: Path) -> Iterator[tuple[dict[str, int], dict[str, psutil.Process]]]:
    """The port of each way to the same server, and the process of each relay."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.relay", "echo"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert server.stdout is not None
    to = int(server.stdout.readline())
    ports = {"direct": to} | {way: free_port() for way in WAYS[1:]}
    config = folder / "config.toml"
    config.write_text(f'[[relays]]\nname = "it"\nlisten = {ports["relay"]}\nto = "127.0.0.1:{to}"\n')
    listens = f"TCP-LISTEN:{ports['socat']},bind=127.0.0.1,reuseaddr,fork,nodelay"
    commands = {
        "socat": [shutil.which("socat") or "socat", listens, f"TCP:127.0.0.1:{to},nodelay"],
        "asyncio": [sys.executable, "-m", "tests.benchmarks.relay", "asyncio", str(ports["asyncio"]), str(to)],
        "relay": [sys.executable, "-m", "agent", "relay", "it", "--config", str(config), "--data-dir", str(folder)],
    }
    started: dict[str, subprocess.Popen[bytes]] = {
        way: subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) for way, command in commands.items()
    }
    try:
        for port in ports.values():
            connect(port).close()
        yield ports, {way: psutil.Process(process.pid) for way, process in started.items()}
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


def round_trips(ports: dict[str, int], rounds: int) -> dict[str, list[float]]:
    """Seconds of each round trip of one message, in order of size."""
    taken: dict[str, list[float]] = {way: [] for way in ports}
    wires = {way: connect(port) for way, port in ports.items()}
    for _ in range(rounds):
        for way, wire in wires.items():
            for _ in range(AT_ONCE):
                began = time.perf_counter()
                wire.send(MESSAGE)
                wire.recv(100)
                taken[way].append(time.perf_counter() - began)
    for wire in wires.values():
        wire.close()
    return {way: sorted(found) for way, found in taken.items()}


def first_bytes(ports: dict[str, int], rounds: int) -> dict[str, float]:
    """Median seconds from asking for a connection to the answer of its hello."""
    taken: dict[str, list[float]] = {way: [] for way in ports}
    for _ in range(rounds):
        for way, port in ports.items():
            began = time.perf_counter()
            connect(port).close()
            taken[way].append(time.perf_counter() - began)
    return {way: statistics.median(found) for way, found in taken.items()}


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
    """Processor seconds of a process and its children: socat has one for each connection."""
    times = [one.cpu_times() for one in (process, *process.children())]
    return sum(one.user + one.system for one in times)


def steady(port: int, process: psutil.Process, together: int, seconds: float = 10.0) -> float:
    """The share of a core that a relay needs for a steady load, so many messages in one piece, and back."""
    wire, began, sent = connect(port), time.perf_counter(), 0
    before = _used(process)
    while (now := time.perf_counter() - began) < seconds:
        # Half of the messages go to TWS and half come back.
        while sent < now * STEADY / 2:
            wire.sendall(MESSAGE * together)
            wire.recv(len(MESSAGE) * together, socket.MSG_WAITALL)
            sent += together
        time.sleep(0.0005)
    after = _used(process)
    wire.close()
    return (after - before) / seconds


def measure(rounds: int) -> str:
    """Every figure, as a Markdown table."""
    rows = ["| what | " + " | ".join(WAYS) + " |", "|---" * (len(WAYS) + 1) + "|"]
    with tempfile.TemporaryDirectory(prefix="gatelight-relay-") as folder, ways(Path(folder)) as (ports, processes):
        trips = round_trips(ports, rounds)
        for share in (0.1, 0.5, 0.99):
            cells = [f"{trips[way][int(len(trips[way]) * share)] * 1e6:.1f} µs" for way in WAYS]
            rows.append(f"| round trip, p{share * 100:g} | " + " | ".join(cells) + " |")
        firsts = first_bytes(ports, 100)
        rows.append("| hello answered, median | " + " | ".join(f"{firsts[way] * 1e3:.2f} ms" for way in WAYS) + " |")
        cells = [f"{max(throughput(ports[way]) for _ in range(3)):,.0f}" for way in WAYS]
        rows.append("| messages a second, there and back | " + " | ".join(cells) + " |")
        for together in (1, 20):
            cells = ["–"] + [f"{steady(ports[way], processes[way], together):.2%}" for way in WAYS[1:]]
            rows.append(f"| core for {STEADY:,} messages a second, {together} at once | " + " | ".join(cells) + " |")
        kept = [connect(ports[way]) for way in WAYS[2:] for _ in range(CLIENTS)]
        cells = ["–", "–"] + [f"{processes[way].memory_info().rss / 2**20:.1f} MiB" for way in WAYS[2:]]
        rows.append(f"| memory with {CLIENTS} clients | " + " | ".join(cells) + " |")
        for wire in kept:
            wire.close()
    return "\n".join(rows)


def main(arguments: list[str]) -> None:
    """Be one of the processes, or measure."""
    match arguments:
        case ["echo"]:
            with socket.create_server(("127.0.0.1", 0)) as listening:
                print(listening.getsockname()[1], flush=True)
                echo(listening)
        case ["asyncio", port, to]:
            asyncio.run(through_asyncio(int(port), int(to)))
        case _:
            print(measure(int(arguments[0]) if arguments else 100))


if __name__ == "__main__":
    main(sys.argv[1:])
