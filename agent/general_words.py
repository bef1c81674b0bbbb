"""What the placeholders of guides say when a problem is explained in general, with no real case at hand.

Where a value of the case would stand, a name for it in angle brackets; where a phrase would stand, one that is always
true.
"""

from collections.abc import Mapping

_ALWAYS: Mapping[str, str] = {
    "address": "<the address of the program>",
    "actual": "<what it really is>",
    "app": "TWS or IB Gateway",
    "at": "<time>",
    "away": "TWS or IB Gateway",
    "client_id": "<client ID>",
    "code": "1100 or 2110",
    "codes": "<number>",
    "count": "<number>",
    "due": "Sunday 01:00 New York time",
    "farms": "<farm>",
    "host": "<the other machine>",
    "kind": "market, historical or contract data",
    "limit": "<limit>",
    "memory": "<memory>",
    "missing": "the accounts or the next order ID",
    "name": "<name>",
    "needed": "<version>",
    "offset": "<seconds>",
    "other": "the other application",
    "owner": "<the other program>",
    "port": "<port>",
    "programs": "<your programs>",
    "rate": "100",
    "reason": "a reason that Gatelight names",
    "seen": "The port does not answer as TWS or IB Gateway do",
    "since": "<time>",
    "spoken": "<version>",
    "until": "<time>",
    "wanted": "<what you declared>",
    "window": "ten minutes",
}

_IN_GUIDE: Mapping[str, Mapping[str, str]] = {
    "agent-cannot-see": {"reason": "The system does not let Gatelight see all programs or their ports"},
    "api-disabled": {
        "cause": "its API is switched off; or, for IB Gateway, FIX CTCI was chosen at log-in, or it hangs"
    },
    "api-port-mismatch": {"actual": "<its port>", "port": "<your port>", "holder": "<nobody, or the other one>"},
    "api-silent": {"cause": "a window waits for a click, or the application hangs"},
    "app-memory-low": {"outlook": "which will not last"},
    "app-starting": {"grace": "a minute and a half"},
    "clock-off": {"direction": "fast or slow"},
    "config-invalid": {"reason": "The configuration file has something in it that Gatelight cannot use"},
    "data-farm-broken": {"effect": "Data of that farm is missing until it is back"},
    "data-lines-exhausted": {
        "codes": "101, 309 or 10190",
        "what": "market data lines, market depth or tick-by-tick subscriptions",
    },
    "data-not-subscribed": {"codes": "354, 10089, 10090, 10168 or 10186"},
    "host-unreachable": {
        "first_step": "Check that the other machine is on, and that its address in the configuration is right.",
        "seen": "The other machine does not answer on the API port.",
    },
    "pacing-violation": {"codes": "162 or 420"},
    "restart-at-risk": {"when": "at a set time"},
    "scheduled-outage": {"reason": "the reset of IB's servers, weekend maintenance or its own daily restart"},
    "several-apps": {"conflict": "Two applications compete for one port, or several fit one connection."},
    "too-many-clients": {"limit": "32", "count": "as many"},
    "trading-mode-mismatch": {"actual": "<live or paper>", "wanted": "<paper or live>"},
    "wrong-application": {"wanted": "the application you declared", "other": "the other one"},
    "wrong-product": {"seen": "Only the Client Portal Gateway runs, or the configured port is the one of it"},
}


def words_for(guide: str, app: str) -> dict[str, str]:
    """Something to say for every placeholder of one guide, told about one application (or both)."""
    return {**_ALWAYS, **_IN_GUIDE.get(guide, {}), "app": app, "away": app}
