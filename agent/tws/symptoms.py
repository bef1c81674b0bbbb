"""Words by which programs, TWS and IBC tell of trouble without a notice number, and what is behind them.

One symptom often has several causes: they are listed likeliest first, as codes of problems.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symptom:
    """One way of failing, as it is written in logs."""

    name: str
    title: str
    meaning: str
    causes: tuple[str, ...]
    """Codes of the problems that can be behind it, likeliest first."""
    pattern: re.Pattern[str]
    steps: tuple[str, ...] = ()
    """What to do, where no guide covers it."""
    good_news: bool = False


def _symptom(
    name: str, title: str, meaning: str, causes: str, *patterns: str, steps: tuple[str, ...] = (), good: bool = False
) -> Symptom:
    pattern = re.compile("|".join(f"(?:{p})" for p in patterns), re.IGNORECASE)
    return Symptom(name, title, meaning, tuple(causes.split()), pattern, steps, good)


SYMPTOMS: tuple[Symptom, ...] = (
    # ── log-in and windows of TWS, as IBC and IBAutomater name them ──
    _symptom(
        "weekly-log-in",
        "The weekly log-in is due: the stored token is no longer valid",
        "IB invalidates the tokens of automatic restarts every Sunday at 01:00 New York time, and sometimes at other "
        "times. TWS or IB Gateway then needs a full log-in with the second factor.",
        "login-pending login-due",
        r"soft\s+token\s*=\s*0",
    ),
    _symptom(
        "log-in-locked",
        "Too many failed log-ins",
        "IB has locked the log-in for a while after several failed attempts.",
        "login-pending",
        r"too\s+many\s+failed\s+login",
        steps=(
            "Wait some minutes before the next attempt. Do not let anything repeat the log-in by itself.",
            "Check user name, password and whether live or paper trading is chosen.",
            "Log in once, by hand.",
        ),
    ),
    _symptom(
        "server-disconnected",
        "The log-in did not reach IB's servers",
        "TWS or IB Gateway could not reach IB's servers while logging in: the internet connection is down, a firewall "
        "or proxy blocks ports 4000 and 4001, or IB resets its servers at this moment.",
        "scheduled-outage network-down login-pending",
        r"connection\s+to\s+server\s+failed|server\s+disconnected,?\s+please\s+try\s+again",
    ),
    _symptom(
        "log-in-failed",
        "The log-in failed",
        "TWS or IB Gateway did not accept user name or password, or they belong to the other trading mode. It waits "
        "at its log-in screen, and has no API port meanwhile.",
        "login-pending",
        r"unrecognized\s+username\s+or\s+password",
        r"(?:entitled|title|dialog|window)\W*login\s+failed",
        r"^\W*login\s+failed\W*$",
        r"IBC:\s*login\s+failed",
        steps=(
            "Check user name and password, and whether live or paper trading is chosen on the log-in screen.",
            "Log in by hand once. Several failed attempts lock the log-in.",
        ),
    ),
    _symptom(
        "second-factor",
        "The second factor is waiting for you",
        "TWS or IB Gateway waits for the confirmation on the phone. The request is valid for about three minutes; "
        "there is no API port before the log-in is done.",
        "login-pending",
        r"second\s+factor\s+authentication",
        r"security\s+code\s+card\s+authentication",
        r"enter\s+security\s+code",
        r"two[\s-]factor\s+(?:authentication|login)",
        r"exit\s*code\D{0,4}(?:1111|87)\b",
    ),
    _symptom(
        "log-in-screen-missing",
        "IBC gave up waiting for the log-in screen",
        "IBC ended with exit code 1112: TWS or IB Gateway did not show its log-in screen in time.",
        "login-pending app-not-running",
        r"exit\s*code\D{0,4}(?:1112|88)\b",
    ),
    _symptom(
        "existing-session",
        "The same user is logged in elsewhere",
        "IB allows one trading session per user name. TWS or IB Gateway asks which of the two shall go on.",
        "competing-session login-pending",
        r"existing\s+session\s+detected",
        r"trading\s+login\s+handoff",
        r"connected\s+from\s+a\s+different\s+ip\s+address",
        r"competing\s+live\s+session",
    ),
    _symptom(
        "re-log-in",
        "A new log-in is required",
        "The session ended, because the same user logged in elsewhere or the token of the automatic restart is no "
        "longer valid. TWS or IB Gateway waits for a log-in.",
        "login-pending competing-session restart-stuck login-due",
        r"re-?login\s+is\s+required",
    ),
    _symptom(
        "incoming-connection",
        "TWS asks whether to accept a program's connection",
        "The program comes from an address that is not among the trusted ones. TWS shows a window and does not answer "
        "the program before somebody clicks.",
        "api-silent peer-not-trusted",
        r"accept\s+incoming\s+connection",
    ),
    _symptom(
        "write-access",
        "A program wants more than Read-Only API allows",
        "TWS asks whether the program may have write access, and holds the request until somebody clicks.",
        "read-only-api",
        r"api\s+client\s+needs\s+write\s+access",
    ),
    _symptom(
        "paper-disclaimer",
        "The paper trading disclaimer waits for a click",
        "Before the window “This is not a brokerage account” is accepted, no program gets a session.",
        "api-silent session-not-ready",
        r"this\s+is\s+not\s+a\s+brokerage\s+account",
        r"non-?brokerage\s+account\s+warning",
    ),
    _symptom(
        "ssl-dialog",
        "The log-in waits for “Use SSL encryption”",
        "TWS or IB Gateway asks whether to connect to IB's servers with SSL, and does not go on without an answer.",
        "login-pending",
        r"use\s+ssl\s+encryption",
        steps=("Choose “Reconnect using SSL” in that window.",),
    ),
    _symptom(
        "version-refused",
        "IB no longer accepts this version",
        "This version of TWS or IB Gateway is too old for IB's servers.",
        "app-outdated",
        r"is\s+no\s+longer\s+supported.{0,60}(?:upgrade|version|install)|minimum\s+supported\s+version",
        r"will\s+be\s+desupported\s+on",
    ),
    _symptom(
        "api-not-for-account",
        "The account may not use the API",
        "Accounts of IBKR Lite (free trading) have no API.",
        "",
        r"api\s+support\s+is\s+not\s+available",
        steps=("Change the account to IBKR Pro in Client Portal, or ask IBKR.",),
    ),
    # ── programs: TWS too old, read-only, client ID ──
    _symptom(
        "server-version",
        "TWS or IB Gateway is too old for the program",
        "The program's API library needs a newer TWS or IB Gateway than the one that answered.",
        "app-outdated",
        r"tws\s*/\s*gateway\s+version\s+must\s+be",
        r"tws\s+is\s+out\s+of\s+date\s+and\s+must\s+be\s+upgraded",
    ),
    _symptom(
        "id-in-use",
        "TWS closed the connection while it was being set up",
        "The API library guesses that the client ID is in use. That is the commonest reason, but it says the same when "
        "TWS closes the connection for another one.",
        "client-id-in-use peer-not-trusted session-not-ready container-not-ready",
        r"client\s*id\s+\d*\s*(?:is\s+)?already\s+in\s+use",
    ),
    _symptom(
        "read-only",
        "The API is in read-only mode",
        "Read-Only API is on: TWS refuses orders, and the list of open orders as well.",
        "read-only-api",
        r"api\s+interface\s+is\s+currently\s+in\s+read-?\s?only\s+mode",
        r"API\s+in\s+Read-Only\s+mode:\s*true",
    ),
    _symptom(
        "orders-timed-out",
        "TWS did not answer a request for orders",
        "With Read-Only API on, TWS refuses the list of orders and the API library waits in vain. Else TWS is very "
        "slow or has stopped answering.",
        "read-only-api app-frozen",
        r"(?:open|completed)\s+orders\s+request\s+timed\s+out",
    ),
    _symptom(
        "request-timed-out",
        "TWS did not answer a request",
        "The connection stands, but a request of the start-up stayed unanswered: TWS is slow, or has stopped "
        "answering.",
        "app-frozen session-not-ready",
        r"(?:positions|account\s+updates|executions)\s+.{0,20}request\s+timed\s+out",
        r"account\s+updates(?:\s+for\s+\S+)?\s+timed\s+out",
    ),
    # ── programs: cannot connect ──
    _symptom(
        "not-this-protocol",
        "What answers on the port does not speak the TWS API",
        "The program sent its hello and got the answer of another kind of program, or expected HTTP or TLS of TWS.",
        "not-tws api-port-taken wrong-product",
        r"wrong[\s_]version[\s_]number",
        r"ssl\W{0,3}(?:handshake|record_layer)",
        r"invalid\s+http\s+(?:response|status)|bad\s+status\s*line",
    ),
    _symptom(
        "refused",
        "Nothing accepts connections on that port",
        "The connection was refused: TWS or IB Gateway is not running, not logged in yet, has its API switched off, or "
        "listens on another port than the program uses.",
        "app-not-running api-port-mismatch login-pending api-disabled container-not-ready",
        r"connection\s*refused",
        r"connect\s+call\s+failed",
        r"win(?:socket\s+)?error\s*\W?\s*10061",
        r"\b10061\b",
        r"\beconnrefused\b",
        r"actively\s+refused",
        r"\[?errno\s+(?:111|61)\b",
        r"make\s+sure\s+api\s+port\s+on\s+tws/ibg\s+is\s+open",
        r"couldn'?t\s+connect\s+to\s+tws",
    ),
    _symptom(
        "not-running",
        "The program found no TWS or IB Gateway",
        "Quantower says this for TWS and for IB Gateway alike. It is not running, not logged in yet, has its API "
        "switched off, or listens on another port than the program uses.",
        "app-not-running login-pending api-disabled api-port-mismatch",
        r"trader\s+workstation\s+is\s+not\s+running",
        r"(?:tws|ib\s+gateway)\s+is\s+not\s+running",
    ),
    _symptom(
        "wrong-parameters",
        "The program's connection settings do not fit TWS or IB Gateway",
        "Quantower says this when it reaches nothing it can use: check the kind of application first, then the port.",
        "api-port-mismatch wrong-application trading-mode-mismatch api-disabled client-id-in-use",
        r"wrong\s+connection\s+param(?:eter|etr)s?",
    ),
    _symptom(
        "name-unknown",
        "The host name means nothing",
        "The name of the machine with TWS could not be turned into an address.",
        "host-unresolvable",
        r"getaddrinfo\s+failed|name\s+or\s+service\s+not\s+known|nodename\s+nor\s+servname",
        r"\b(?:11001|enotfound)\b|temporary\s+failure\s+in\s+name\s+resolution|no\s+such\s+host\s+is\s+known",
    ),
    _symptom(
        "no-route",
        "The machine with TWS cannot be reached",
        "There is no way through the network to the other machine, or a firewall drops the attempt.",
        "host-unreachable network-down",
        r"no\s+route\s+to\s+host|(?:network|host)\s+is\s+unreachable|\behost?unreach\b|\benetunreach\b",
        r"\[?errno\s+(?:101|113|51|65)\b|win\s?error\s*\W?\s*1006[05]\b|\b(?:10051|10060|10065)\b|\betimedout\b",
    ),
    _symptom(
        "closed",
        "TWS closed the connection",
        "It ended without a reason. While it is being set up, TWS does that to addresses it does not trust and to a "
        "client ID that is in use; later, when it restarts, locks, or was sent too many messages.",
        "peer-not-trusted client-id-in-use scheduled-outage container-not-ready message-rate-exceeded",
        r"socket\s+(?:is\s+)?(?:either\s+)?(?:closed\s+or\s+broken|broken\s+or\s+closed)",
        r"peer\s+closed\s+connection",
        r"win\s?error\s*\W?\s*1005[34]|\b1005[34]\b|\beconnreset\b|\beconnaborted\b|\bepipe\b",
        r"connection\s*(?:was\s+)?(?:forcibly\s+closed|reset\s+by\s+peer|reset\s*error|aborted)",
        r"an\s+existing\s+connection\s+was\s+forcibly\s+closed|established\s+connection\s+was\s+aborted",
        r"broken\s*pipe|\[?errno\s+(?:104|54|32|103|53)\b|end\s+of\s+stream\s+has\s+been\s+reached",
        r"unexpected\s+eof|incomplete\s*read\s*error|socket\s+disconnect\b|EOFException",
    ),
    _symptom(
        "no-answer",
        "The program connected or tried to, and got no session in time",
        "API libraries say “timed out” for several things: TWS accepts and never answers (a window waits, or it "
        "hangs), it closes at once (the address is not trusted), or the client ID is in use.",
        "api-silent peer-not-trusted client-id-in-use api-wedged session-not-ready container-not-ready",
        r"api\s+connection\s+failed:\s*(?:asyncio\.)?(?:timeout|cancelled)",
        r"\btimeout\s*error\b|timeout\s*exception",
        r"(?:connect\w*|handshake|connection|logon)\s.{0,40}\btim(?:ed|e)\s?-?out\b",
        r"operation\s+took\s+longer\s+than",
    ),
    _symptom(
        "link-lost",
        "TWS has lost its connection to IB's servers",
        "Programs stay connected to TWS, but TWS itself has no connection to IB.",
        "server-link-lost scheduled-outage network-down",
        r"connectivity\s+between\s+\w+\s+and\s+(?:the\s+)?(?:tws|trader\s+workstation|server)\s+(?:has\s+been\s+lost|is\s+broken)",
    ),
    _symptom(
        "link-restored",
        "TWS is connected to IB's servers again",
        "The connection is back, and data subscriptions were kept.",
        "",
        r"connectivity\s+between\s+.{3,40}\s+has\s+been\s+restored\s*-?\s*data\s+maintained",
        good=True,
    ),
    _symptom(
        "data-lost",
        "TWS is connected to IB's servers again, data subscriptions are gone",
        "The connection is back, but programs have to subscribe to their data again.",
        "data-lost",
        r"connectivity\s+between\s+.{3,40}\s+has\s+been\s+restored\s*-?\s*data\s+lost",
    ),
    _symptom(
        "farm-ok",
        "The connection to a data farm is OK",
        "Good news, although many programs print it as an error. A farm that is inactive wakes up on demand.",
        "",
        r"(?:market|hmds|sec-?def)\s+data\s+farm\s+connection\s+is\s+(?:ok|inactive)",
        good=True,
    ),
    _symptom(
        "farm-broken",
        "The connection to a data farm is broken",
        "There is no data from that farm until it is back, usually within seconds or minutes.",
        "data-farm-broken scheduled-outage server-link-lost",
        r"(?:market|hmds|sec-?def)\s+data\s+farm\s+connection\s+is\s+broken",
    ),
    _symptom(
        "connected",
        "The program is connected",
        "TWS answered and the session began.",
        "",
        r"api\s+connection\s+ready|logged\s+on\s+to\s+server\s+version",
        r"API\s+server\s+listening\s+on\s+port",
        good=True,
    ),
)
"""In the order they are tried: the first that fits is taken, so the particular ones stand before the general ones."""


def symptom_of(text: str) -> Symptom | None:
    """The first symptom that a text shows."""
    return next((s for s in SYMPTOMS if s.pattern.search(text)), None)
