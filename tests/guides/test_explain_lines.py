"""What `gatelight explain` makes of real lines of log, and of lines that mean nothing to it."""

from typing import Any

import pytest

from agent.guides import load_guides
from agent.guides.explain import Explanation, explain, render_explained
from agent.tws.symptoms import SYMPTOMS
from tests.guides.explain_lines import REAL_LINES


def known(words: str) -> Explanation:
    explanation = explain(words, load_guides())

    assert explanation is not None, words
    return explanation


@pytest.mark.parametrize("case", REAL_LINES, ids=lambda case: case["line"][:60])
def test_a_real_line_gets_its_meaning(case: dict[str, Any]) -> None:
    explanation = explain(case["line"], load_guides())
    text = render_explained(explanation).casefold().replace("’", "'") if explanation else ""

    if case["must_say_one_of"] is None:
        assert explanation is None or not explanation.causes
    else:
        assert any(words.casefold() in text for words in case["must_say_one_of"]), text
    assert not any(words.casefold() in text for words in case["must_not_say"])


def test_the_causes_of_a_relays_refusal_begin_behind_the_relay() -> None:
    line = "2026/11/20 03:11:07 socat[58] E connect(5, AF=2 127.0.0.1:4001, 16): Connection refused"

    assert known(line).causes[0].code == "container-not-ready"


@pytest.mark.parametrize("line", ["10061", "WinError 10061", "Socket error 10061", "error 10061", "0x8007274d"])
def test_a_number_of_the_operating_system_may_stand_alone(line: str) -> None:
    assert known(line).title == "Nothing accepts connections on that port"


def test_what_is_both_ibkrs_and_windows_number_is_told_by_what_stands_before() -> None:
    assert known("Error 10013, reqId 3: x").subject == "Notice 10013"
    assert known("[WinError 10013] x").title == "Something on this computer blocks the connection"
    assert known("socket error 10013").title == "Something on this computer blocks the connection"


INNOCENT = [
    "2026-11-22 14:03:22,101 INFO Connecting to 127.0.0.1:7497 with clientId 10061...",
    "placed order 10061 for 104 shares at 111.20",
    "AAPL 200.10 201.15 202.00 vol 10054",
    "orderId=10060 permId=1100321 status=Submitted filled=110 remaining=0",
    "listening on port 4002",
    "tickPrice 7 1 10061.25",
    "price 10013 qty 113",
    "2026-11-22 10:11:01 heartbeat 61",
    "pid 1225 started at 09:30:00",
    "took 10060 ms",
    "retry 3 of 10 in 111 s",
    "Trade date 20261122, expiry 20270115, strike 165",
    "HTTP Error 403: Forbidden",
    "HTTP 400 Bad Request",
    "requests.exceptions.HTTPError: 404 Client Error: Not Found for url: https://example.org",
    "status=429 Too Many Requests",
    "error 422: Unprocessable Entity",
    "error 409: Conflict",
    "MySQL error 145: Table was marked as crashed",
    "curl error 104",
    "[Errno 2] No such file or directory: 'trades.csv'",
    "PermissionError: [Errno 13] Permission denied: '/var/log/bot.log'",
    "OSError: [Errno 28] No space left on device",
    "ValueError: invalid literal for int() with base 10: '10061'",
    "KeyError: 1100",
    "IndexError: list index out of range",
    "TypeError: unsupported operand type(s) for +: 'int' and 'str'",
    "TypeError: foo() takes 1 positional argument but 2 were given",
    "AttributeError: 'NoneType' object has no attribute 'price'",
    "ModuleNotFoundError: No module named 'pandas'",
    "System.NullReferenceException: Object reference not set to an instance of an object.",
    "java.lang.NullPointerException at com.example.Bot.run(Bot.java:104)",
    "line 326, in connect",
    '  File "/home/me/bot.py", line 1100, in main',
    "Order filled: 100 AAPL @ 165.20",
    "BUY 200 SPY LMT 321.00 DAY",
    "portfolio value 10197.50 USD",
    "subscribed to 101 symbols",
    "reqId 354 done",
    "reqId=502 symbol=MSFT bars=390",
    "version 10.37.1l build 2104",
    "server version 176",
    "2104 symbols loaded",
    "scanned 10141 contracts",
    "window closed by user",
    "market closed",
    "connected to database",
    "the strategy was refused by the risk manager",
    "user name changed",
    "Warning: 504 missing values in column close",
]


@pytest.mark.parametrize("line", INNOCENT)
def test_an_innocent_line_has_no_meaning(line: str) -> None:
    assert explain(line, load_guides()) is None


@pytest.mark.parametrize(
    "line",
    [
        "2023-08-20 06:00:20:010 IBC: Login has completed",
        "IBC: detected dialog entitled: Tip of the Day; event=Opened",
        "BlockingIOError: [WinError 10035] A non-blocking socket operation could not be completed immediately",
        "Switching to a new encrypted log...",
    ],
)
def test_what_is_harmless_says_so(line: str) -> None:
    explanation = known(line)

    assert explanation.good_news
    assert explanation.causes == ()


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("IBC: detected dialog entitled: Use SSL encryption; event=Opened", "ssl-dialog"),
        ("This version of TWS is no longer supported. Please install the latest version.", "version-refused"),
        ("Version 10.19 will be desupported on March 3", "version-refused"),
        ("exit code: 1112", "log-in-screen-missing"),
        ("IBC exiting with exit code=1101", "ibc-stopped"),
        ("Offline TWS/Gateway version 1019 is not installed: can't find jars folder", "ibc-no-program"),
        ("SocketException (10050): A socket operation encountered a dead network.", "network-down"),
        ("OSError: [Errno 99] Cannot assign requested address", "address-not-here"),
        ("System.Net.Sockets.SocketException (10057): not connected", "not-connected"),
        ("[WinError 10055] the system lacked sufficient buffer space or because a queue was full", "no-room"),
        ("Connectivity between IB and TWS has been restored- data lost.", "data-lost"),
        ("cause - The API interface is currently in Read-Only mode.", "read-only"),
        ("API in Read-Only mode: true", "read-only"),
        ("API support is not available for accounts that support free trading.", "api-not-for-account"),
        ("Connectivity between IB and TWS has been restored - data maintained.", "link-restored"),
    ],
)
def test_rarer_symptoms_are_known_too(line: str, name: str) -> None:
    symptom = next(s for s in SYMPTOMS if s.name == name)

    assert known(line).title == symptom.title
