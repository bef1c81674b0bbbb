"""Every key of the configuration: what it may hold, in which words that is said, and how it is written as TOML."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from typing import Any

from agent.config.text import duration_text, parse_duration, toml_text
from agent.core.settings import (
    CheckSettings,
    ConnectionSettings,
    Intent,
    MinimumSeverity,
    NotificationSettings,
    PageSettings,
    QuietHours,
    WantedApplication,
    WantedMode,
)
from agent.tws.privacy import MASK

HIGHEST_PORT = 65535
HIGHEST_CLIENT_ID = 2**31 - 1
"""A client ID is a signed 32-bit number on the wire."""
LONGEST_CONNECTION_NAME = 40
"""Characters of a connection's name: it stands in titles of notices, of which Windows shows 63 characters."""
LONGEST_HOST = 253
"""Characters of a host name (RFC 1035)."""
_LONGEST_SYMBOL = 40
"""Characters of a test symbol; the longest local symbols (options) have 21."""

_QUIET = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*", re.ASCII)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.IGNORECASE)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S.*")


class ValueRefused(Exception):
    """A value that a key cannot hold; tells what may differ from the usual words."""

    def __init__(self, because: str = "", *, item: int | None = None, found: str | None = None) -> None:
        super().__init__(because)
        self.because = because
        """What is wrong with this very value, where the allowed values do not say it; may be empty."""
        self.item = item
        """Index (from 0) of the entry that is wrong, where the value is a list."""
        self.found = found
        """The words for what was found, where the value itself must not be repeated."""


