"""What a service is that carries notices to a telephone, a mailbox or a chat, and how its address is composed.

Apprise sends the notices and has an address for each of them. It is large, so the agent composes addresses without it:
each service says which fields it needs, judges them, and writes the address as Apprise's documentation tells.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote, urlencode

TypedFields: TypeAlias = Mapping[str, str]
"""What the user typed, by the name of the field."""

_LONGEST = 500
"""Characters of a field; tokens have some hundred."""


class FieldRefused(Exception):
    """A field that cannot be used; the text is one sentence with the remedy, without what was typed."""


class FieldsRefused(Exception):
    """Fields that cannot be used, with a sentence each."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        super().__init__(" ".join(sentences.values()))
        self.sentences = sentences
        """By the name of the field."""


def any_text(text: str) -> str:
    """Takes every text."""
    return text


def of_form(pattern: str, sentence: str) -> Callable[[str], str]:
    """Takes the texts that match a pattern as a whole; `sentence` is said of all others."""
    compiled = re.compile(pattern)

    def judge(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise FieldRefused(sentence)
        return text

    return judge


@dataclass(frozen=True, slots=True)
class ServiceField:
    """One thing that a service needs to know."""

    name: str
    label: str
    help: str
    """What the page says below it, in whole sentences."""
    judge: Callable[[str], str] = any_text
    """From what was typed, without blanks around it, to the value; raises `FieldRefused`."""
    example: str = ""
    usual: str = ""
    """What an empty field stands for, and what it is filled with at first."""
    needed: bool = True
    secret: bool = False
    """Whether the page hides what is typed."""
    choices: tuple[tuple[str, str], ...] = ()
    """Values and the words for them, where there are only a few."""

    def read(self, text: str) -> str:
        """The value of what was typed. Raises `FieldRefused`."""
        value = text.strip() or self.usual
        if not value:
            if self.needed:
                raise FieldRefused(f"{self.label} is missing.")
            return ""
        if len(value) > _LONGEST or not value.isprintable():
            raise FieldRefused(f"{self.label} must be one line of at most {_LONGEST} characters.")
        if self.choices and value not in [choice for choice, _ in self.choices]:
            raise FieldRefused(f"Choose one of the ways offered for {self.label}.")
        return self.judge(value)


@dataclass(frozen=True, slots=True)
class Service:
    """One service, with the steps that lead a user to what its fields want."""

    kind: str
    title: str
    suggested: str
    """The name that a target of it has at first."""
    about: str
    """What it is and what it costs the user, in a sentence or two."""
    steps: tuple[str, ...]
    """In order; Markdown with **bold** and links."""
    fields: tuple[ServiceField, ...]
    compose: Callable[[TypedFields], str]
    """From the values of all fields to the address. May raise `FieldsRefused` for fields that do not fit together."""
    schemes: tuple[str, ...] = ()
    """How addresses of this service begin, before `://`."""

    def address(self, typed: TypedFields) -> str:
        """The address of what was typed. Raises `FieldsRefused`."""
        values: dict[str, str] = {}
        refused: dict[str, str] = {}
        for field in self.fields:
            try:
                values[field.name] = field.read(typed.get(field.name, ""))
            except FieldRefused as sentence:
                refused[field.name] = str(sentence)
        if refused:
            raise FieldsRefused(refused)
        return self.compose(values)


def address_part(text: str) -> str:
    """A text as one part of an address."""
    return quote(text, safe="")


def with_options(address: str, **options: str) -> str:
    """An address with options that are not empty; a name that Python keeps for itself ends with `_`."""
    given = {name.removesuffix("_"): value for name, value in options.items() if value}
    return f"{address}?{urlencode(given, quote_via=quote, safe='')}" if given else address
