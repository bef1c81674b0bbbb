"""Stand-ins for what leaves this computer in a file for others: the same private thing is always the same word.

Stricter than `privacy`, which masks what is shown to the user: here addresses and the names of computers go as well.
What stands in for an address is an address, so that a recording with it is judged as the true one. Pure.
"""

import ipaddress
import re
import sys
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import partial
from typing import Any

from agent.tws.hosts import address_of, is_local
from agent.tws.outside import without_hidden
from agent.tws.privacy import MASK, Private, each_account, is_telling, parts_of_secret, redact, whole_word

STAND_INS_EXPLAINED = (
    "account-1, user-1, host-1, secret-1: an account number, a user name, a computer, a secret of the configuration",
    "100.64.0.0/10 and 2001:db8::/32: addresses of the own network; two that shared a network still share one",
    "192.88.99.0/24: addresses of the Internet",
    "~: a home folder",
    f"{MASK}: a password, a command, the rest of an address with secrets; in an account number, its middle",
)
"""What the stand-ins mean, a line each, for the reader of a file that has them."""

_IPV4 = r"(?:\d{1,3}\.){3}\d{1,3}"
_ADDRESS = re.compile(
    rf"(?<![\w.:])(?P<label>|[A-Za-z_]\w*:)"
    rf"(?P<address>(?:[0-9A-Fa-f]{{0,4}}:){{2,7}}(?:{_IPV4}|[0-9A-Fa-f]{{0,4}})(?:%[\w.-]+)?)(?![\w:]|\.\d)"
    rf"|(?<!\d)(?<!\d\.){_IPV4}(?!\d|\.\d)"
)
"""A word and a colon may stand right before an address of IPv6."""
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_ENDINGS = (
    "com|net|org|edu|gov|info|biz|app|dev|cloud|online|site|tech|xyz|local|lan|home|internal|corp|intranet|"
    "localdomain|private|test|example|invalid|"
    # Two letters: a country, but not those that end the name of a file.
    "(?!(?:py|js|md|sh|so|db|rs|ml|cc|pl|ps|ts|gz)(?![A-Za-z]))[A-Za-z]{2}"
)
_NAMED_HOST = re.compile(rf"(?<![\w.-])(?:{_LABEL}\.)+(?:{_ENDINGS})(?![\w-]|\.\w)", re.IGNORECASE)
_HOST_OF_URL = re.compile(rf"(?<=://){_LABEL}(?=[:/?]|$|\s)")
_MAIL = re.compile(rf"(?<![\w.+-])([\w.+-]+)@((?:{_LABEL}\.)*{_LABEL})(?![\w-])")
_COMPUTER = re.compile(
    r"(?<![\w.-])(?:(?:DESKTOP|LAPTOP|WIN)-[A-Z0-9]{5,15}"
    r"|[\w-]+-(?:MacBook(?:-Pro|-Air)?|iMac|Mac-mini)(?:-\d+)?)(?![\w-])",
    re.IGNORECASE,
)
"""Names that Windows and macOS give to computers."""
_OPEN_HOST = re.compile(
    r"(?:.*\.)?(?:ibllc\.com|interactivebrokers\.com|ibkr\.com|interactivebrokers\.cn|ibkr\.cn)"
    r"|(?:host|gateway)\.(?:docker|containers|lima|orb|minikube)\.internal|docker\.for\.\w+\.localhost"
    r"|\w*(?:farm|hmds|secdef)\w*\.\w+",
    re.IGNORECASE,
)
"""Servers and data farms of the broker, which are part of the diagnosis, and what containers call their computer."""

_ESCAPED = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2}))")
"""A character as JSON, TOML and Python write it where it cannot be seen."""
_STAND_IN = re.compile(r"(?:account|host|secret|user)-\d+")


