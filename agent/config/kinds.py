"""Kinds of value a key of the configuration may hold: how each is read, judged, said in words, and written as TOML."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from agent.config.text import duration_text, kind_words, parse_duration, toml_text
from agent.core.settings import ANY, CONNECTED, KEY_STORE, QuietHours, in_key_store
from agent.core.updates import is_web_folder
from agent.guides import codes
from agent.tws.symbol import LONGEST_SYMBOL

LONGEST_CONNECTION_NAME = 40
"""Characters of a connection's name: it is part of titles of notices, of which Windows shows 63 characters."""
HIGHEST_PORT = 65535
LONGEST_HOST = 253
"""Characters of a host name (RFC 1035)."""

_QUIET = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*", re.ASCII)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.IGNORECASE)
_BEARER = re.compile(r"[A-Za-z0-9._~+/-]{16,200}=*")
"""A bearer token (RFC 6750, 2.1), long enough that it cannot be guessed."""
_STORED = re.compile(r"[A-Za-z0-9_-]{1,40}")
"""The name of a secret in the key store; every command line takes it without quotes."""
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S.*")


class ValueRefused(Exception):
    """A value that a key does not take, with details for the sentence about it."""

    def __init__(self, because: str = "", *, item: int | None = None, found: str | None = None) -> None:
        super().__init__(because)
        self.because = because
        """What is wrong with this value, where the words for the allowed values do not tell; may be empty."""
        self.item = item
        """Index (from 0) of the wrong entry of a list."""
        self.found = found
        """Words for the value, where the value itself must not be repeated."""


@dataclass(frozen=True, slots=True)
class KeyKind:
    """A kind of key: its allowed values, and how they are read and written."""

    allowed: str
    """Ends the sentence "it must be …"."""
    read: Callable[[object], Any]
    """From the TOML value to the value of the settings; raises `ValueRefused`."""
    write: Callable[[Any], str]
    """From the value of the settings to TOML text."""
    entry: str = ""
    """`allowed` for one entry of a list; empty where the value is no list."""
    choices: tuple[str, ...] = ()
    """Every value as a user types it, where there are only a few."""


