"""What must never be written down in full: account numbers, names, home folders, passwords, addresses with tokens.

Pure text to text. It masks too much rather than too little: users send logs to strangers.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

MASK = "•••"
_KEPT = 3
"""Last characters of an account number that stay, to tell two accounts apart."""
_SHORTEST_NAME, _SHORTEST_ELSEWHERE = 3, 2
"""Characters of a user name in Latin letters, and in others; a shorter one is part of too many words."""
_COMMON_NAMES = frozenset(
    {
        "admin",
        "administrator",
        "agent",
        "api",
        "app",
        "client",
        "debian",
        "default",
        "docker",
        "gateway",
        "gatelight",
        "guest",
        "home",
        "ibgateway",
        "java",
        "nobody",
        "paper",
        "live",
        "pi",
        "public",
        "python",
        "root",
        "runner",
        "server",
        "shared",
        "system",
        "test",
        "trader",
        "trading",
        "tws",
        "ubuntu",
        "user",
        "users",
        "vagrant",
    }
)
"""User names that identify no person, and that a log uses as words."""

# Account numbers: U1234567 (client), F… (advisor), I… (broker), each with a D before it for paper trading, where newer
# ones have a third letter (DUP123456); some end with a letter. A byte of a logged message, written as \x08 or \t, may
# stand right before one.
_ACCOUNT = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=\\x[0-9A-Fa-f]{2})|(?<=\\[0abfnrtv]))(D[UFI][A-Z]?|[UFI])(\d{4,10})([A-Z]?)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_NOT_PATH = r"\s\\/:*?\"'<>|,;()\[\]{}"
_PART = r"[^\\/:*?\"<>|\r\n]+"
# Homes lie on any volume: /mnt/c/Users, /c/Users, /Volumes/Data disk/Users, /net/server/home.
_UNIX_HOME = re.compile(
    rf"(?<![\w.~-])(?:/[^/\r\n\"'<>:|,;]*[^/\r\n\"'<>:|,;\s](?=/)){{0,4}}?/(?:home|Users)/+"
    rf"(?!Shared\b|Public\b|~)(?:[^/\r\n\"'<>:|,;]*[^/\r\n\"'<>:|,;\s](?=/)|[^{_NOT_PATH}]+)"
    r"|(?<![\w.~/-])/root(?![\w.-])"
)
_WINDOWS_HOME = re.compile(
    rf"(?:(?<![A-Za-z])[A-Za-z]:|(?<![\w\\])\\{{2,8}}{_PART})(?:(?:\\{{1,4}}|/){_PART}){{0,3}}?"
    rf"(?P<sep>\\{{1,4}}|/)(?:Users|home|Documents and Settings)(?P=sep)(?!Public\b|Default\b|All Users\b|~)"
    rf"(?:{_PART}(?=[\\/])|[^{_NOT_PATH}]+)",
    re.IGNORECASE,
)
_QUOTE = r"\\*['\"]"
"""A quotation mark, also as JSON in a JSON text has it."""
_IBC = re.compile(r"(\bibcalpha\.ibc\.Ibc\w+)[^\r\n]+")
"""IBC's main class; its configuration, the user name and the password follow."""
_PASSWORD = re.compile(
    r"(?P<key>(?:password|passwd|passphrase|passcode|(?<![A-Za-z0-9])(?:pwd?|pass))"
    rf"(?:(?:{_QUOTE})?\s*[=:]|{_QUOTE},|(?<=--pw)\s|(?<=-password)\s)\s*)[^\s][^\r\n]*",
    re.IGNORECASE,
)
"""A password may hold any character, so everything to the end of the line is masked."""
_TOKEN = re.compile(
    r"(?P<key>(?<![A-Za-z0-9])(?:"
    r"(?:api[_-]?key|access[_-]?key|secret|(?:access|auth|bearer|refresh)?[_-]?token)"
    rf"(?:{_QUOTE})?\s*[=:]\s*(?:{_QUOTE})?"
    rf"|authorization(?:{_QUOTE})?\s*[=:]\s*(?:{_QUOTE})?(?:[A-Za-z]+\s+)?"
    r"|bearer\s+))[^\s'\",;)\]}]{6,}",
    re.IGNORECASE,
)
"""A token is one word, and what follows it may be of use."""
_LOGIN = re.compile(
    r"(?P<key>(?:--(?:fix-)?user|/(?:FIX)?User|login_?id|user_?id|user_?name)"
    rf"(?:{_QUOTE})?\s*(?:[=:]|,(?=\s*{_QUOTE}))\s*(?:{_QUOTE})?)[^\s'\",;)\]}}]+",
    re.IGNORECASE,
)
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30})://([^\s'\"<>]+)")
_BEFORE_QUERY = re.compile(r"[^?#]*")
_BETWEEN_PARTS = re.compile(r"[/:?&=@#,;\s]+")
_SHORTEST_PART = 4
"""Characters of a part of a secret; a shorter one would be found in every other word."""
_OPEN_SCHEMES = frozenset({"file"})
"""Schemes of addresses without secrets; a path in such an address is treated like any other path."""


