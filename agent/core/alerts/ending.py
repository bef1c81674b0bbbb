"""How the end of a problem is told: by what is true now, as far as that is known."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.core.facts import Facts
from agent.core.guide import fill
from agent.core.problem import Problem
from agent.core.shown.display import TITLE_LIMIT
from agent.core.text import shortened


def not_seen(ended: str) -> str:
    """The title of an end of which nothing more is known. `ended`: that of the problem, as far as it was kept."""
    return shortened(f"No longer seen: {ended}" if ended else "A problem is no longer seen", TITLE_LIMIT)


@dataclass(frozen=True, slots=True)
class Ending:
    """The good news of one problem that is over, true when it was made."""

    title: str
    text: str
    """Its placeholder {lasted} is not filled in yet."""
    words: Mapping[str, str]
    """What fills the other placeholders."""

    def after(self, lasted: str) -> str:
        """The text, once it is known how long the problem was there."""
        return fill(self.text, {**self.words, "lasted": lasted})


def ending_of(problem: Problem, instance: str, facts: Facts) -> Ending | None:
    """The first good news of a problem that these facts show to be true; None where they show none."""
    for news in problem.over:
        words = news.known(facts, instance)
        if words is not None:
            return Ending(fill(news.title, words), news.text, words)
    return None
