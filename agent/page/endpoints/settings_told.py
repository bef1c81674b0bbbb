"""How Settings tell a key: its label, its value as it is typed, what can be chosen, and why a value cannot be used."""

import hmac
import secrets
import tomllib
from collections.abc import Iterable
from dataclasses import MISSING
from typing import Any

from agent.config.key import Key, KeyTable
from agent.config.kinds import QUIET_TIMES, ValueRefused
from agent.config.reading import load
from agent.config.text import LONGEST_FOUND, duration_text, parse_duration, toml_text
from agent.core.settings import Settings
from agent.core.text import shortened
from agent.errors import ConfigError
from agent.page.backend import Answer, Backend
from agent.tws.privacy import MASK, redact

_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
_TAGS = secrets.token_bytes(16)
"""Makes the tags of masked values, so that a tag tells nothing about its value."""


def in_the_file(backend: Backend) -> tuple[Settings, str | None]:
    """What the file says; where it cannot be used, what is in force, and why."""
    try:
        return load(backend.config, named=backend.config_named and backend.config.exists()), None
    except ConfigError as error:
        return backend.settings, str(error)


def key_told(table: KeyTable, key: Key, value: Any) -> Answer:
    """A key of a table, with the value that it has."""
    told: Answer = {"name": key.name, "label": key.label, "help": key.help, "example": key.example}
    told |= {"advanced": key.advanced, "control": _control(key), "value": plain_value(key, value)}
    if key.words:
        told["choices"] = [{"value": v, "words": w} for v, w in zip(key.kind.choices, key.words, strict=True)]
    elif key.durations:
        told["choices"] = list(_durations(key, value))
    if key.empty:
        told["empty"] = key.empty
    if (default := table.default(key.name)) is not MISSING and key.durations:
        told["usual"] = plain_value(key, default)
    return told


def _control(key: Key) -> str:
    """How the page lets the user enter it."""
    if key.kind is QUIET_TIMES:
        return "times"
    if key.kind.entry:
        return "lines"
    if key.words or key.durations:
        return "choice"
    return "switch" if key.kind.choices else "text"


def _durations(key: Key, value: float | None) -> Iterable[Answer]:
    """The durations that are offered, and the one in force where it is none of them; in order, "never" last."""
    texts = [text for text in key.durations if text != "never"]
    if value is not None and duration_text(value) not in texts:
        texts = sorted([*texts, duration_text(value)], key=parse_duration)
    for text in texts:
        yield {"value": text, "words": in_words(text)}
    if "never" in key.durations:
        yield {"value": "never", "words": "never"}


def in_words(duration: str) -> str:
    """A duration of the file in words: "5 seconds" for "5s"."""
    number, unit = duration[:-1], _UNITS[duration[-1]]
    return f"{number} {unit}" if number == "1" else f"{number} {unit}s"


def plain_value(key: Key, value: Any) -> Any:
    """A value as it is typed: without the quotes of TOML; a list entry by entry. What is secret in it is masked."""
    if key.kind.entry:
        return [masked_text(key, one) for one in entries_typed(key, value)]
    return masked_text(key, unquoted(key.kind.write(value)))


def entries_typed(key: Key, value: Any) -> list[str]:
    """A list as it is typed, entry by entry."""
    return [unquoted(key.kind.write((one,))[1:-1]) for one in value]


def masked_text(key: Key, text: str) -> str:
    """A text as it may be shown: where something is masked, with a tag that stands for the whole text."""
    if not may_be_masked(key) or not text:
        return text
    shown = key.shown(text) if key.secret else redact(text)
    if MASK not in shown:
        return text
    return shown + hmac.new(_TAGS, text.encode(errors="surrogatepass"), "sha256").hexdigest()[:8]


def may_be_masked(key: Key) -> bool:
    """A list may hold arguments of a program, and a password among them."""
    return key.secret or bool(key.kind.entry)


def unquoted(written: str) -> str:
    """A value as TOML writes it, without the quotes of a text."""
    read_back = tomllib.loads(f"value = {written}")["value"]
    return read_back if isinstance(read_back, str) else written


def refusal_sentence(key: Key, found: Any, refused: ValueRefused) -> str:
    """What is wrong with a value, in the words of the page: its label, what was typed, what is allowed."""
    allowed = key.kind.allowed
    if refused.item is not None and isinstance(found, list):
        found, allowed = found[refused.item], key.kind.entry
    allowed = allowed.replace(f" or {toml_text(key.empty)}", ", or nothing").replace('"', "")
    unsaid = "what was typed" if key.secret else ""
    typed = refused.found or unsaid or f"“{shortened(str(found), LONGEST_FOUND)}”"
    because = f" ({refused.because})" if refused.because else ""
    return f"{key.label}: {typed} cannot be used{because}. It must be {allowed}."
