"""A test of one address, with the service's own words: real HTTP and SMTP servers on this machine."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from agent.channels import remote_trial
from agent.channels.remote import INSTALL_APPRISE
from agent.channels.remote_trial import TITLE, try_address
from agent.config.services import EMAIL, NTFY
from agent.core.shown.display import TargetTried

pytest.importorskip("apprise")

TOOK = "The service took the test: look whether it has arrived."
DID_NOT = "The service did not take the test."


@contextmanager
def web(status: int, body: bytes) -> Iterator[tuple[int, list[tuple[str, Any]]]]:
    """A server that answers everything in one way; its port, and what was posted: the authorization and the JSON."""
    posts: list[tuple[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            posts.append((self.headers.get("Authorization", ""), sent))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, posts
        finally:
            server.shutdown()
            thread.join()


class Postbox:
    """Takes mails, and refuses those to nobody."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address.startswith("nobody"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(envelope.content)
        return "250 2.0.0 queued as 4711"


@contextmanager
def mail() -> Iterator[tuple[str, Postbox]]:
    """A mail server with one account, jane; its port."""
    box = Postbox()

    class Bound(Controller):
        """Takes the port that the system gives it."""

        def _trigger_server(self) -> None:
            assert self.server is not None
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

    def login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.login == b"jane" and data.password == b"p@ss:w/rd %41", handled=False)

    server = Bound(box, hostname="127.0.0.1", port=0, authenticator=login, auth_require_tls=False)
    server.start()
    try:
        yield str(server.port), box
    finally:
        server.stop()


def mailbox(port: str, **more: str) -> str:
    typed = {"from": "jane@example.org", "server": "127.0.0.1", "security": "insecure", "port": port}
    return EMAIL.address({**typed, **more})


async def test_a_topic_gets_the_test_with_its_token() -> None:
    with web(200, b'{"id":"x","event":"message"}') as (port, posts):
        server = f"http://127.0.0.1:{port}"
        tried = await try_address(NTFY.address({"topic": "secret-topic", "server": server, "token": "tk_mine"}))

    assert tried == TargetTried(True, TOOK, "200 OK")
    ((authorization, sent),) = posts
    assert authorization == "Bearer tk_mine"
    assert (sent["topic"], sent["title"]) == ("secret-topic", TITLE)


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (403, b'{"code":40301,"http":403,"error":"forbidden"}', "403 Forbidden: forbidden"),
        (400, b'{"ok":false,"description":"Bad Request: chat not found"}', "400 Bad Request: Bad Request: chat not found"),
        (404, b'{"message": "Unknown Webhook", "code": 10015}', "404 Not Found: Unknown Webhook"),
        (400, b'{"user":"invalid","errors":["user key is invalid","no token"]}', "400 Bad Request: user key is invalid, no token"),
        (500, b"<html>long page</html>", "500 Internal Server Error"),
        (429, b"slow\n down", "429 Too Many Requests: slow down"),
        (401, b"the topic secret-topic wants a log-in", "401 Unauthorized: the topic ••• wants a log-in"),
        (502, b"[[[[" * 300_000, None),
    ],
)
async def test_a_refusal_is_told_in_the_services_words(status: int, body: bytes, answer: str | None) -> None:
    with web(status, body) as (port, _):
        tried = await try_address(f"ntfy://127.0.0.1:{port}/secret-topic?mode=private")

    assert (tried.taken, tried.sentence) == (False, DID_NOT)
    assert answer is None or tried.answer == answer
    assert len(tried.answer) <= 300


async def test_a_server_that_is_not_there_is_told_by_its_cause() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    tried = await try_address(f"ntfy://127.0.0.1:{port}/topic?mode=private")

    assert (tried.taken, tried.sentence) == (False, DID_NOT)
    assert "refused" in tried.answer
    assert str(port) not in tried.answer


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_trial, "SEND_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        tried = await try_address(f"ntfy://127.0.0.1:{silent.getsockname()[1]}/topic?mode=private")

    assert (tried.taken, tried.sentence) == (False, "The service did not answer within 1 s.")


async def test_a_mail_arrives_as_plain_text_from_gatelight() -> None:
    with mail() as (port, box):
        tried = await try_address(mailbox(port, user="jane", password="p@ss:w/rd %41", to="me@example.org"))

    assert tried == TargetTried(True, TOOK, "250 2.0.0 queued as 4711")
    (content,) = box.mails
    assert b"From: Gatelight <jane@example.org>" in content
    assert b"To: me@example.org" in content
    assert b"text/plain" in content


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({"user": "jane", "password": "wrong"}, "535 5.7.8 Authentication credentials invalid"),
        ({"to": "nobody@example.org"}, "550 5.1.1 no such mailbox"),
    ],
)
async def test_a_mail_server_refuses_in_its_own_words(more: dict[str, str], answer: str) -> None:
    with mail() as (port, box):
        tried = await try_address(mailbox(port, **more))

    assert tried == TargetTried(False, DID_NOT, answer)
    assert box.mails == []


async def test_a_mail_server_without_the_encryption_that_was_chosen() -> None:
    with mail() as (port, _):
        tried = await try_address(mailbox(port, security="starttls"))

    assert not tried.taken
    assert "STARTTLS" in tried.answer


async def test_an_address_of_no_service() -> None:
    tried = await try_address("nonsense://secret@nowhere")

    assert not tried.taken
    assert "look for a mistake" in tried.sentence
    assert "secret" not in f"{tried}"


async def test_without_apprise_it_is_said_how_it_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "apprise.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert await try_address("json://127.0.0.1/") == TargetTried(False, f"{INSTALL_APPRISE}.")