@dataclass(frozen=True, slots=True)
class KeyKind:
    """What a key may hold."""

    allowed: str
    """Completes "must be …"."""
    read: Callable[[object], Any]
    """From the TOML value to the value of the settings; raises `ValueRefused`."""
    write: Callable[[Any], str]
    """From the value of the settings to TOML text."""
    entry: str = ""
    """The same as `allowed` for one entry, where the value is a list; else empty."""
    choices: tuple[str, ...] = ()
    """The only values, as they are typed, where there are so few."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of one table."""

    name: str
    kind: KeyKind
    meaning: str
    """For the table of the README; a phrase without a full stop."""
    guarded: bool = False
    """Whether its value decides which program runs or who is told what: a page changes it only if it was opened just
    now, by the user's own icon or terminal, and a fix never does."""
    secret: bool = False
    """Whether its value is a key to something of the user's: it is never shown in full."""

    def shown(self, value: Any) -> Any:
        """A value of it as it may be shown: the texts of a secret one masked, all but the scheme of an address."""
        if isinstance(value, tuple):
            return tuple(self.shown(one) for one in value)
        if not self.secret or not isinstance(value, str) or not value:
            return value
        scheme, colon, _ = value.partition("://")
        return f"{scheme}://{MASK}" if colon else MASK


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the configuration, with the class of the settings it becomes."""

    name: str
    settings: type
    keys: tuple[Key, ...]
    repeated: bool = False
    """Whether the file may hold several, each headed `[[name]]`."""

    def key(self, name: str) -> Key | None:
        """The key of that name; None when there is none."""
        return next((key for key in self.keys if key.name == name), None)

    def default(self, name: str) -> Any:
        """The value that a key has when it is not written; `MISSING` when it must be written."""
        for declared in fields(self.settings):
            if declared.name == name:
                return declared.default
        raise KeyError(name)

    def required(self) -> Iterator[Key]:
        """The keys that have no default."""
        return (key for key in self.keys if self.default(key.name) is MISSING)


def _flag() -> KeyKind:
    def read(value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueRefused
        return value

    return KeyKind("true or false", read, lambda value: "true" if value else "false", choices=("true", "false"))


def _number(low: int, high: int, *, auto: bool = False, reasons: dict[int, str] | None = None) -> KeyKind:
    def read(value: object) -> int | str:
        if auto and value == "auto":
            return "auto"
        # bool is an int to Python, and never meant as one by a user.
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueRefused
        if not low <= value <= high:
            raise ValueRefused((reasons or {}).get(value, ""))
        return value

    allowed = f"a number from {low} to {high}" + (' or "auto"' if auto else "")
    return KeyKind(allowed, read, lambda value: toml_text(value) if isinstance(value, str) else str(value))


def _choice(choices: type[StrEnum]) -> KeyKind:
    def read(value: object) -> StrEnum:
        if not isinstance(value, str) or value not in [choice.value for choice in choices]:
            raise ValueRefused
        return choices(value)

    words = [toml_text(choice.value) for choice in choices]
    allowed = ", ".join(words[:-1]) + f" or {words[-1]}"
    return KeyKind(allowed, read, lambda value: toml_text(value.value), choices=tuple(c.value for c in choices))


def _duration(low: float, high: float, example: str, *, never: bool = False) -> KeyKind:
    def read(value: object) -> float | None:
        if never and value == "never":
            return None
        if not isinstance(value, str):
            raise ValueRefused
        try:
            seconds = parse_duration(value)
        except ValueError:
            raise ValueRefused from None
        if not low <= seconds <= high:
            raise ValueRefused
        return seconds

    span = f'a duration from "{duration_text(low)}" to "{duration_text(high)}", such as "{example}"'
    allowed = span + (' or "never"' if never else "")
    return KeyKind(allowed, read, lambda value: toml_text("never" if value is None else duration_text(value)))


def _text(allowed: str, judge: Callable[[str], str]) -> KeyKind:
    def read(value: object) -> str:
        if not isinstance(value, str):
            raise ValueRefused
        return judge(value)

    return KeyKind(allowed, read, toml_text)


def _list(allowed: str, entry: str, judge: Callable[[str], Any], write: Callable[[Any], str] = toml_text) -> KeyKind:
    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise ValueRefused
        entries = []
        for index, found in enumerate(value):
            if not isinstance(found, str):
                raise ValueRefused(item=index)
            try:
                entries.append(judge(found))
            except ValueRefused as refused:
                raise ValueRefused(refused.because, item=index, found=refused.found) from None
        return tuple(entries)

    return KeyKind(allowed, read, lambda value: "[" + ", ".join(write(one) for one in value) + "]", entry)


def _name(text: str) -> str:
    name = text.strip()
    if not name or not name.isprintable() or len(name) > LONGEST_CONNECTION_NAME:
        raise ValueRefused
    return name


def _host(text: str) -> str:
    host = text.strip()
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        pass
    else:
        return bare
    if "://" in host:
        raise ValueRefused("leave out the part up to ://")
    if host.count(":") == 1:
        raise ValueRefused("the port has a key of its own, port")
    try:
        plain = host.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueRefused from None
    labels = plain.removesuffix(".").split(".")
    if len(plain) > LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise ValueRefused
    return host


def _argument(text: str) -> str:
    if "\0" in text:
        raise ValueRefused
    return text


def _start_command() -> KeyKind:
    example = '["/opt/ibc/gatewaystart.sh", "-inline"]'
    plain = _list(f"a list of texts, the program first, such as {example}", "a text", _argument)

    def read(value: object) -> Any:
        arguments = plain.read(value)
        if arguments and not arguments[0].strip():
            raise ValueRefused("the first one is the program to start", item=0)
        return arguments

    return KeyKind(plain.allowed, read, plain.write, plain.entry)


def _symbol(text: str) -> str:
    symbol = text.strip()
    if not symbol or not symbol.isprintable() or len(symbol) > _LONGEST_SYMBOL:
        raise ValueRefused
    return symbol


def _quiet(text: str) -> QuietHours:
    found = _QUIET.fullmatch(text)
    if found is None:
        raise ValueRefused
    from_hour, from_minute, to_hour, to_minute = (int(part) for part in found.groups())
    start, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
    if from_hour > 23 or from_minute > 59 or to_minute > 59 or end > 24 * 60:
        raise ValueRefused
    if start == end:
        raise ValueRefused('it ends when it begins; the whole day is "00:00-24:00"')
    return QuietHours(start, end)


def _quiet_text(quiet: QuietHours) -> str:
    return f'"{quiet.start // 60:02}:{quiet.start % 60:02}-{quiet.end // 60:02}:{quiet.end % 60:02}"'


def _remote(text: str) -> str:
    url = text.strip()
    if not _URL.fullmatch(url):
        # Such an address usually holds a token or a password, and this sentence ends up in logs and screenshots.
        raise ValueRefused(found="a text without ://")
    return url


CONNECTIONS = Table(
    "connections",
    ConnectionSettings,
    (
        Key(
            "name",
            _text(f"a text of 1 to {LONGEST_CONNECTION_NAME} characters that no other connection has", _name),
            "shown everywhere",
        ),
        Key("application", _choice(WantedApplication), "which application it is meant for"),
        Key("trading_mode", _choice(WantedMode), "which trading mode it is meant for; a mismatch is an alarm"),
        Key("host", _text('a host name or an IP address, such as "127.0.0.1"', _host), "where the application runs"),
        Key(
            "port",
            _number(1, HIGHEST_PORT, auto=True),
            'API port; "auto": what the application listens on, else its default',
        ),
        Key(
            "client_id",
            _number(1, HIGHEST_CLIENT_ID, auto=True, reasons={0: "client ID 0 would adopt manual orders"}),
            'client ID of the agent\'s own session; "auto": a free high one; 0 would adopt manual orders',
        ),
        Key("auto_connect", _flag(), "connect without being asked"),
        Key("intent", _choice(Intent), "what your programs do here: decides whether Read-Only API is a problem"),
        Key("start_command", _start_command(), "starts the application: the program and its arguments", guarded=True),
    ),
    repeated=True,
)

CHECKS = Table(
    "checks",
    CheckSettings,
    (
        Key(
            "look_every",
            _duration(1, 3600, "5s"),
            "how often processes and sockets are read; half as often while connected or while the port does not serve "
            "Gatelight, and less often where reading takes more than 2 % of the time; nothing is sent to TWS",
        ),
        Key(
            "heartbeat_every",
            _duration(2, 3600, "10s"),
            "how often a quiet session is asked for the time",
        ),
        Key("reply_timeout", _duration(1, 600, "5s"), "how long TWS may take to answer"),
        Key(
            "test_symbols",
            _list('a list of symbols, such as ["AAPL", "EUR.USD"]', 'a symbol, such as "AAPL"', _symbol),
            "only used by the data self-test",
        ),
    ),
)

NOTIFICATIONS = Table(
    "notifications",
    NotificationSettings,
    (
        Key("desktop", _flag(), "notices on the desktop"),
        Key("minimum_severity", _choice(MinimumSeverity), "from which severity on there is a notice"),
        Key(
            "repeat_after",
            _duration(1, 365 * 86400, "30m", never=True),
            "when an unsolved problem is announced again; grows with each time",
        ),
        Key(
            "quiet_hours",
            _list(
                'a list of times of the day, such as ["22:00-07:00"]',
                'times of the day, such as "22:00-07:00"',
                _quiet,
                _quiet_text,
            ),
            "no notices then; a live/paper mismatch is never silenced",
        ),
        Key(
            "remote",
            _list(
                'a list of Apprise URLs, such as ["ntfy://topic"]', 'an Apprise URL, such as "ntfy://topic"', _remote
            ),
            "also tell these",
            guarded=True,
            secret=True,
        ),
    ),
)

PAGE = Table(
    "page",
    PageSettings,
    (
        Key("enabled", _flag(), "the status page, on this machine only"),
        Key("port", _number(0, HIGHEST_PORT), "0: any free one"),
    ),
)

TABLES: dict[str, Table] = {table.name: table for table in (CONNECTIONS, CHECKS, NOTIFICATIONS, PAGE)}
"""The whole configuration."""


def secrets_of(tables: dict[str, Any]) -> tuple[str, ...]:
    """Every text that a secret key holds in the given settings (by table; those of a repeated one as a tuple)."""
    found: list[Any] = []
    for name, held in tables.items():
        for section in held if TABLES[name].repeated else (held,):
            for value in (getattr(section, key.name) for key in TABLES[name].keys if key.secret):
                found += value if isinstance(value, tuple) else [value]
    return tuple(text for text in found if isinstance(text, str) and text)


def is_guarded(address: str) -> bool:
    """Whether an address as `gatelight config set` takes it ends in the name of a guarded key, of whichever table."""
    name = address.rpartition(".")[2].strip()
    return any(key.guarded and key.name == name for table in TABLES.values() for key in table.keys)
