"""The command line of Gatelight in processes of its own, for tests that use it as its users do."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.errors import AgentNotRunning
from agent.runtime.control.channel import request
from agent.runtime.paths import find_places

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 30.0
"""Seconds a command may take on a busy machine; it takes a fraction of one."""


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GATELIGHT_")}
    return {**kept, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200"}


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """What it told the user: one clear line, and no traceback."""
        assert "Traceback" not in self.err, self.err
        assert self.out == ""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


@dataclass(frozen=True)
class Place:
    """A folder of its own for one user."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def options(self) -> tuple[str, ...]:
        return ("--config", str(self.config), "--data-dir", str(self.data))

    def do(self, *arguments: str, own_options: bool = True, **more: Any) -> Done:
        command = [sys.executable, "-m", "agent", *arguments, *(self.options if own_options else ())]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, cwd=self.folder, env=environment(), **more
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        return request(find_places(self.config, self.data, environ={}), message)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "agent", *arguments, *self.options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=environment(),
        )

    @contextmanager
    def agent(self) -> "Iterator[subprocess.Popen[str]]":
        """A running agent that answers."""
        process = self.start("run", "--no-tray")
        try:
            self.await_agent(process)
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.communicate(timeout=PATIENCE)

    def await_agent(self, process: "subprocess.Popen[str]") -> None:
        self.until(lambda s: True, process)

    def until(self, met: Any, process: "subprocess.Popen[str] | None" = None) -> dict[str, Any]:
        """Wait for a status of a kind."""
        deadline = time.monotonic() + PATIENCE
        answer: dict[str, Any] = {}
        while time.monotonic() < deadline:
            try:
                answer = self.ask({"command": "status"})
            except AgentNotRunning:
                assert process is None or process.poll() is None, process.communicate()
            else:
                if "status" in answer and met(answer["status"]["connections"][0]):
                    status: dict[str, Any] = answer["status"]
                    return status
            time.sleep(0.05)
        raise AssertionError(f"never came: {answer}")


def codes(connection: dict[str, Any]) -> list[str]:
    return [p["code"] for p in connection["problems"] if p["visible"]]


@contextmanager
def web_server() -> Iterator[int]:
    """Something on a port that is not TWS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client, contextlib.suppress(OSError):
                    client.recv(100)
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        # A closed listener alone does not wake whoever waits in accept.
        listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def simulated(port: int) -> "Iterator[subprocess.Popen[str]]":
    """`gatelight simulate`, ready to be knocked at."""
    command = [sys.executable, "-m", "agent", "simulate", "--port", str(port)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), stdin=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None
            time.sleep(0.1)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)


def paper_file(port: int, **more: str) -> str:
    lines = [
        '[[connections]]\nname = "Paper Gateway"\napplication = "gateway"',
        f"port = {port}",
        *(f"{k} = {v}" for k, v in more.items()),
    ]
    return "\n".join(lines) + "\n"
