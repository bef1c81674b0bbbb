"""What `gatelight explain` makes of words: codes, numbers, and lines pasted from many programs' logs."""

# Lines of log stand here as programs wrote them, on one line.
# ruff: noqa: E501

import re
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.cli.terminal import laid_out
from agent.core.guide import Guide, parse_guide
from agent.guides import load_guides
from agent.guides.explain import Explanation, explain, render_explained
from agent.simulator.launcher_log import TROUBLES
from agent.tws.applications import ApplicationKind
from agent.tws.notices import CATALOGUE
from agent.tws.symptoms import SYMPTOMS
from tests.guides.explain_lines import REAL_LINES

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
        text = laid_out(render_explained(known(code)), 88)

        assert text.startswith(f"Problem {code}: ")
        assert re.search(r"\n {2,6}1\. ", text)
        assert not re.search(r"\*\*|`|\{[a-z_]+\}|…\.", text)
        assert max(map(len, text.splitlines())) <= 100


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
    text = laid_out(render_explained(known(f"error {code}" if code >= 1000 else str(code))), 88)

    assert text.startswith(f"Notice {code}: ")
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("code", [2104, 2106, 2158, 2107, 2108, 1102])
def test_good_news_is_called_good_news(code: int) -> None:
    explanation = known(f"Warning {code}, reqId -1: all is well:usfarm")

    assert explanation.good_news
    assert explanation.causes == ()
    assert "good news" in render_explained(explanation)
    assert "What to do" not in render_explained(explanation)


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
        ("Error 200, reqId 7: No security definition", "While TWS has no connection to IB’s servers"),
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
    assert "Also in these words:" in render_explained(explanation)


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
    ("2026-08-28 22:30:02.112 INFO  [JTS-Main] - ------- IB GATEWAY RESTART -------", "app-starting"),
    ("2026-08-28 22:30:02.112 INFO  [JTS-Main] - Started on 20260829-05:30:03", "app-starting"),
    ("2026-08-28 22:30:02.112 INFO  [JTS-L] - Authorization failed: This version is no longer supported. ", "login-pending"),
    ("2026-08-28 22:30:02.112 INFO  [JTS-L] - AuthTimeoutMonitor-CCP: Timeout!", "login-pending"),
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
    assert "  1. " in render_explained(explanation)


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
    text = render_explained(known("API connection failed: TimeoutError()"))

    assert text.index("(api-silent)") < text.index("(peer-not-trusted)") < text.index("(client-id-in-use)")
    assert "gatelight doctor" in text


@pytest.mark.parametrize("symptom", SYMPTOMS, ids=lambda s: s.name)
def test_every_symptom_leads_somewhere(symptom) -> None:  # type: ignore[no-untyped-def]
    assert symptom.good_news or symptom.steps or symptom.causes
    assert set(symptom.causes) <= set(load_guides())
    assert len(symptom.title) <= 80


def test_every_symptom_is_reached_by_a_tested_line() -> None:
    titles = {known(line).title for line, _ in LINES} | {
        known(case["line"]).title for case in REAL_LINES if case["must_say_one_of"]
    }
    causes = {symptom.title for symptom in SYMPTOMS if symptom.causes}
    untested = causes - titles - {s.title for s in SYMPTOMS if s.name in _BY_HAND}

    assert untested == set()


_BY_HAND = {
    *("ssl-dialog", "version-refused", "log-in-screen-missing", "data-lost", "read-only", "ibc-stopped"),
    *("ibc-no-program", "network-down", "address-not-here", "not-connected", "no-room"),
}


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
    assert render_explained(explanation)


@given(st.text(max_size=300))
def test_any_words_are_survived(words: str) -> None:
    explanation = explain(words, GUIDES)

    assert explanation is None or render_explained(explanation)


# ── the terminal ────────────────────────────────────────────────────────────────────────────────


def test_a_guide_is_rendered_as_plain_text() -> None:
    assert laid_out(render_explained(known("api-silent", GUIDES)), 88) == (
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
    assert laid_out(render_explained(known("1100", GUIDES)), 88) == (
        "Notice 1100: TWS has lost its connection to IB’s servers\n"
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
        "“gatelight doctor” finds out which one it is; “gatelight explain CODE” has the steps of\n"
        "each."
    )


@pytest.mark.parametrize(
    "piece", ["connection ", "Error ", "1 ", "timed out", "login ", "connectivity between a ", "x"]
)
def test_a_huge_paste_is_explained(piece: str) -> None:
    used = thread_time()
    explain(piece * 40_000, GUIDES)

    # Processor time: an expression that tries all ways to match would take hours.
    assert thread_time() - used < 30.0


def test_every_line_that_tells_how_far_a_log_in_has_come_is_known_and_is_not_called_something_else() -> None:
    meant = {
        "push": "second factor is waiting",
        "push-unanswered": "not confirmed in time",
        "code": "second factor is waiting",
        "password": "The log-in failed",
        "expired": "weekly log-in",
        "locked": "Too many failed",
        "no-way": "did not reach IB’s servers",
        "no-answer": "did not answer",
        "refused": "refused or ended",
        "accepted": "complete",
    }
    for trouble, words in meant.items():
        line = f"2026-08-28 22:30:02.112 INFO  [JTS-Login-1] - {TROUBLES[trouble][-1]}"

        assert words in known(line).title, line
    for message in {m for messages in TROUBLES.values() for m in messages if "SocketTracker" not in m}:
        assert known(f"2026-08-28 22:30:02.112 INFO  [JTS-Login-1] - {message}")
