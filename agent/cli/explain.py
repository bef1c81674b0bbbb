"""`gatelight explain`: words as they were pasted, whatever they begin with, or those that come on standard input."""

import contextlib
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from agent.errors import GatelightError, UsageError

_WITH_VALUE = frozenset({"--config", "--data-dir"})
_ALONE = re.compile(r"-v+|--verbose|--version|-h|--help|--(?:config|data-dir)=.*", re.DOTALL)
_PIECE = 65_536
"""Characters read at once."""


def words_apart(arguments: Sequence[str]) -> list[str]:
    """The command line of `explain` with its options, then a `--`, then all other words; another one unchanged."""
    options: list[str] = []
    words: list[str] = []
    rest = list(arguments)
    while rest and rest[0] != "--":
        argument = rest.pop(0)
        if argument in _WITH_VALUE:
            options += [argument, *rest[:1]]
            del rest[:1]
        elif _ALONE.fullmatch(argument):
            options.append(argument)
        elif words or argument == "explain":
            words.append(argument)
        else:
            return list(arguments)
    words += rest[1:]
    return [words[0], *options, *(["--", *words[1:]] if words[1:] else [])] if words else list(arguments)


def command(
    words: Sequence[str],
    connections: Callable[[], Iterable[Mapping[str, Any]]],
    out: Callable[[str], None],
    tell: Callable[[str], None],
) -> int:
    """Explain words; "-" alone stands for standard input. Exit status 1 where nothing in them is known.

    `connections`: asks for those of the JSON of `status`; may raise GatelightError where no agent answers.
    """
    from agent.guides import load_guides
    from agent.guides.explain import LONGEST_EXPLAINED, explain, render_explained
    from agent.guides.seen_now import with_seen_now
    from agent.tws.printable import one_line

    text = _from_standard_input(LONGEST_EXPLAINED) if list(words) == ["-"] else " ".join(words)
    explanation = explain(text, load_guides())
    if explanation is None:
        said = one_line(" ".join(text.split()))[:80]
        tell(f"Gatelight does not know what “{said}” means: give a problem code, a notice number or a log line.")
        return 1
    with contextlib.suppress(GatelightError):
        explanation = with_seen_now(explanation, text, connections())
    out(render_explained(explanation))
    return 0


def _from_standard_input(longest: int) -> str:
    """The end of what comes, at most so many characters. Raises UsageError where nothing comes."""
    if sys.stdin is None:
        raise UsageError("There is no standard input here: give the words on the command line.")
    text = ""
    while piece := sys.stdin.read(_PIECE):
        text = (text + piece)[-longest:]
    if not text.strip():
        raise UsageError(
            "Nothing came on standard input: pipe lines of a log into it, as in `tail log | gatelight explain -`."
        )
    return text
