"""Texts from outside: what other programs, TWS, files and networks say, made harmless where it comes in. Pure.

A process may have any bytes as its name, a program on the API port may send any notice. What Gatelight keeps of them
is valid Unicode on one line, without control, format and invisible characters, and of bounded length.

The type does it: a value with texts from outside is a dataclass that inherits `FromOutside`. Each of its fields of type
`OutsideName` or `OutsideText` is cleaned while the value is made, whatever made it: no caller can forget it, and a text
that did not pass cannot be part of a fact. `RawText` marks the exceptions: texts that are compared, opened or
sent back as they came, and never shown.

Masking is a second step (`masked`), since only the running program knows the names of its user:
`core.state_machine.intake` masks each event before it is taken in. Masked later, each of a dozen exits would have to
know; masked in the type, the heart would need a global. Account numbers of the log-in are the one thing that is needed
in full (for `--show-accounts`, and to tell live from paper): they are `RawName`, cleaned but not masked, and
`core.shown.status.status_to_json` masks them.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache, partial
from typing import Annotated, Any, TypeAlias, TypeVar, get_args, get_type_hints

from agent.tws.printable import REPLACEMENT, whole_characters
from agent.tws.privacy import Private, redact

LONGEST_NAME = 100
"""Characters of a name that are kept: of a process, a farm, an account, a version."""
LONGEST_TEXT = 1_000
"""Characters of any other text that are kept; the longest notice of TWS has some hundreds."""
MOST_TEXTS = 100
"""Texts of one list that are kept; one more says how many were left out."""
MOST_MARKS = 4
"""Combining marks on one character: Hebrew and Vietnamese need three, a text that climbs over its neighbours more."""
_LONGEST_WORD = 64
"""Characters that are left out at most, so that a text is not cut in the middle of a word."""

_UNUSUAL = re.compile("[^ -~\xa1-\xac\xae-\u02ff\u0391-\u03c9\u0400-\u0481\u2010-\u2027\u2030-\u205e\u4e00-\u9fff]")
"""What is looked at character by character: all but the letters and signs of most texts."""
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""What Unicode calls ignorable and Python printable: fillers, joiners, variation selectors; and the empty Braille."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Outside:
    """How a field of a value from outside is treated."""

    longest: int
    private: bool = True
    """Whether `masked` looks at it."""
    most: int | None = MOST_TEXTS
    """Of a list of texts; None: the list has a bound of its own."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A text from outside that stays as it came, and is never shown."""


OutsideName: TypeAlias = Annotated[str, Outside(LONGEST_NAME)]
OutsideText: TypeAlias = Annotated[str, Outside(LONGEST_TEXT)]
RawName: TypeAlias = Annotated[str, Outside(LONGEST_NAME, private=False, most=None)]
RawText: TypeAlias = Annotated[str, Raw()]