class StandIns:
    """The stand-ins of one file, numbered in the order in which things turn up."""

    def __init__(self, private: Private, hosts: Iterable[str] = (), words: Iterable[str] = ()) -> None:
        """`private` is what is private on this computer, `hosts` are names of computers.

        `words` are texts of Gatelight's own that stay as they are, like a problem's code.
        """
        self._numbers: dict[tuple[str, str], int] = {}
        self._counts: dict[str, int] = {}
        self._done: dict[str, str] = {}
        self._own_words = frozenset(words)
        self._homes = Private(private.homes)
        parts = {part for word in private.words for part in (word, *parts_of_secret(word))}
        self._secrets = [re.compile(re.escape(part)) for part in _longest_first(filter(is_telling, parts))]
        self._whole_hosts = {host.lower() for host in hosts if _is_host(host)}
        """A name that is a word as well stands for a computer where nothing else is in the text."""
        self._hosts = [whole_word(host) for host in _longest_first(filter(is_telling, self._whole_hosts))]
        self._users = [whole_word(name) for name in _longest_first(set(filter(is_telling, private.names)))]

    def text(self, text: str) -> str:
        """The text with a stand-in for each private thing in it."""
        if text in self._own_words:
            return text
        made = self._done.get(text)
        if made is None:
            made = self._done[text] = self._made(text)
        return made

    def lines(self, text: str) -> str:
        """The same for a text of several lines: a password is masked to the end of its line."""
        return "".join(f"{self.text(line)}\n" for line in text.splitlines())

    def value(self, value: Any) -> Any:
        """A frozen dataclass with stand-ins in all its texts, nested values included."""
        if isinstance(value, Enum):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, tuple):
            return tuple(self.value(one) for one in value)
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{f.name: self.value(getattr(value, f.name)) for f in fields(value)})
        return value

    def json(self, value: Any) -> Any:
        """A JSON value with a stand-in for each private thing in its texts; names of members stay as they are."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(one) for one in value]
        if isinstance(value, dict):
            return {name: self.json(one) for name, one in value.items()}
        return value

    def _made(self, text: str) -> str:
        text = without_hidden(_ESCAPED.sub(_unescaped, text))
        if text.lower() in self._whole_hosts:
            return f"host-{self._number('host', text.lower())}"
        for secret in self._secrets:
            text = secret.sub(self._called("secret"), text)
        text = each_account(text, partial(self._stand, "account"))
        text = redact(text, self._homes)
        text = _MAIL.sub(lambda found: f"{self._stand('user', found[1])}@{self._stand('host', found[2])}", text)
        text = _ADDRESS.sub(lambda f: (f["label"] or "") + self._address(f["address"] or f[0]), text)
        for host in self._hosts:
            text = host.sub(self._called("host"), text)
        for user in self._users:
            text = user.sub(self._called("user"), text)
        for pattern in (_NAMED_HOST, _HOST_OF_URL, _COMPUTER):
            text = pattern.sub(self._called("host"), text)
        return text

    def _called(self, kind: str) -> Any:
        return lambda found: self._stand(kind, found[0])

    def _stand(self, kind: str, true: str) -> str:
        if _STAND_IN.fullmatch(true) or (kind == "host" and not (is_telling(true) and _is_host(true))):
            return true
        return f"{kind}-{self._number(kind, true.lower())}"

    def _number(self, kind: str, true: str) -> int:
        """The number of a thing among those of its kind, from 1 on."""
        key = (kind, true)
        if key not in self._numbers:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._numbers[key] = self._counts[kind]
        return self._numbers[key]

    def _address(self, written: str) -> str:
        address = address_of(written)
        if address is None or address.is_loopback or address.is_unspecified:
            return written
        if isinstance(address, ipaddress.IPv6Address):
            network = self._number("IPv6 network", str(int(address) >> 64))
            return f"2001:db8:{network:x}::{self._number(f'in {network}', str(address)):x}"
        if address.is_global and not address.is_multicast:
            return f"192.88.99.{self._number('Internet', str(address)) % 256}"
        wide, narrow, _, _ = (int(part) for part in str(address).split("."))
        network = self._number("network", f"{wide}.{narrow}")
        subnet = self._number(f"in network {network}", str(address).rpartition(".")[0])
        host = self._number(f"in subnet {network}.{subnet}", str(address))
        return f"100.{64 + network % 64}.{subnet % 256}.{host % 256}"


def _is_host(name: str) -> bool:
    """Whether a name is that of one computer, and no address."""
    return bool(name) and address_of(name) is None and not is_local(name) and not _OPEN_HOST.fullmatch(name)


def _longest_first(texts: Iterable[str]) -> list[str]:
    return sorted(texts, key=lambda text: (-len(text), text))


def _unescaped(found: re.Match[str]) -> str:
    """Nothing, where what is escaped could not be seen: it may stand in the middle of what is private."""
    code = int(next(filter(None, found.groups())), 16)
    hidden = code <= sys.maxunicode and not without_hidden(chr(code)).strip()
    return "" if hidden and not chr(code).isspace() else found[0]
