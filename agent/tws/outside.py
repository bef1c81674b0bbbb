"""Texts from other programs, TWS, files and networks, made harmless where they come in. Pure.

A process may have any bytes as its name, and a program on the API port may send any notice. What Gatelight keeps of
such a text is valid Unicode on one line, of bounded length, without control, format and invisible characters.

The type cleans it: a value with texts from outside is a dataclass that inherits `FromOutside`. Each of its fields of
type `OutsideName` or `OutsideText` is cleaned while the value is made. No caller can forget to do so, and no fact can
hold an uncleaned text. `RawText` marks the exceptions: texts that are compared, opened or sent back as they came, and
are never shown.

Masking is a second step (`masked`), because only the running program knows the names of its user.
`core.state_machine.intake` masks each event before it is taken in: later, each of a dozen exits would have to do it,
and in the type, `core` would need a global. Only account numbers of the log-in are needed in full (for
`--show-accounts`, and to tell live from paper). They are `RawName`: cleaned, but masked only by
`core.shown.status.status_to_json`.
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
"""Characters of any other text that are kept; the longest notice of TWS has some hundred."""
MOST_TEXTS = 100
"""Texts of one list that are kept; a further one says how many were left out."""
MOST_MARKS = 4
"""Combining marks that are kept on one character. Hebrew and Vietnamese need three; more would cover other lines."""
_LONGEST_WORD = 64
"""Characters left out at most to cut a text between two words."""

_UNUSUAL = re.compile("[^ -~\xa1-\xac\xae-\u02ff\u0391-\u03c9\u0400-\u0481\u2010-\u2027\u2030-\u205e\u4e00-\u9fff]")
"""Characters that few texts have; a text with one is cleaned character by character."""
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""Characters that are ignorable to Unicode and printable to Python (fillers, joiners, variation selectors), and the
empty Braille pattern."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Outside:
    """How a field with text from outside is treated."""

    longest: int
    private: bool = True
    """Whether `masked` masks it."""
    most: int | None = MOST_TEXTS
    """Texts of a list that are kept; None: the list has a limit of its own."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Marks a text from outside that stays as it came and is never shown."""


OutsideName: TypeAlias = Annotated[str, Outside(LONGEST_NAME)]
OutsideText: TypeAlias = Annotated[str, Outside(LONGEST_TEXT)]
RawName: TypeAlias = Annotated[str, Outside(LONGEST_NAME, private=False, most=None)]
RawText: TypeAlias = Annotated[str, Raw()]


class FromOutside:
    """Base of a dataclass with texts from outside, which are cleaned as the value is made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        kind: Any = type(self)
        for name, how in _fields_of(kind):
            value = getattr(self, name)
            made = _each(value, partial(clean, longest=how.longest), how.most)
            if made is not value:
                object.__setattr__(self, name, made)


def clean(text: str, longest: int = LONGEST_TEXT) -> str:
    """The text on one line, in at most `longest` characters; an ellipsis ends a text that was cut.

    Control, format and invisible characters are left out. Characters that cannot be shown are replaced, and white space
    becomes one space. Cleaning a cleaned text changes nothing.
    """
    if len(text) <= longest and not _UNUSUAL.search(text) and "  " not in text and text == text.strip():
        return text
    # Only the beginning of a very long text is cleaned.
    rough = text[: 4 * longest]
    plain = " ".join(_without_controls(rough).split())
    if len(plain) <= longest and len(rough) == len(text):
        return plain
    return _cut(plain, longest)


def without_hidden(text: str) -> str:
    """The text without control, format and invisible characters, which may stand in the middle of what is private."""
    return _without_controls(text) if _UNUSUAL.search(text) else text


def _cut(text: str, longest: int) -> str:
    """At most `longest` characters, cut at a space: half a name, number or address would not be recognised and masked.

    Where there is no space near the end, it is cut between letters and other signs.
    """
    room = min(len(text), longest - 1)
    shortest = max(0, longest - 1 - _LONGEST_WORD)
    for is_inside in (lambda sign: not sign.isspace(), lambda sign: sign.isalnum() or sign == REPLACEMENT):
        end = room
        while end > shortest and is_inside(text[end - 1]):
            end -= 1
        if end and not is_inside(text[end - 1]):
            return text[:end].rstrip().rstrip("…") + "…"
    return text[:room].rstrip().rstrip("…") + "…"


def _without_controls(text: str) -> str:
    text = _INVISIBLE.sub("", whole_characters(text))
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in ("Cc", "Cf") and not character.isspace():
            # Without a space in its place: a name with such a character inside is masked like any other.
            continue
        marks = marks + 1 if category[0] == "M" else 0
        if marks <= MOST_MARKS:
            kept.append(character if character.isprintable() else " " if character.isspace() else REPLACEMENT)
    return "".join(kept)


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────


def json_bytes(value: Any) -> bytes:
    """A value as compact JSON in UTF-8; half a character is replaced and raises nothing."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def parse_json(raw: bytes | str) -> Any:
    """The value of a JSON text, halves of characters replaced; ValueError or RecursionError when it is not JSON.

    JSON can spell half a character (\\ud800), which no file, socket or screen accepts.
    """
    value = json.loads(text := raw.decode() if isinstance(raw, bytes) else raw)
    if "\\u" not in text:
        return value
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


# ── masking ─────────────────────────────────────────────────────────────────────────────────────


def masked(value: _T, private: Private) -> _T:
    """The value with everything private masked in its texts from outside, nested values included.

    Returns the same object where nothing is private. Cheap enough for each event, because results are remembered.
    """
    made: _T = _masked(value, private)
    return made


_NEVER_PRIVATE = frozenset({bool, float, frozenset, int, str, type(None)})
"""Types of values that hold nothing to mask where no field says that it is from outside; most values of a look are."""


def _masked(value: Any, private: Private) -> Any:
    if type(value) in _NEVER_PRIVATE:
        return value
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
    """`privacy.redact` with its results remembered: it takes some ten microseconds."""
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
    """For each field with texts from outside, its name and what its type says about them."""
    if issubclass(kind, FromOutside):
        for name, hint in get_type_hints(kind, include_extras=True).items():
            yield from ((name, marker) for marker in _markers(hint)[:1])


def _markers(hint: Any) -> list[Any]:
    """The annotations anywhere inside a type."""
    found = list(getattr(hint, "__metadata__", ()))
    for part in get_args(hint):
        found += _markers(part)
    return found


def _each(value: Any, change: Callable[[str], str], most: int | None = None) -> Any:
    """A text, a tuple of texts or any other value, with each text changed; the same object where no text changes."""
    if isinstance(value, str):
        made = change(value)
        return value if made == value else made
    if isinstance(value, tuple):
        few = value if most is None or len(value) <= most + 1 else (*value[:most], f"and {len(value) - most} more")
        parts = tuple(_each(part, change) for part in few)
        return value if len(parts) == len(value) and all(a is b for a, b in zip(parts, value, strict=True)) else parts
    return value
