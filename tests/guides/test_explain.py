"""What `gatelight explain` makes of words: codes, numbers, and lines pasted from many programs' logs."""

# Lines of log stand here as programs wrote them, on one line.
# ruff: noqa: E501

import json
import re
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.guide import Guide, parse_guide, placeholders
from agent.guides import in_general, load_guides
from agent.guides.explain import Explanation, explain, render
from agent.tws.applications import ApplicationKind
from agent.tws.notices import CATALOGUE
from agent.tws.symptoms import SYMPTOMS

SILENT = parse_guide(
    "api-silent",
    """# The API does not answer

{app} accepts connections on port {port}, but never answers. See [the page](https://example.org/x).

- a window
- a hang

## Steps in TWS

1. Look at the TWS window.
2. Open **File > Global Configuration...**.

## Steps in IB Gateway

1. Open **Configure > Settings**.

## Good to know

Patience helps.
""",
)
LINK = parse_guide("server-link-lost", "# The link is lost\n\nIt is.\n\n## Steps\n\n1. Wait for {app}.\n")
GUIDES = {guide.code: guide for guide in (SILENT, LINK)}


def known(words: str, guides: dict[str, Guide] | None = None) -> Explanation:
    explanation = explain(words, load_guides() if guides is None else guides)

    assert explanation is not None, words
    return explanation


# ── problem codes ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "words", ["api-silent", "API silent", "api_silent", "  Api-Silent?\n", "why is it api-silent today"]
)
def test_a_problems_code_is_explained_by_its_guide(words: str) -> None:
    explanation = known(words, GUIDES)

    assert explanation.subject == "Problem api-silent"
    assert [cause.code for cause in explanation.causes] == ["api-silent"]
    assert [part.application for part in explanation.causes[0].steps] == [ApplicationKind.TWS, ApplicationKind.GATEWAY]


def test_a_guides_title_is_recognised_too() -> None:
    assert known("Gatelight: the api does not answer (since 14:03)", GUIDES).subject == "Problem api-silent"


def test_a_code_without_a_guide_is_unknown() -> None:
    assert explain("api-wedged", GUIDES) is None


def test_every_guide_is_explained_by_its_code_and_fits_the_terminal() -> None:
    for code in load_guides():
        text = render(known(code))

        assert text.startswith(f"Problem {code}: ")
        assert "\n  1. " in text
        assert not re.search(r"\*\*|`|\{[a-z_]+\}|…\.", text)
        assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("kind", ApplicationKind)
@pytest.mark.parametrize("code", sorted(load_guides()))
def test_a_guide_in_general_has_no_gaps(code: str, kind: ApplicationKind) -> None:
    guide = in_general(load_guides()[code], kind)
    steps = [step for steps in guide.steps.values() for step in steps]
    text = "\n".join([guide.title, guide.meaning, guide.more, *steps])

    assert not placeholders(text)
    whole = text.replace("Configuration...", "Configuration")
    assert not re.search(r"<|[{}→…]|\.\.|[,;:]\.| [,.]|\b(\w+) \1\b", whole)
    assert not re.search(r"\b(?:port|the|a|an) (?:the|its|a|some time|for some time)\b", whole)
    assert all(
        sentence[:1].isupper() or not sentence[:1].isalpha() for sentence in re.split(r"[.?] +|\n\n+", guide.meaning)
    )
    assert all(step[0].isupper() for step in steps)


@pytest.mark.parametrize("code", sorted(load_guides()))
def test_what_a_guide_says_in_general_replaces_something_of_it(code: str) -> None:
    guide = load_guides()[code]
    steps = (step for steps in guide.steps.values() for step in steps)
    text = " ".join(" ".join([guide.title, guide.meaning, guide.more, *steps]).split())

    assert [piece for piece, _ in guide.general if piece not in text] == []


