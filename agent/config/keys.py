"""Every key of the configuration: its kind of value, its meaning, and who may see and change it.

To add a key: declare it below, and a field of the same name, with its default, in the settings class of its table
(`agent/core/settings.py`). A kind of value that is not there yet goes into `agent/config/kinds.py`.
`tests/config/test_keys.py` says what is missing.
"""

from dataclasses import replace
from typing import Any

from agent.config.key import Key, KeyTable
from agent.config.keys_notices import NOTIFICATIONS, TARGETS
from agent.config.keys_outward import HOOKS, METRICS, PING, RELAYS_TABLE
from agent.config.kinds import (
    CONNECTION_NAME,
    HIGHEST_PORT,
    HOST_NAME,
    START_COMMAND,
    SYMBOLS,
    WEB_FOLDER,
    flag,
    one_of,
    time_span,
    whole_number,
)
from agent.core.settings import (
    CheckSettings,
    ConnectionSettings,
    HistorySettings,
    Intent,
    PageSettings,
    Settings,
    UpdateSettings,
    WantedApplication,
    WantedMode,
    in_key_store,
)
from agent.tws.privacy import MASK

HIGHEST_CLIENT_ID = 2**31 - 1
"""A client ID is a signed 32-bit number on the wire."""


CONNECTIONS = KeyTable(
    "connections",
    "Connection",
    ConnectionSettings,
    (
        Key(
            "name",
            CONNECTION_NAME,
            "shown everywhere",
            "Name",
            "Shown in notices, in the menu and on this page.",
            example="Paper Gateway",
        ),
        Key(
            "application",
            one_of(WantedApplication),
            "which application it is meant for",
            "Application",
            "If the other one runs instead, Gatelight says so.",
            words=("TWS", "IB Gateway", "Either"),
        ),
        Key(
            "trading_mode",
            one_of(WantedMode),
            "which trading mode it is meant for; a mismatch is an alarm",
            "Live or paper",
            "If an account of the other kind is logged in, you get an alarm, in quiet hours too.",
            words=("Live", "Paper", "Either"),
        ),
        Key(
            "intent",
            one_of(Intent),
            "what your programs do here: decides whether Read-Only API is a problem",
            "Your programs",
            "If they place orders, Read-Only API in TWS is a problem. If they only read, it is none.",
            words=("Place orders", "Only read data"),
        ),
        Key(
            "host",
            HOST_NAME,
            "where the application runs",
            "Computer",
            "Where TWS or IB Gateway runs: its name or address. 127.0.0.1 is this computer.",
            example="192.168.1.20",
        ),
        Key(
            "port",
            whole_number(1, HIGHEST_PORT, auto=True),
            'API port; "auto": what the application listens on, else its default',
            "API port",
            "The port your programs connect to. Empty: the one that TWS or IB Gateway listens on.",
            example="4002",
            empty="auto",
        ),
        Key(
            "auto_connect",
            flag(),
            "connect without being asked",
            "Watch from the start",
            "Off: this connection waits until you choose “Watch”, on the page or in the menu.",
        ),
        Key(
            "client_id",
            whole_number(1, HIGHEST_CLIENT_ID, auto=True, reasons={0: "client ID 0 would adopt manual orders"}),
            'client ID of the agent’s own session; "auto": a free high one; 0 would adopt manual orders',
            "Client ID of Gatelight",
            "No other program may use the same one. Empty: a free one.",
            example="7341",
            empty="auto",
            advanced=True,
        ),
        Key(
            "start_command",
            START_COMMAND,
            "starts the application: the program and its arguments",
            "Start command",
            "Lets Gatelight start TWS or IB Gateway, through IBC for example, when you ask for it. "
            "The program is on the first line, each argument on a line of its own.",
            example="/opt/ibc/gatewaystart.sh\n-inline",
            guarded=True,
            advanced=True,
        ),
    ),
    repeated=True,
)

CHECKS = KeyTable(
    "checks",
    "Market data test",
    CheckSettings,
    (
        Key(
            "look_every",
            time_span(1, 3600, "5s"),
            "how often processes and sockets are read; half as often while connected or while the port does not serve "
            "Gatelight, down to a quarter as often once all was well and nothing new for a minute while no page is "
            "open, and less often where reading takes more than 2 % of the time; nothing is sent to TWS",
            "Look at this computer every",
            "Reads which programs run and which ports they use. Nothing is sent to TWS.",
            durations=("2s", "5s", "10s", "30s", "1m"),
            advanced=True,
        ),
        Key(
            "heartbeat_every",
            time_span(2, 3600, "10s"),
            "how often a quiet session is asked for the time",
            "Ask TWS for the time every",
            "Only when nothing else was heard: so a frozen TWS is noticed.",
            durations=("5s", "10s", "30s", "1m", "5m"),
            advanced=True,
        ),
        Key(
            "reply_timeout",
            time_span(1, 600, "5s"),
            "how long TWS may take to answer",
            "Wait for an answer of TWS",
            "An answer that takes longer counts as none.",
            durations=("2s", "5s", "10s", "30s", "1m"),
            advanced=True,
        ),
        Key(
            "test_symbols",
            SYMBOLS,
            "only used by the data self-test",
            "Symbols",
            "What the test suggests, one on each line. Nothing is asked for without a click.",
            example="AAPL\nEUR.USD",
        ),
    ),
)

