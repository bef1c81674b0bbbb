"""A symptom: words that programs, TWS and IBC write when something fails, and the meaning of these words."""

import re
from dataclasses import dataclass

_NEVER = re.compile(r"(?!)")
"""Matches nothing."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """One kind of failure, as logs show it."""

    name: str
    title: str
    meaning: str
    causes: tuple[str, ...]
    """Codes of the problems that can be behind it, likeliest first."""
    pattern: re.Pattern[str] = _NEVER
    phrases: tuple[str, ...] = ()
    """Whole sentences, or parts of them, that show it, in any language; folded (see `folded`)."""
    steps: tuple[str, ...] = ()
    """What to do, where no guide has steps for it."""
    good_news: bool = False

    def shows_in(self, text: str, text_folded: str) -> bool:
        """Whether a text, given as it is and folded, shows this symptom."""
        return any(phrase in text_folded for phrase in self.phrases) or bool(self.pattern.search(text))


def symptom(
    name: str,
    title: str,
    meaning: str,
    causes: str,
    *patterns: str,
    phrases: tuple[str, ...] = (),
    steps: tuple[str, ...] = (),
    good: bool = False,
) -> Symptom:
    """A symptom from its causes, separated by spaces, and its patterns, of which any may match in any case."""
    pattern = re.compile("|".join(f"(?:{p})" for p in patterns), re.IGNORECASE) if patterns else _NEVER
    return Symptom(name, title, meaning, tuple(causes.split()), pattern, tuple(map(folded, phrases)), steps, good)


def folded(text: str) -> str:
    """A text in lower case, with straight apostrophes and single spaces."""
    return " ".join(text.casefold().replace("’", "'").split())