def test_a_guide_in_general_reads_as_if_written_so() -> None:
    guides = {code: in_general(guide) for code, guide in load_guides().items()}

    assert guides["api-silent"].meaning == (
        "TWS or IB Gateway accepts connections on its API port, but never answers the first message. Most likely a window "
        "waits for a click, or the application hangs."
    )
    assert guides["trading-mode-mismatch"].steps[ApplicationKind.TWS][3] == (
        "Start it again and choose that kind on the log-in screen."
    )
    assert "but for some time TWS or IB Gateway itself has had no connection" in " ".join(
        guides["server-link-lost"].meaning.split()
    )
    assert guides["scheduled-outage"].steps[ApplicationKind.GATEWAY][0] == "Wait until that time is over."
    assert guides["host-unreachable"].steps[ApplicationKind.TWS][-1] == (
        "Let the firewall there accept connections to the API port (TCP)."
    )


# ── notices ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "words", ["1100", "error 1100", "notice 1100", "code=1100", "Error 1100, reqId -1: 连接已断开"]
)
def test_a_notice_is_explained_by_its_number(words: str) -> None:
    explanation = known(words, GUIDES)

    assert explanation.subject == "Notice 1100"
    assert explanation.causes[0].code == "server-link-lost"
    assert explanation.causes[0].steps[0].application is ApplicationKind.UNKNOWN
    assert explanation.causes[0].steps[0].steps == ("Wait for TWS or IB Gateway.",)
    assert not explanation.good_news


@pytest.mark.parametrize("code", sorted(set(CATALOGUE) - {0}))
def test_every_notice_can_be_explained_and_shown(code: int) -> None:
    text = render(known(f"error {code}" if code >= 1000 else str(code)))

    assert text.startswith(f"Notice {code}: ")
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("code", [2104, 2106, 2158, 2107, 2108, 1102])
def test_good_news_is_called_good_news(code: int) -> None:
    explanation = known(f"Warning {code}, reqId -1: all is well:usfarm")

    assert explanation.good_news
    assert explanation.causes == ()
    assert "good news" in render(explanation)
    assert "What to do" not in render(explanation)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("Warning 2104, reqId -1: Market data farm connection is OK:usfarm.nj", "The farm is usfarm.nj (market data)."),
        ("IB warning code 1300: Please reconnect on the new port - 7498", "The new port is 7498."),
        (
            "Error 1102, reqId -1: restored - data maintained. The following farms are connected: usfarm. The following "
            "farms are not connected: ushmds; secdefil.",
            "Not connected yet: ushmds, secdefil.",
        ),
        ("Error 200, reqId 7: No security definition", "While TWS has no connection to IB's servers"),
    ],
)
def test_what_a_notices_text_tells_is_said(words: str, part: str) -> None:
    assert part in known(words).meaning


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("Error 162, reqId 3: Historical Market Data Service error message:API historical data query pacing violation", "pacing-violation"),
        ("Error 162, reqId 3: Trading TWS session is connected from a different IP address", "competing-session"),
        ("pacing violation (code: 162, req_id=12).", "pacing-violation"),
        ("Error 321, reqId 3: Error validating request.-'bN' : cause - The API interface is currently in Read-Only mode.", "read-only-api"),
        ("Error 10189, reqId 3: Failed to request tick-by-tick data:No market data permissions for ISLAND", "data-not-subscribed"),
    ],
)  # fmt: skip
def test_a_number_with_several_meanings_is_told_by_its_text(line: str, cause: str) -> None:
    assert [one.code for one in known(line).causes] == [cause]


def test_of_several_notices_the_lost_link_comes_first_and_good_news_last() -> None:
    explanation = known(
        "Warning 2104, reqId -1: Market data farm connection is OK:usfarm\n"
        "Error 200, reqId 7: No security definition has been found for the request\n"
        "Error 1100, reqId -1: Connectivity between IBKR and Trader Workstation has been lost.\n"
        "Error 1100, reqId -1: Connectivity between IBKR and Trader Workstation has been lost.\n"
    )

    assert explanation.subject == "Notice 1100"
    assert [line.split(":")[0] for line in explanation.also] == ["Notice 200", "Notice 2104"]
    assert "Also in these words:" in render(explanation)


