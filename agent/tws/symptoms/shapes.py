"""A symptom: words that programs, TWS and IBC write when something fails, and what they mean."""

import re
from dataclasses import dataclass

_NEVER = re.compile(r"(?!)")
"""Matches nothing."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """One way of failing, as it is written in logs."""

    name: str
    title: str
    meaning: str
    causes: tuple[str, ...]
    """Codes of the problems that can be behind it, likeliest first."""
    pattern: re.Pattern[str] = _NEVER
    phrases: tuple[str, ...] = ()
    """Words that show it as they stand, folded (see `folded`): for whole sentences, in any language."""
    steps: tuple[str, ...] = ()
    """What to do, where no guide covers it."""
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
    """A symptom with its causes in one text, and any of several patterns, upper and lower case alike."""
    pattern = re.compile("|".join(f"(?:{p})" for p in patterns), re.IGNORECASE) if patterns else _NEVER
    return Symptom(name, title, meaning, tuple(causes.split()), pattern, tuple(map(folded, phrases)), steps, good)


def folded(text: str) -> str:
    """A text in small letters, each run of white space as one blank, with straight apostrophes."""
    return " ".join(text.casefold().replace("’", "'").split())
