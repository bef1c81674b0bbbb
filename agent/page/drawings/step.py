"""Reads one step of a guide: what the step names, in which order, and what the user does with each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.page.drawings.layout import MENUS, Layout, spoken
from agent.tws.applications import ApplicationKind

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_CODE = re.compile(r"`([^`]+)`")
_QUOTED = re.compile(r"“([^”]+)”")
_REFUSED = re.compile(r"(?:\bnot(?: with)?|\binstead of|\brather than)\s+$")
_TICKING = re.compile(r"\b(un)?tick\b", re.IGNORECASE)
_GIVEN = re.compile(r"\b(?:is|to|enter)\s+(\d[\w.:]*\w|\d|[\da-f]*:[\da-f:]*\w)")


@dataclass(frozen=True, slots=True)
class Label:
    """A text that a step prints in bold, spelt as the program shows it."""

    text: str
    wanted: bool = True
    """False: the step warns against it."""
    ticked: bool | None = None
    """Whether the user ticks (True) or clears (False) the box of this label; None: the step does not say."""
    value: str = ""
    """What the field of this label should hold; empty: the step does not say."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step."""

    plain: str
    """The words of the step in one line, without Markdown."""
    labels: tuple[Label, ...] = ()
    quoted: tuple[str, ...] = ()
    """Titles and texts of windows that the step quotes."""
    code: tuple[str, ...] = ()
    """What the user types, and keys of the configuration."""

    @property
    def words(self) -> str:
        """The words in lower case, for looking up phrases."""
        return self.plain.lower()

    @property
    def wanted(self) -> tuple[str, ...]:
        """The labels that the user looks for, in their order."""
        return tuple(label.text for label in self.labels if label.wanted)

    def names(self, text: str) -> bool:
        """Whether the step prints this text in bold."""
        return any(label.text == text for label in self.labels)


def read_step(markdown: str) -> Step:
    """Read a step of a guide whose placeholders are filled."""
    line = " ".join(markdown.split())
    return Step(
        plain=line.replace("**", "").replace("`", ""),
        labels=_labels(line),
        quoted=tuple(_QUOTED.findall(line)),
        code=tuple(_CODE.findall(line)),
    )


def _labels(line: str) -> tuple[Label, ...]:
    found = list(_BOLD.finditer(line))
    labels = []
    for position, match in enumerate(found):
        before = line[: match.start()]
        after = line[match.end() : found[position + 1].start() if position + 1 < len(found) else len(line)]
        verbs = list(_TICKING.finditer(before))
        given = _GIVEN.search(after)
        labels.append(
            Label(
                text=match[1],
                wanted=_REFUSED.search(before) is None,
                ticked=verbs[-1][1] is None if verbs else None,
                value=given[1] if given else "",
            )
        )
    return tuple(labels)


_OWN = {
    ApplicationKind.TWS: re.compile(r"^(?:In )?TWS\b|\bTWS (?:window|runs)\b|\b(?:start|close|restart) TWS\b", re.I),
    ApplicationKind.GATEWAY: re.compile(
        r"^(?:In )?IB Gateway\b|\bIB Gateway (?:window|runs)\b|\b(?:start|close|restart) IB Gateway\b", re.I
    ),
}
"""Finds steps about one application, whichever was detected: guides for both mix their steps."""


def layout_of(step: Step, layout: Layout) -> Layout:
    """The layout to draw: `layout`, unless the step is about the other application."""
    menus = {place for place, path in MENUS.items() if step.names(spoken(path))}
    if menus:
        return layout if layout in menus else min(menus, key=list(Layout).index)
    spoken_of = {kind for kind, pattern in _OWN.items() if pattern.search(step.plain)}
    if len(spoken_of) != 1 or layout.kind in spoken_of:
        return layout
    return Layout.GATEWAY if layout is not Layout.GATEWAY else Layout.MOSAIC


def read_all(steps: Sequence[str]) -> tuple[Step, ...]:
    """Read several steps."""
    return tuple(read_step(step) for step in steps)
