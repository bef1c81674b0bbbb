"""Remote notices: through Apprise to a real HTTP server on this machine."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from agent.channels import Delivered, NotDelivered
from agent.channels.remote import RemoteChannel
from agent.core.display import Notice
from agent.core.problem import Severity

pytest.importorskip("apprise")

NOTICE = Notice(
    "Paper/api-silent", Severity.ERROR, "TWS does not answer", "It hangs.", steps=("Close it.", "Start it.")
)


@pytest.fixture
def received() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """The port of a server, and what was posted to it."""
    posts: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, posts
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_notice_goes_out_with_its_steps(received: tuple[int, list[dict[str, Any]]]) -> None:
    port, posts = received
    delivery = await RemoteChannel([f"json://127.0.0.1:{port}/"]).announce(NOTICE)

    assert isinstance(delivery, Delivered)
    assert posts[0]["title"] == "TWS does not answer"
    assert posts[0]["message"].splitlines() == ["It hangs.", "1. Close it.", "2. Start it."]
    assert posts[0]["type"] == "failure"


async def test_a_service_that_is_down_is_not_taken_for_delivered() -> None:
    delivery = await RemoteChannel(["json://127.0.0.1:9/"]).announce(NOTICE)

    assert isinstance(delivery, NotDelivered)


async def test_an_address_of_no_service_is_said_without_repeating_it(caplog: pytest.LogCaptureFixture) -> None:
    delivery = await RemoteChannel(["nonsense://secret@nowhere"]).announce(NOTICE)

    assert isinstance(delivery, NotDelivered)
    assert "secret" not in caplog.text + delivery.reason
