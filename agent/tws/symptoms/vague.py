"""Symptoms that tell little, or that all is well; they are tried last.

Sources: those of `symptoms.programs`.
"""

from agent.tws.symptoms.shapes import Symptom, symptom

VAGUE: tuple[Symptom, ...] = (
    symptom(
        "no-answer",
        "The program connected or tried to, and got no session in time",
        "API libraries say “timed out” for several things: TWS accepts and never answers (a window waits, or it "
        "hangs), it closes at once (the address is not trusted), or the client ID is in use.",
        "api-silent peer-not-trusted client-id-in-use api-wedged session-not-ready container-not-ready",
        r"api\s+connection\s+failed:\s*(?:asyncio\.)?(?:timeout|cancelled)",
        r"\btimeout\s*error\b|timeout\s*exception|\bread\s+timed\s+out\b|\bsocket\.timeout\b",
        r"(?:connect\w*|handshake|connection|logon)\s.{0,40}\btim(?:ed|e)\s?-?out\b",
        r"operation\s+took\s+longer\s+than",
        r"failed\s+to\s+receive\s+server\s+version",
        phrases=(
            "i/o timeout",
            "verbindungsaufbau dauerte zu lange",
            "expiró el tiempo de conexión",
            "délai d'attente de connexion dépassé",
            "connessione scaduta",
            "tempo esgotado para conexão",
            "время ожидания соединения истекло",
            "连接超时",
            "連線逾時",
            "接続がタイムアウトしました",
        ),
    ),
    symptom(
        "could-not-connect",
        "The program could not connect",
        "TWS or IB Gateway is not running, not logged in yet, has its API switched off, or listens on another port "
        "than the program uses.",
        "app-not-running api-port-mismatch login-pending api-disabled api-silent",
        r"(?:unable|failed|not\s+able)\s+to\s+connect\s+to\s+(?:tws|ib\b|ibkr|interactive\s+brokers|trader\s+workstation"
        r"|(?:the\s+)?(?:ib\s+)?gateway)",
        r"not\s+connected\s+state|could(?:\s+not|n'?t)\s+connect\s+to\s+(?:ib\b|ibkr|interactive|(?:the\s+)?(?:ib\s+)?"
        r"gateway)",
    ),
    symptom(
        "link-lost",
        "TWS has lost its connection to IB’s servers",
        "Programs stay connected to TWS, but TWS itself has no connection to IB.",
        "server-link-lost scheduled-outage network-down",
        r"connectivity\s+between\s+\w+\s+and\s+(?:the\s+)?(?:tws|trader\s+workstation|server)\s+(?:has\s+been\s+lost|is\s+broken)",
    ),
    symptom(
        "link-restored",
        "TWS is connected to IB’s servers again",
        "The connection is back, and data subscriptions were kept.",
        "",
        r"connectivity\s+between\s+.{3,40}\s+has\s+been\s+restored\s*-?\s*data\s+maintained",
        good=True,
    ),
    symptom(
        "data-lost",
        "TWS is connected to IB’s servers again, data subscriptions are gone",
        "The connection is back, but programs have to subscribe to their data again.",
        "data-lost",
        r"connectivity\s+between\s+.{3,40}\s+has\s+been\s+restored\s*-?\s*data\s+lost",
    ),
    symptom(
        "farm-ok",
        "The connection to a data farm is OK",
        "Good news, although many programs print it as an error. A farm that is inactive wakes up on demand.",
        "",
        r"(?:market|hmds|sec-?def)\s+data\s+farm\s+connection\s+is\s+(?:ok|inactive)",
        good=True,
    ),
    symptom(
        "farm-broken",
        "The connection to a data farm is broken",
        "There is no data from that farm until it is back, usually within seconds or minutes.",
        "data-farm-broken scheduled-outage server-link-lost",
        r"(?:market|hmds|sec-?def)\s+data\s+farm\s+connection\s+is\s+broken",
    ),
    symptom(
        "connected",
        "The program is connected",
        "TWS answered and the session began.",
        "",
        r"api\s+connection\s+ready|logged\s+on\s+to\s+server\s+version",
        r"API\s+server\s+listening\s+on\s+port",
        good=True,
    ),
)
"""In the order they are tried."""