def test_trouble_beside_good_news_is_what_gets_explained() -> None:
    explanation = known(
        "Warning 2104, reqId -1: Market data farm connection is OK:usfarm\nPeer closed connection. clientId 7 already in use?"
    )

    assert explanation.causes[0].code == "client-id-in-use"
    assert not explanation.good_news
    assert explanation.also[0].startswith("Notice 2104")


# ── symptoms ────────────────────────────────────────────────────────────────────────────────────

LINES = [
    ("API connection failed: ConnectionRefusedError(111, \"Connect call failed ('127.0.0.1', 7497)\")", "app-not-running"),
    ("ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 7497)", "app-not-running"),
    ("ConnectionRefusedError: [WinError 10061] No connection could be made because the target machine actively refused it", "app-not-running"),
    ("[Errno 61] Connection refused", "app-not-running"),
    ("Error: connect ECONNREFUSED 127.0.0.1:4002", "app-not-running"),
    ("java.net.ConnectException: Connection refused (Connection refused)", "app-not-running"),
    ("Verbindung fehlgeschlagen: [WinError 10061] Es konnte keine Verbindung hergestellt werden, da der Zielcomputer die Verbindung verweigerte", "app-not-running"),
    ("System.Net.Sockets.SocketException (10061): 由于目标计算机积极拒绝，无法连接。", "app-not-running"),
    ("Make sure API port on TWS/IBG is open", "app-not-running"),
    ("Couldn't connect to TWS. Confirm that \"Enable ActiveX and Socket Clients\" is enabled and connection port is the same as \"Socket Port\"", "app-not-running"),
    ("Trader Workstation is not running", "app-not-running"),
    ("Quantower: Interactive Brokers - wrong connection parameters", "api-port-mismatch"),
    ("API connection failed: TimeoutError()", "api-silent"),
    ("asyncio.exceptions.TimeoutError", "api-silent"),
    ("API connection failed: CancelledError()", "api-silent"),
    ("System.TimeoutException: InteractiveBrokersBrokerage.Connect(): Operation took longer than 15 seconds.", "api-silent"),
    ("Connection to 127.0.0.1:7497 timed out", "api-silent"),
    ("Peer closed connection. clientId 1 already in use?", "client-id-in-use"),
    ("Peer closed connection.", "peer-not-trusted"),
    ("TWS/gateway version must be >= 972", "app-outdated"),
    ("The TWS is out of date and must be upgraded.", "app-outdated"),
    ("socket closed or broken", "peer-not-trusted"),
    ("DEBUG socket either closed or broken, disconnecting", "peer-not-trusted"),
    ("ConnectionResetError: [WinError 10054] An existing connection was forcibly closed by the remote host", "peer-not-trusted"),
    ("ConnectionAbortedError: [WinError 10053] An established connection was aborted by the software in your host machine", "peer-not-trusted"),
    ("BrokenPipeError: [Errno 32] Broken pipe", "peer-not-trusted"),
    ("ConnectionResetError(104, 'Connection reset by peer')", "peer-not-trusted"),
    ("io error: unexpected EOF, reading from 127.0.0.1:4002", "peer-not-trusted"),
    ("socket.gaierror: [Errno 11001] getaddrinfo failed", "host-unresolvable"),
    ("getaddrinfo ENOTFOUND tws.home.lan", "host-unresolvable"),
    ("OSError: [Errno 113] No route to host", "host-unreachable"),
    ("[WinError 10060] A connection attempt failed because the connected party did not properly respond", "host-unreachable"),
    ("OSError: [Errno 101] Network is unreachable", "host-unreachable"),
    ("open orders request timed out", "read-only-api"),
    ("ERROR ib_async.ib completed orders request timed out", "read-only-api"),
    ("positions request timed out", "app-frozen"),
    ("Login failed = Soft token=0 received instead of expected permanent for zdc1.ibllc.com:4001 (SSL)", "login-pending"),
    ("2023-06-08 08:12:40:352 IBC: Detected dialog entitled: Login failed; event=Activated", "login-pending"),
    ("2023-06-08 08:12:39:615 IBC: Detected dialog entitled: Re-login is required; event=Focused", "login-pending"),
    ("2026-11-22 06:00:01:100 IBC: detected dialog entitled: Existing session detected; event=Opened", "competing-session"),
    ("IBC: detected dialog entitled: Second Factor Authentication; event=Opened", "login-pending"),
    ("IBC: detected dialog entitled: Accept incoming connection; event=Opened", "api-silent"),
    ("IBC: detected dialog entitled: API client needs write access action confirmation", "read-only-api"),
    ("IBC returned exit code 1111", "login-pending"),
    ("Login failed - Server disconnected, please try again", "scheduled-outage"),
    ("Unrecognized Username or Password", "login-pending"),
    ("Too many failed login attempts", "login-pending"),
    ("This is not a brokerage account", "api-silent"),
    ("ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1129)", "not-tws"),
    ("error --- Connectivity between IB and Trader Workstation has been lost.", "server-link-lost"),
    ("error --- Market data farm connection is broken:usfarm", "data-farm-broken"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "cause"), LINES)
