"""A web site of this machine alone, over https, with a certificate that only a process with `TRUSTING` believes."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.attacks.hostile_service import HostileService, Wire, hostile

CERTIFICATE = Path(__file__).parent / "recorded" / "localhost.pem"
"""For the name localhost, until 2126: `openssl req -x509 -newkey ec -days 36500 …`; it is its own authority."""
TRUSTING: Mapping[str, str] = {"SSL_CERT_FILE": str(CERTIFICATE), "NO_PROXY": "localhost"}


def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@dataclass
class WebSite:
    """Answers with what it is given, and keeps what it was asked."""

    answers: dict[str, bytes]
    """Whole answers by path."""
    asked: list[list[str]] = field(default_factory=list)
    """The lines of each request."""
    service: HostileService | None = None

    @property
    def address(self) -> str:
        assert self.service is not None
        return f"https://localhost:{self.service.port}"

    def answer(self, wire: Wire) -> None:
        heard = b""
        while b"\r\n\r\n" not in heard:
            if not (more := wire.hear()):
                return
            heard += more
        lines = heard.decode("ascii").rstrip("\r\n").split("\r\n")
        self.asked.append(lines)
        wire.send(self.answers.get(lines[0].split()[1], b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))


def page(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nSet-Cookie: you=42\r\n\r\n" % len(body) + body


def moved(to: str, status: int = 302) -> bytes:
    head = f"HTTP/1.1 {status} Found\r\nLocation: {to}\r\nSet-Cookie: you=42\r\nContent-Length: 0\r\n\r\n"
    return head.encode("ascii")


@contextmanager
def web_site(**answers: bytes) -> Iterator[WebSite]:
    """A site with these files at its root; `latest.json` is given as `latest_json`."""
    site = WebSite({f"/{name.replace('_', '.')}": answer for name, answer in answers.items()})
    with hostile(site.answer, tls=tls()) as service:
        site.service = service
        yield site