PAGE = KeyTable(
    "page",
    "This page",
    PageSettings,
    (
        Key(
            "enabled",
            flag(),
            "the status page, on this machine only",
            "This page",
            "Off: there is the icon and the terminal, and this page cannot be opened any more.",
            advanced=True,
        ),
        Key(
            "port",
            whole_number(0, HIGHEST_PORT),
            "0: any free one",
            "Port of this page",
            "It is served to this computer alone. Empty: any free port.",
            example="8765",
            empty="0",
            advanced=True,
        ),
    ),
)

HISTORY = KeyTable(
    "history",
    "History",
    HistorySettings,
    (
        Key(
            "keep",
            time_span(86400, 3650 * 86400, "90d"),
            "how long what happened is kept, on this machine",
            "Keep what happened for",
            "It stays on this computer.",
            durations=("7d", "30d", "90d", "365d"),
            advanced=True,
        ),
        Key(
            "weekly_summary",
            flag(),
            "a notice on Monday at 09:00 with uptime, longest outages and what was not watched",
            "Weekly summary",
            "A notice on Monday morning: uptime, the longest outages, and what was not watched.",
        ),
    ),
)

UPDATES = KeyTable(
    "updates",
    "New versions",
    UpdateSettings,
    (
        Key(
            "check",
            flag(),
            "ask once a week whether there is a newer version; where a package manager brings it, this does nothing",
            "Look for new versions",
            "Once a week, with a question that is the same from every computer. Nothing is downloaded: "
            "a line in the menu and on this page tells where a new version can be had.",
        ),
        Key(
            "address",
            WEB_FOLDER,
            "folder on the web with `latest.json`, which names the newest version; empty: the built-in one, if any",
            "Where new versions are looked for",
            "The address of a folder that has a file latest.json. Empty: the one that was built in, if any.",
            example="https://example.org/gatelight",
            guarded=True,
            advanced=True,
        ),
    ),
)

TABLES: dict[str, KeyTable] = {
    table.name: table
    for table in (
        CONNECTIONS,
        CHECKS,
        NOTIFICATIONS,
        TARGETS,
        PAGE,
        HISTORY,
        UPDATES,
        HOOKS,
        PING,
        METRICS,
        RELAYS_TABLE,
    )
}
"""The whole configuration. A table that holds another one comes before it."""


def inner_tables(table: KeyTable) -> dict[str, KeyTable]:
    """The tables within this one, by the key under which it holds them."""
    return {inner.path[-1]: inner for inner in TABLES.values() if inner.path[:-1] == table.path}


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Every text of a secret key in the settings."""
    found: list[Any] = []
    for table in TABLES.values():
        held = table.held_by(settings)
        for section in held if table.repeated else (held,):
            for value in (getattr(section, key.name) for key in table.keys if key.secret):
                found += value if isinstance(value, tuple) else [value]
    return tuple(text for text in found if isinstance(text, str) and text and not in_key_store(text))


def is_guarded(address: str) -> bool:
    """Whether an address, in the form of `gatelight config set`, ends in the name of a guarded key of any table."""
    name = address.rpartition(".")[2].strip()
    return any(key.guarded and key.name == name for table in TABLES.values() for key in table.keys)


def for_others(settings: Settings) -> Settings:
    """The settings without what only their user may know: what is secret, and the commands of programs."""
    for table in TABLES.values():
        held = table.held_by(settings)
        opened = tuple(_open(table, section) for section in held) if table.repeated else _open(table, held)
        settings = table.put_into(settings, opened)
    return replace(settings, secrets=())


def _open(table: KeyTable, section: Any) -> Any:
    private = ((key, getattr(section, key.name)) for key in table.keys if key.secret or key.guarded)
    # A default tells nothing of the user.
    hidden = {key.name: _hidden(key, value) for key, value in private if value != table.default(key.name)}
    return replace(section, **hidden) if hidden else section


def _hidden(key: Key, value: Any) -> Any:
    if key.secret:
        return key.shown(value)
    if isinstance(value, tuple):
        return tuple(_hidden(key, one) for one in value)
    return MASK if isinstance(value, str) and value else value