def test_a_line_without_a_number_is_known_by_its_words(line: str, cause: str) -> None:
    explanation = known(line)

    assert explanation.causes[0].code == cause
    assert explanation.causes[0].steps
    assert "  1. " in render(explanation)


@pytest.mark.parametrize(
    "line",
    [
        "> error --- Market data farm connection is OK:hfarm",
        "error --- HMDS data farm connection is inactive but should be available upon demand.ushmds",
        "2026-11-22 14:03:22,101 ib_async.client INFO Logged on to server version 178",
        "2026-11-22 14:03:22,140 ib_async.client INFO API connection ready",
    ],
)
def test_good_news_without_a_number_is_good_news(line: str) -> None:
    assert known(line).good_news


def test_an_ambiguous_line_lists_its_causes_and_the_way_to_tell_them_apart() -> None:
    text = render(known("API connection failed: TimeoutError()"))

    assert text.index("(api-silent)") < text.index("(peer-not-trusted)") < text.index("(client-id-in-use)")
    assert "gatelight doctor" in text


def of_line(case: dict[str, Any]) -> Explanation | None:
    return explain(case["line"], load_guides())


@pytest.mark.parametrize("symptom", SYMPTOMS, ids=lambda s: s.name)
def test_every_symptom_leads_somewhere(symptom) -> None:  # type: ignore[no-untyped-def]
    assert symptom.good_news or symptom.steps or symptom.causes
    assert set(symptom.causes) <= set(load_guides())
    assert len(symptom.title) <= 80


def test_every_symptom_is_reached_by_a_tested_line() -> None:
    titles = {known(line).title for line, _ in LINES} | {found.title for found in map(of_line, REAL_LINES) if found}
    causes = {symptom.title for symptom in SYMPTOMS if symptom.causes}
    untested = causes - titles - {s.title for s in SYMPTOMS if s.name in _BY_HAND}

    assert untested == set()


_BY_HAND = {
    *("ssl-dialog", "version-refused", "log-in-screen-missing", "data-lost", "read-only", "ibc-stopped"),
    *("ibc-no-program", "network-down", "address-not-here", "not-connected", "no-room"),
}


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


# ── lines of real logs ──────────────────────────────────────────────────────────────────────────