def flag() -> KeyKind:
    """True or false."""

    def read(value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueRefused
        return value

    return KeyKind("true or false", read, lambda value: "true" if value else "false", choices=("true", "false"))


def whole_number(low: int, high: int, *, auto: bool = False, reasons: dict[int, str] | None = None) -> KeyKind:
    """A number from `low` to `high`; `auto` allows "auto" too, `reasons` say why a number out of range is refused."""

    def read(value: object) -> int | str:
        if auto and value == "auto":
            return "auto"
        # To Python a bool is an int, but no user means it as one.
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueRefused
        if not low <= value <= high:
            raise ValueRefused((reasons or {}).get(value, ""))
        return value

    allowed = f"a number from {low} to {high}" + (' or "auto"' if auto else "")
    return KeyKind(allowed, read, lambda value: toml_text(value) if isinstance(value, str) else str(value))


def one_of(choices: type[StrEnum]) -> KeyKind:
    """One of the values of an enumeration."""

    def read(value: object) -> StrEnum:
        if not isinstance(value, str) or value not in [choice.value for choice in choices]:
            raise ValueRefused
        return choices(value)

    words = [toml_text(choice.value) for choice in choices]
    allowed = ", ".join(words[:-1]) + f" or {words[-1]}"
    return KeyKind(allowed, read, lambda value: toml_text(value.value), choices=tuple(c.value for c in choices))


def time_span(low: float, high: float, example: str, *, never: bool = False) -> KeyKind:
    """A duration, in seconds once it is read; `never` allows "never" too, which is None."""

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


def _label(text: str, longest: int) -> str:
    label = text.strip()
    if len(label) > longest:
        raise ValueRefused(f"it has {len(label)} characters")
    if not label.isprintable():
        raise ValueRefused("it has a character that cannot be seen, such as a line end or one that joins others")
    if not label:
        raise ValueRefused
    return label


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
        raise ValueRefused("leave out the port, which has a field of its own")
    try:
        plain = host.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueRefused from None
    labels = plain.removesuffix(".").split(".")
    if len(plain) > LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise ValueRefused
    return host


def _own_address(text: str) -> str:
    try:
        found = ipaddress.ip_address(text.strip())
    except ValueError:
        raise ValueRefused from None
    if found.is_multicast:
        raise ValueRefused("a server cannot listen on a multicast address")
    return str(found)


def _token(text: str) -> str:
    if text and not _BEARER.fullmatch(text):
        # The sentence about it is put into reports.
        raise ValueRefused(found="another text")
    return text


def _ping_url(text: str) -> str:
    url = text.strip()
    try:
        parts = urlsplit(url)
        proper = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.username
    except ValueError:
        proper = False
    if url and (not proper or not url.isascii() or not url.isprintable() or " " in url or parts.fragment):
        # It has a secret in its path, and users put this sentence into reports.
        raise ValueRefused(found="another text")
    return url


def _argument(text: str) -> str:
    if "\0" in text:
        raise ValueRefused
    return text


def _command(example: str, *, needed: bool = False) -> KeyKind:
    """A program and its arguments; `needed`: there must be one."""
    plain = _list(f"a list of texts, the program first, such as {example}", "a text", _argument)

    def read(value: object) -> Any:
        try:
            arguments = plain.read(value)
        except ValueRefused as refused:
            # Not repeated: it may hold a password, as a command of IBC does.
            inside = refused.item is not None and isinstance(value, list)
            wrong = value[refused.item] if inside else value  # type: ignore[index]
            found = "another text" if inside and isinstance(wrong, str) else kind_words(wrong)
            raise ValueRefused(refused.because, item=refused.item, found=found) from None
        if needed and not arguments:
            raise ValueRefused("there is no program in it")
        if arguments and not arguments[0].strip():
            raise ValueRefused("the first one is the program to start", item=0)
        return arguments

    return replace(plain, read=read)


def _occasion(text: str) -> str:
    code = text.strip().lower()
    if code not in (CONNECTED, ANY) and code not in codes():
        raise ValueRefused("no problem has this code")
    return code


def _occasions() -> KeyKind:
    one = f'the code of a problem, "{CONNECTED}" or "{ANY}"'
    several = f'a list of codes of problems, "{CONNECTED}" or "{ANY}", such as ["{CONNECTED}"]'
    plain = _list(several, one, _occasion)

    def read(value: object) -> Any:
        occasions = plain.read(value)
        if not occasions:
            raise ValueRefused("the command would never run")
        return tuple(dict.fromkeys(occasions))

    return replace(plain, read=read)


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
        # Such an address often has a token or a password, and users put this sentence into reports.
        raise ValueRefused(found="a text without ://")
    return url


def _target_url(text: str) -> str:
    url = text.strip()
    if not in_key_store(url):
        return _remote(text)
    if not _STORED.fullmatch(url.removeprefix(KEY_STORE)):
        # What follows may be the secret itself, by mistake.
        raise ValueRefused(f"after {KEY_STORE} stands a name of letters, digits, - and _", found="another text")
    return url


def _network(text: str) -> str:
    address = text.strip()
    try:
        ipaddress.ip_network(address, strict=False)
    except ValueError:
        raise ValueRefused from None
    return address


def _web_folder(text: str) -> str:
    address = text.strip()
    if address and not is_web_folder(address):
        raise ValueRefused
    return address


CONNECTION_NAME = _text(
    f"a text of 1 to {LONGEST_CONNECTION_NAME} characters that no other connection has",
    partial(_label, longest=LONGEST_CONNECTION_NAME),
)
RELAY_NAME = _text(
    f"a text of 1 to {LONGEST_CONNECTION_NAME} characters that no other relay has",
    partial(_label, longest=LONGEST_CONNECTION_NAME),
)
RELAY_TARGET = _text(
    'a connection’s name, or a host and a port, such as "127.0.0.1:4002"',
    partial(_label, longest=LONGEST_HOST + len("[]:65535")),
)
ADDRESSES = _list(
    'a list of addresses or networks, such as ["172.17.0.0/16"]',
    'an address or a network, such as "192.168.1.20"',
    _network,
)
TARGET_NAME = _text(
    f"a text of 1 to {LONGEST_CONNECTION_NAME} characters that no other target has",
    partial(_label, longest=LONGEST_CONNECTION_NAME),
)
TARGET_URL = _text(f'an Apprise URL, such as "ntfy://topic", or "{KEY_STORE}NAME"', _target_url)
HOOK_NAME = _text(
    f"a text of 1 to {LONGEST_CONNECTION_NAME} characters that no other hook has",
    partial(_label, longest=LONGEST_CONNECTION_NAME),
)
HOOK_COMMAND = _command('["/home/me/restart-bot.sh"]', needed=True)
OCCASIONS = _occasions()
HOST_NAME = _text('a host name or an IP address, such as "127.0.0.1"', _host)
OWN_ADDRESS = _text('an IP address of this computer, such as "127.0.0.1"', _own_address)
TOKEN = _text("empty, or a text of 16 to 200 letters, digits and . _ ~ + / -", _token)
PING_URL = _text('empty, or an http or https address, such as "https://hc-ping.com/your-uuid-here"', _ping_url)
WEB_FOLDER = _text('an address, such as "https://example.org/gatelight", or ""', _web_folder)
START_COMMAND = _command('["/opt/ibc/gatewaystart.sh", "-inline"]')
SYMBOLS = _list(
    'a list of symbols, such as ["AAPL", "EUR.USD"]',
    'a symbol, such as "AAPL"',
    partial(_label, longest=LONGEST_SYMBOL),
)
QUIET_TIMES = _list(
    'a list of times of the day, such as ["22:00-07:00"]',
    'times of the day, such as "22:00-07:00"',
    _quiet,
    _quiet_text,
)
REMOTE_ADDRESSES = _list(
    'a list of Apprise URLs, such as ["ntfy://topic"]', 'an Apprise URL, such as "ntfy://topic"', _remote
)
