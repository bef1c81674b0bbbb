"""Values of the configuration as text: durations, TOML, and a refused value as errors repeat it."""

import re
from collections.abc import Sequence

from agent.core.text import shortened

LONGEST_FOUND = 60
"""Characters of a refused value that an error repeats."""
MOST_BITS = 512
"""Bits of the longest number that is shown in decimal: Python refuses to do so for very large ones."""
_BARE_KEY = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_FOUND}}}")
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([smhd])", re.ASCII)
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
"""Seconds of each unit of a duration, largest first."""


def parse_duration(text: str) -> float:
    """Seconds of a duration like "5s", "30m", "2h", "1d" or "1.5s"; ValueError for any other text."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a duration such as 30s, 5m, 2h or 1d")
    whole, _, part = found[1].partition(".")
    # In whole numbers: 1.1 * 3600 is 3960.0000000000005.
    return int(whole + part) * _UNITS[found[2]] / int(10 ** len(part))


def duration_text(seconds: float) -> str:
    """Seconds as a duration in the largest unit that fits: "30m" for 1800, "90s" for 90."""
    for unit, size in _UNITS.items():
        if seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    text = repr(float(seconds))
    if "e" in text:
        from decimal import Decimal

        text = f"{Decimal(text):f}"
    return text.rstrip("0").rstrip(".") + "s"


def toml_text(text: str) -> str:
    """A string as TOML."""
    named = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(named.get(c) or (c if c.isprintable() else _escape(c)) for c in text) + '"'


def toml_value(value: str | Sequence[str]) -> str:
    """A string, or a list of them, as TOML."""
    return toml_text(value) if isinstance(value, str) else "[" + ", ".join(map(toml_text, value)) + "]"


def key_words(name: str) -> str:
    """A key of the file as errors repeat it: quoted where TOML needs quotes, and cut where it is long."""
    return name if _BARE_KEY.fullmatch(name) else found_words(name)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def kind_words(value: object) -> str:
    """The kind of a value of the file, for errors that must not repeat the value."""
    match value:
        case str():
            return "a text"
        case bool() | list() | dict():
            return found_words(value)
        case int() | float():
            return "a number"
        case _:
            return "a date or time"


def found_words(value: object) -> str:
    """A value of the file as errors repeat it: short, and written as TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return toml_text(shortened(value, LONGEST_FOUND))
        case int() | float():
            digits = hex(value) if isinstance(value, int) and value.bit_length() > MOST_BITS else str(value)
            return shortened(digits, LONGEST_FOUND)
        case list():
            return "an empty list" if not value else "a list"
        case dict():
            return "a table"
        case _:
            return f"the date or time {value}"
