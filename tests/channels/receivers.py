"""Services on this machine that take messages, refuse them, or do not answer: real HTTP and SMTP servers."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Receiver:
    """A service, and what came to it."""

    port: int = 0
    status: int = 200
    """What it answers."""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    came: list[dict[str, Any]] = field(default_factory=list)
    """What was sent to it, whether or not it took it."""

    @property
    def url(self) -> str:
        """Its address for Apprise."""
        return f"json://127.0.0.1:{self.port}/"


@contextlib.contextmanager
def http_receiver(**manner: Any) -> Iterator[Receiver]:
    """A service that takes JSON, as Apprise posts it."""
    receiver = Receiver(**manner)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", receiver.port), Handler)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def silent_receiver() -> Iterator[Receiver]:
    """A service that accepts connections, reads nothing and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield Receiver(server.getsockname()[1])


def free_port() -> int:
    """A port on which no service listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def mail_receiver(answer: str = "250 taken") -> Iterator[Receiver]:
    """A mail server that answers each mail with these words."""
    receiver = Receiver()

    class Box:
        async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:
            mail = {"from": session.host_name, "to": envelope.rcpt_tos, "mail": envelope.content.decode()}
            receiver.came.append(mail)
            return answer

    receiver.port = free_port()
    controller = Controller(Box(), hostname="127.0.0.1", port=receiver.port, ready_timeout=60)
    controller.start()
    try:
        yield receiver
    finally:
        controller.stop()


def wait_until(met: Any, what: str, patience: float = 120.0) -> None:
    """Wait for a fact; a busy machine may need long."""
    end = time.monotonic() + patience
    while not met():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come")
        time.sleep(0.02)
