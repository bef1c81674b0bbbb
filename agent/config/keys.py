"""Every key of the configuration: its kind of value, its meaning, and who may see and change it.

To add a key: declare it below, and a field of the same name, with its default, in the settings class of its table
(`agent/core/settings.py`). A kind of value that is not there yet goes into `agent/config/kinds.py`.
`tests/config/test_keys.py` says what is missing.
"""

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from typing import Any

from agent.config.kinds import (
    CONNECTION_NAME,
    HOST_NAME,
    QUIET_TIMES,
    REMOTE_ADDRESSES,
    START_COMMAND,
    SYMBOLS,
    KeyKind,
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
    MinimumSeverity,
    NotificationSettings,
    PageSettings,
    WantedApplication,
    WantedMode,
)
from agent.tws.privacy import MASK

HIGHEST_PORT = 65535
HIGHEST_CLIENT_ID = 2**31 - 1
"""A client ID is a signed 32-bit number on the wire."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of one table."""

    name: str
    kind: KeyKind
    meaning: str
    """For the table of the README; a phrase without a full stop."""
    guarded: bool = False
    """Whether its value decides which program runs, or where data is sent. Only a page that was opened just now, from
    the user's icon or terminal, can change it; a fix cannot."""
    secret: bool = False
    """Whether its value is a secret of the user, which is never shown in full."""

    def shown(self, value: Any) -> Any:
        """A value in the form that may be shown: of a secret one, only the scheme of an address is left."""
        if isinstance(value, tuple):
            return tuple(self.shown(one) for one in value)
        if not self.secret or not isinstance(value, str) or not value:
            return value
        scheme, colon, _ = value.partition("://")
        return f"{scheme}://{MASK}" if colon else MASK


@dataclass(frozen=True, slots=True)
class KeyTable:
    """One table of the configuration, with the class of its settings."""

    name: str
    settings: type
    keys: tuple[Key, ...]
    repeated: bool = False
    """Whether the file may have several of them, each headed `[[name]]`."""

    def __post_init__(self) -> None:
        known = {one.name for one in fields(self.settings)}
        for key in self.keys:
            if key.name not in known:
                where = f"agent/core/settings.py: give {self.settings.__name__} a field {key.name}, with its default"
                raise TypeError(f"{where} (it has a Key in agent/config/keys.py)")

    def key(self, name: str) -> Key | None:
        """The key of this name; None when there is none."""
        return next((key for key in self.keys if key.name == name), None)

    def default(self, name: str) -> Any:
        """The value of a key that is not in the file; `MISSING` for a key that must be there."""
        return {declared.name: declared.default for declared in fields(self.settings)}[name]

    def required(self) -> Iterator[Key]:
        """The keys that have no default."""
        return (key for key in self.keys if self.default(key.name) is MISSING)


CONNECTIONS = KeyTable(
    "connections",
    ConnectionSettings,
    (
        Key(
            "name",
            CONNECTION_NAME,
            "shown everywhere",
        ),
        Key("application", one_of(WantedApplication), "which application it is meant for"),
        Key("trading_mode", one_of(WantedMode), "which trading mode it is meant for; a mismatch is an alarm"),
        Key("host", HOST_NAME, "where the application runs"),
        Key(
            "port",
            whole_number(1, HIGHEST_PORT, auto=True),
            'API port; "auto": what the application listens on, else its default',
        ),
        Key(
            "client_id",
            whole_number(1, HIGHEST_CLIENT_ID, auto=True, reasons={0: "client ID 0 would adopt manual orders"}),
            'client ID of the agent’s own session; "auto": a free high one; 0 would adopt manual orders',
        ),
        Key("auto_connect", flag(), "connect without being asked"),
        Key("intent", one_of(Intent), "what your programs do here: decides whether Read-Only API is a problem"),
        Key("start_command", START_COMMAND, "starts the application: the program and its arguments", guarded=True),
    ),
    repeated=True,
)

CHECKS = KeyTable(
    "checks",
    CheckSettings,
    (
        Key(
            "look_every",
            time_span(1, 3600, "5s"),
            "how often processes and sockets are read; half as often while connected or while the port does not serve "
            "Gatelight, and less often where reading takes more than 2 % of the time; nothing is sent to TWS",
        ),
        Key(
            "heartbeat_every",
            time_span(2, 3600, "10s"),
            "how often a quiet session is asked for the time",
        ),
        Key("reply_timeout", time_span(1, 600, "5s"), "how long TWS may take to answer"),
        Key(
            "test_symbols",
            SYMBOLS,
            "only used by the data self-test",
        ),
    ),
)

NOTIFICATIONS = KeyTable(
    "notifications",
    NotificationSettings,
    (
        Key("desktop", flag(), "notices on the desktop"),
        Key("minimum_severity", one_of(MinimumSeverity), "from which severity on there is a notice"),
        Key(
            "repeat_after",
            time_span(1, 365 * 86400, "30m", never=True),
            "when an unsolved problem is announced again; grows with each time",
        ),
        Key(
            "quiet_hours",
            QUIET_TIMES,
            "no notices then; a live/paper mismatch is never silenced",
        ),
        Key(
            "remote",
            REMOTE_ADDRESSES,
            "also tell these",
            guarded=True,
            secret=True,
        ),
    ),
)

PAGE = KeyTable(
    "page",
    PageSettings,
    (
        Key("enabled", flag(), "the status page, on this machine only"),
        Key("port", whole_number(0, HIGHEST_PORT), "0: any free one"),
    ),
)

HISTORY = KeyTable(
    "history",
    HistorySettings,
    (Key("keep", time_span(86400, 3650 * 86400, "90d"), "how long what happened is kept, on this machine"),),
)

TABLES: dict[str, KeyTable] = {table.name: table for table in (CONNECTIONS, CHECKS, NOTIFICATIONS, PAGE, HISTORY)}
"""The whole configuration."""


def secrets_of(tables: dict[str, Any]) -> tuple[str, ...]:
    """Every text of a secret key in the given settings, which are by table, and a tuple for a repeated table."""
    found: list[Any] = []
    for name, held in tables.items():
        for section in held if TABLES[name].repeated else (held,):
            for value in (getattr(section, key.name) for key in TABLES[name].keys if key.secret):
                found += value if isinstance(value, tuple) else [value]
    return tuple(text for text in found if isinstance(text, str) and text)


def is_guarded(address: str) -> bool:
    """Whether an address, in the form of `gatelight config set`, ends in the name of a guarded key of any table."""
    name = address.rpartition(".")[2].strip()
    return any(key.guarded and key.name == name for table in TABLES.values() for key in table.keys)