class FromOutside:
    """Base of a dataclass with texts from outside: they are cleaned as the value is made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        kind: Any = type(self)
        for name, how in _fields_of(kind):
            value = getattr(self, name)
            made = _each(value, partial(clean, longest=how.longest), how.most)
            if made is not value:
                object.__setattr__(self, name, made)


def clean(text: str, longest: int = LONGEST_TEXT) -> str:
    """The text on one line, in at most `longest` characters, of which an ellipsis is the last where it was cut.

    Characters without a meaning of their own (control, format, invisible) are left out, those that cannot be shown are
    replaced, any white space becomes one space. A cleaned text stays as it is when it is cleaned again.
    """
    if len(text) <= longest and not _UNUSUAL.search(text) and "  " not in text and text == text.strip():
        return text
    # Only the beginning of a very long text is looked at.
    rough = text[: 4 * longest]
    plain = " ".join(_without_controls(rough).split())
    if len(plain) <= longest and len(rough) == len(text):
        return plain
    return _cut(plain, longest)


def _cut(text: str, longest: int) -> str:
    """At most `longest` characters, cut between words: of a name or number cut in two, no mask would know the rest."""
    end = min(len(text), longest - 1)
    while end > max(0, longest - 1 - _LONGEST_WORD) and (text[end - 1].isalnum() or text[end - 1] == REPLACEMENT):
        end -= 1
    kept = text[:end] if end and not text[end - 1].isalnum() else text[: longest - 1]
    return kept.rstrip().rstrip("…") + "…"


def _without_controls(text: str) -> str:
    text = _INVISIBLE.sub("", whole_characters(text))
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in ("Cc", "Cf") and not character.isspace():
            # What is left out joins what it stood between, so that nothing hides from a mask behind it.
            continue
        marks = marks + 1 if category[0] == "M" else 0
        if marks <= MOST_MARKS:
            kept.append(character if character.isprintable() else " " if character.isspace() else REPLACEMENT)
    return "".join(kept)


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────


def json_bytes(value: Any) -> bytes:
    """A value as compact JSON in UTF-8; half a character in it is replaced, never an error."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def parse_json(raw: bytes | str) -> Any:
    """The value that JSON stands for, halves of characters replaced. ValueError or RecursionError when it is not JSON.

    JSON can spell half a character (\\ud800), which no file, socket or screen takes.
    """
    value = json.loads(text := raw.decode() if isinstance(raw, bytes) else raw)
    if "\\u" not in text:
        return value
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


# ── masking ─────────────────────────────────────────────────────────────────────────────────────


def masked(value: _T, private: Private) -> _T:
    """The value with all that is private masked in its texts from outside, however deep; the same one if there is none.

    Cheap enough for each event: what a text becomes is kept.
    """
    made: _T = _masked(value, private)
    return made


def _masked(value: Any, private: Private) -> Any:
    if isinstance(value, tuple):
        parts = tuple(_masked(part, private) for part in value)
        return value if all(a is b for a, b in zip(parts, value, strict=True)) else parts
    if not is_dataclass(value) or isinstance(value, type):
        return value
    outside = dict(_fields_of(type(value)))
    changes: dict[str, Any] = {}
    for name in _names_of(type(value)):
        before = getattr(value, name)
        how = outside.get(name)
        if how is not None and how.private:
            after = _each(before, lambda text: mask(text, private))
        else:
            after = _masked(before, private)
        if after is not before:
            changes[name] = after
    return replace(value, **changes) if changes else value


@lru_cache(maxsize=2048)
def mask(text: str, private: Private) -> str:
    """`privacy.redact`, which takes some ten microseconds, remembered."""
    return redact(text, private)


@lru_cache(maxsize=256)
def _names_of(kind: type) -> tuple[str, ...]:
    """The fields of a type that may be masked."""
    raw = {name for name, marker in _markers_of(kind) if isinstance(marker, Raw)}
    return tuple(f.name for f in fields(kind) if f.name not in raw)


@lru_cache(maxsize=256)
def _fields_of(kind: type) -> tuple[tuple[str, Outside], ...]:
    """The fields of a type that hold texts from outside."""
    return tuple((name, marker) for name, marker in _markers_of(kind) if isinstance(marker, Outside))


def _markers_of(kind: type) -> Iterator[tuple[str, object]]:
    """By field what its type says about texts from outside."""
    if issubclass(kind, FromOutside):
        for name, hint in get_type_hints(kind, include_extras=True).items():
            yield from ((name, marker) for marker in _markers(hint)[:1])


def _markers(hint: Any) -> list[Any]:
    """What the annotations inside a type say."""
    found = list(getattr(hint, "__metadata__", ()))
    for part in get_args(hint):
        found += _markers(part)
    return found


def _each(value: Any, change: Callable[[str], str], most: int | None = None) -> Any:
    """A text, a list of texts or a value without either, each text changed; the same object where none is."""
    if isinstance(value, str):
        made = change(value)
        return value if made == value else made
    if isinstance(value, tuple):
        few = value if most is None or len(value) <= most + 1 else (*value[:most], f"and {len(value) - most} more")
        parts = tuple(_each(part, change) for part in few)
        return value if len(parts) == len(value) and all(a is b for a, b in zip(parts, value, strict=True)) else parts
    return value
