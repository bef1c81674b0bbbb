"""How the demonstration counts at its end what it made of the day."""

import pytest

from agent.cli.demo import _tally
from agent.core.problem import Severity
from agent.core.shown.display import Notice


def begins(code: str) -> Notice:
    return Notice(f"Paper Gateway/{code}", Severity.ERROR, "It is wrong", "")


def ends(code: str) -> Notice:
    return Notice(f"Paper Gateway/{code}", Severity.INFO, "It is right", "", over=True)


@pytest.mark.parametrize(
    ("notices", "words"),
    [
        ((), "Nothing in it was worth a notice."),
        ((begins("a"), ends("a")), "1 notice about a problem, and its end once."),
        ((begins("a"),), "1 notice about a problem, and 0 ends."),
        (
            (begins("a"), ends("a"), begins("b"), ends("b")),
            "2 notices about problems, each of them once, and its end once.",
        ),
        ((begins("a"), begins("a"), ends("a")), "2 notices about problems, and 1 ends."),
    ],
)
def test_what_was_said_twice_or_never_ended_is_admitted(notices: tuple[Notice, ...], words: str) -> None:
    assert _tally(notices) == words
