"""Fetching one file over https, from a web site of this machine."""

import sys

import pytest

from agent.runtime.fetching import MOST_FETCHED, fetch
from tests.web_site import TRUSTING, moved, page, web_site

pytestmark = pytest.mark.not_under_wine("Windows judges certificates itself, and does not know the one of the tests")


@pytest.fixture(autouse=True)
def _trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in TRUSTING.items():
        monkeypatch.setenv(name, value)


async def test_a_file_is_brought_and_the_question_tells_nothing_of_who_asks() -> None:
    with web_site(latest_json=page(b"{}")) as site:
        assert await fetch(f"{site.address}/latest.json") == b"{}"

    assert site.asked == [
        [
            "GET /latest.json HTTP/1.1",
            "Accept-Encoding: identity",
            f"Host: localhost:{site.address.rpartition(':')[2]}",
            "User-Agent: gatelight",
            "Connection: close",
        ]
    ]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_it_goes_where_it_is_sent_on_to_and_keeps_no_cookie(status: int) -> None:
    with web_site(a=moved("/b", status), b=page(b"here")) as site:
        assert await fetch(f"{site.address}/a") == b"here"

    assert [lines[0].split()[1] for lines in site.asked] == ["/a", "/b"]
    assert not [line for lines in site.asked for line in lines if line.startswith(("Cookie", "Referer"))]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("plain", "without https"),
        ("file", "without https"),
        ("nowhere", "sent on to nowhere"),
        ("circle", "without end"),
        ("none", "the server answers 404"),
        ("broken", "the server answers 500"),
        ("large", "too long"),
        ("torn", "IncompleteRead"),
        ("strange", "BadStatusLine"),
    ],
)
async def test_what_is_no_file_is_said_in_a_few_words(path: str, words: str) -> None:
    with web_site(
        plain=moved("http://localhost/latest.json"),
        file=moved("file:///etc/passwd"),
        nowhere=b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        circle=moved("/circle"),
        broken=b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n",
        large=page(b"a" * (MOST_FETCHED + 1)),
        torn=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n900\r\n{",
        strange=b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    ) as site:
        with pytest.raises(OSError, match=words):
            await fetch(f"{site.address}/{path}")

        assert len(site.asked) <= 6


async def test_only_https_is_asked() -> None:
    with pytest.raises(OSError, match="without https"):
        await fetch("http://localhost:1/latest.json")


async def test_a_site_whose_certificate_is_not_believed_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with web_site(latest_json=page(b"{}")) as site:
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            await fetch(f"{site.address}/latest.json")

        assert site.asked == []


async def test_a_site_that_is_not_there_is_said() -> None:
    with pytest.raises(OSError, match="refused"):
        await fetch("https://localhost:1/latest.json")


def test_the_agent_loads_nothing_of_the_web() -> None:
    import subprocess

    loads = "import agent.app.update_check, sys; sys.exit(bool({'http.client', 'truststore'} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", loads], check=False).returncode == 0