RECORDED = Path(__file__).parent.parent / "recorded"
REAL_LINES = [
    line
    for name in ("explain-lines", "explain-more-lines")
    for line in json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
]
"""Lines of programs, launcher.log and IBC, dialog titles, errors of Windows in many languages: what must be said."""


@pytest.mark.parametrize("case", REAL_LINES, ids=lambda case: case["line"][:60])
def test_a_real_line_gets_its_meaning(case: dict[str, Any]) -> None:
    explanation = explain(case["line"], load_guides())
    text = render(explanation).casefold() if explanation else ""

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


# ── unknown words, missing guides ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "hello world",
        "99999",
        "7497",
        "Error 99999, reqId -1: unheard of",
        "2026-11-22 14:03:22,101 ib_async.client INFO Connecting to 127.0.0.1:7497 with clientId 326...",
        "accountSummary reqId: 2104 account: DU1100 value: 1300.50 USD",
        "AAPL last 200 bid 199.98 ask 200.02 size 1100",
        "HTTP/1.1 200 OK",
        "position: Position(account='DU1234567', position=1100.0, avgCost=326.0)",
        "nextValidId --- [1100]",
        "not-a-problem",
    ],
)
def test_what_is_not_known_has_no_explanation(words: str) -> None:
    assert explain(words, load_guides()) is None


@pytest.mark.parametrize("words", ["1100", "API connection failed: TimeoutError()", "Error 502, reqId -1: x"])
def test_missing_guides_leave_the_catalogues_own_words(words: str) -> None:
    explanation = known(words, {})

    assert explanation.title
    assert all(cause.steps == () and cause.title for cause in explanation.causes)
    assert render(explanation)


@given(st.text(max_size=300))
def test_any_words_are_survived(words: str) -> None:
    explanation = explain(words, GUIDES)

    assert explanation is None or render(explanation)


# ── the terminal ────────────────────────────────────────────────────────────────────────────────


def test_a_guide_is_rendered_as_plain_text() -> None:
    assert render(known("api-silent", GUIDES)) == (
        "Problem api-silent: The API does not answer\n"
        "\n"
        "TWS or IB Gateway accepts connections on its API port, but never answers. See the page\n"
        "(https://example.org/x).\n"
        "\n"
        "- a window\n"
        "- a hang\n"
        "\n"
        "Steps in TWS:\n"
        "  1. Look at the TWS window.\n"
        "  2. Open “File > Global Configuration...”.\n"
        "\n"
        "Steps in IB Gateway:\n"
        "  1. Open “Configure > Settings”.\n"
        "\n"
        "Patience helps."
    )


def test_a_notice_with_several_causes_is_rendered_with_the_steps_of_the_first() -> None:
    assert render(known("1100", GUIDES)) == (
        "Notice 1100: TWS has lost its connection to IB's servers\n"
        "\n"
        "It usually passes by itself.\n"
        "\n"
        "What to do:\n"
        "  1. Wait some minutes. If it lasts longer than ten minutes outside a reset window,\n"
        "     check internet and VPN.\n"
        "\n"
        "What can be behind it, likeliest first:\n"
        "  1. The link is lost (server-link-lost)\n"
        "  2. Scheduled outage (scheduled-outage)\n"
        "  3. Network down (network-down)\n"
        "  4. Competing session (competing-session)\n"
        "\n"
        "The link is lost\n"
        "\n"
        "It is.\n"
        "\n"
        "Steps:\n"
        "  1. Wait for TWS or IB Gateway.\n"
        "\n"
        "gatelight doctor finds out which one it is; gatelight explain CODE has the steps of each."
    )


@pytest.mark.parametrize(
    "piece", ["connection ", "Error ", "1 ", "timed out", "login ", "connectivity between a ", "x"]
)
def test_a_huge_paste_is_explained_in_no_time(piece: str) -> None:
    started = perf_counter()
    explain(piece * 40_000, GUIDES)

    assert perf_counter() - started < 5.0
