"""Colour, tables and countdowns for people, through Rich, which is imported here alone and only when they are read."""

import os
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.cells import cell_len
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

_STYLES = (
    (r"(?m)^\s*✗ .*$", "bold red"),
    (r"(?m)^\d+ problems?: .*$", "bold red"),
    (r"(?m)^\d+ of \d+ ha(?:s|ve) a problem: .*$", "bold red"),
    (r"(?m)^\s*! .*$", "bold yellow"),
    (r"(?m)^(?:All is well.*|\s*✓)", "green"),
    (r"(?m)^(?:Could not find out.*|\s*\? .*)$", "magenta"),
    (r"(?m)^\S.*: (?P<bad>PROBLEM)$", "bold red"),
    (r"(?m)^\S.*: WARNING$", "bold yellow"),
    (r"(?m)^\s*(?:What was seen|What to do|Steps[^:]*|Seen|Left|(?:Either|Or|In) [^:\n]+|[A-Z][a-z ]+):$", "bold"),
    (r"(?m)^  [a-zA-Z ]+:(?=  )", "dim"),
    (r"\[[a-z]+(?:-[a-z]+)+\]", "dim"),
    (r"`[^`\n]+`", "cyan"),
)
"""Patterns of lines and words, and how Rich shows them."""


def coloured(text: str) -> str:
    """A text that is laid out already, with the terminal's codes for colour; without any where there are none."""
    return _rendered(_styled(text))


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """A table as plain text of at most `width` columns; long texts take several lines."""
    made = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for number, title in enumerate(head):
        widest = max((cell_len(row[number]) for row in rows), default=0)
        made.add_column(title, overflow="fold", no_wrap=widest <= _SHORT)
    for row in rows:
        made.add_row(*map(Text, row))
    return _rendered(made, width, plain=True)


_SHORT = 12
"""Columns of a text that stays on one line."""


class Countdown:
    """What is known so far, and a line that counts, on standard error until the context ends; nothing of it stays."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, transient=True, auto_refresh=False)
        self._shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._live.stop()

    def show(self, known: str, line: str) -> None:
        """Show both; drawn only when something has changed."""
        if (text := f"{known}\n{line}") != self._shown:
            if not self._shown:
                self._live.start()
            self._shown = text
            self._live.update(Group(_styled(known), Text(line, "cyan")), refresh=True)


def _styled(text: str) -> Text:
    styled = Text(text)
    for pattern, style in _STYLES:
        styled.highlight_regex(pattern, style)
    return styled


def _rendered(what: Text | Table, width: int | None = None, *, plain: bool = False) -> str:
    console = Console(
        file=sys.stdout,
        width=width,
        color_system=None if plain else "auto",
        force_terminal=False if plain else True if os.environ.get("FORCE_COLOR") else None,
        highlight=False,
        markup=False,
    )
    with console.capture() as captured:
        console.print(what, soft_wrap=isinstance(what, Text), end="")
    return "\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n"))