@dataclass(frozen=True, slots=True)
class Private:
    """What is private on this machine and cannot be recognised by its form."""

    homes: tuple[str, ...] = ()
    """Home folders, as full paths."""
    names: tuple[str, ...] = ()
    """User names of the operating system and of IBKR."""
    words: tuple[str, ...] = ()
    """Further texts, such as addresses of remote channels."""


NOTHING_MORE = Private()


def parts_of_secret(secret: str) -> tuple[str, ...]:
    """A secret address, and each part of it that gives it away alone: host, user, password, topic, token.

    Also as libraries write them: percent signs resolved, and in lower case.
    """
    rest = secret.partition("://")[2]
    parts = [secret, rest, *_BETWEEN_PARTS.split(rest or secret)]
    parts += [unquote(part) for part in parts]
    parts += [part.lower() for part in parts]
    return tuple(dict.fromkeys(part for part in parts if len(part) >= _SHORTEST_PART))


def mask_account(text: str) -> str:
    """An account number with only its first letters and its last three characters: "DU•••567"."""
    found = _ACCOUNT.fullmatch(text)
    if found is not None:
        return found[1] + MASK + (found[2] + found[3])[-_KEPT:]
    # It has no known form, but the caller says that it is an account: only its end stays.
    if MASK in text:
        return text
    return MASK + (text[-_KEPT:] if len(text) > 2 * _KEPT else "")


def redact(text: str, private: Private = NOTHING_MORE) -> str:
    """A text without account numbers, home folders, user names, passwords and secret addresses."""
    for word in _longest_first(private.words):
        text = text.replace(word, MASK)
    text = _IBC.sub(rf"\1 {MASK}", text)
    text = _PASSWORD.sub(rf"\g<key>{MASK}", text)
    text = _TOKEN.sub(rf"\g<key>{MASK}", text)
    text = _LOGIN.sub(rf"\g<key>{MASK}", text)
    text = _URL.sub(_url, text)
    for home in _longest_first(private.homes):
        text = _home(home).sub("~", text)
    text = _WINDOWS_HOME.sub("~", text)
    text = _UNIX_HOME.sub("~", text)
    for name in filter(is_telling, private.names):
        text = whole_word(name).sub(MASK, text)
    return each_account(text, mask_account)


def each_account(text: str, change: Callable[[str], str]) -> str:
    """The text with each account number in it changed."""
    return _ACCOUNT.sub(lambda found: change(found[0]), text)


def is_telling(name: str) -> bool:
    """Whether a name tells a person or a computer from others, and is no word that texts have for other reasons."""
    shortest = _SHORTEST_NAME if name.isascii() else _SHORTEST_ELSEWHERE
    return len(name) >= shortest and name.lower() not in _COMMON_NAMES


def spellings(text: str) -> tuple[str, ...]:
    """A name or path as it is, and with accents as signs of their own or as parts of letters: file systems differ."""
    return tuple(dict.fromkeys((text, *(unicodedata.normalize(form, text) for form in ("NFC", "NFD")))))


def _url(found: re.Match[str]) -> str:
    scheme, rest = found[1].lower(), found[2]
    if scheme in _OPEN_SCHEMES:
        return found[0]
    if scheme not in ("http", "https"):
        # An Apprise address may have its token anywhere, even in place of the host.
        return f"{found[1]}://{MASK}"
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2]
    plain = _BEFORE_QUERY.match(host)
    assert plain is not None
    mark = host[plain.end() :][:1]
    hidden = (slash + MASK) if path else (mark + MASK if mark else slash)
    return f"{found[1]}://{plain[0]}{hidden}"


def _longest_first(texts: tuple[str, ...]) -> list[str]:
    return sorted((text for text in texts if text.strip("/\\. ")), key=len, reverse=True)


@lru_cache(maxsize=32)
def _home(folder: str) -> re.Pattern[str]:
    """Matches a home folder, with any separators, and no longer name that begins like it."""
    parts = [re.escape(part) for part in re.split(r"[\\/]+", folder.rstrip("\\/"))]
    return re.compile(r"(?<![\w.~-])" + r"(?:\\{1,4}|/)".join(parts) + r"(?![\w.-])", re.IGNORECASE)


@lru_cache(maxsize=32)
def whole_word(name: str) -> re.Pattern[str]:
    """Matches a name that is no part of a longer word, in any case."""
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", re.IGNORECASE)
