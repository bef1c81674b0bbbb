"""The steps of a guide as they are told: texts in one list, each of which says at its beginning where it belongs.

A step of one application's list begins with "TWS: " or "IB Gateway: ", a step of one of several ways with "Either …: "
or "Or …: ", and a step that follows all of them with "Then: ". So each text is true by itself, and a view can show
the list in parts.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from agent.tws.applications import ApplicationKind

EITHER, OR, THEN = "Either ", "Or ", "Then"
_PARTS = re.compile(
    r"(?:(?P<application>TWS|IB Gateway): )?(?:(?P<way>(?:Either|Or) .+?|Then): )?(?P<text>.*)", re.DOTALL
)
_KINDS = {kind.title: kind for kind in (ApplicationKind.TWS, ApplicationKind.GATEWAY)}


@dataclass(frozen=True, slots=True)
class ToldStep:
    """One step, taken apart."""

    application: ApplicationKind
    """Whose list it stands in; UNKNOWN: it is told for every application, or for the one that is known."""
    way: str
    """The heading of the way it belongs to, like "Either keep TWS as it is"; "Then" after the ways; else empty."""
    text: str
    """What to do, without the words for where it belongs. Markdown."""

    @property
    def is_choice(self) -> bool:
        """Whether it belongs to one of several ways: of these a user goes only one."""
        return self.way.startswith((EITHER, OR))

    @property
    def told(self) -> str:
        """The whole text."""
        whose = "" if self.application is ApplicationKind.UNKNOWN else f"{self.application.title}: "
        return f"{whose}{self.way}: {self.text}" if self.way else whose + self.text


def told_step(step: str) -> ToldStep:
    """Take one step apart."""
    found = _PARTS.fullmatch(step)
    assert found is not None, "every text fits"
    return ToldStep(_KINDS.get(found["application"], ApplicationKind.UNKNOWN), found["way"] or "", found["text"])


def only_real_ways(steps: Iterable[str]) -> tuple[str, ...]:
    """The steps of one application, after some were left out: a way that is left alone is no choice any more."""
    told = [told_step(step) for step in steps]
    ways = list(dict.fromkeys(t.way for t in told if t.is_choice))
    if len(ways) < 2:
        return tuple(t.text for t in told)
    headings = {ways[0]: EITHER + ways[0].removeprefix(EITHER).removeprefix(OR)}
    return tuple(replace(t, way=headings.get(t.way, t.way)).told for t in told)


def text_lines(steps: Iterable[str]) -> Iterator[str]:
    """The steps for a place that shows plain text: numbered in their parts, below a heading where there are several."""
    before = ToldStep(ApplicationKind.UNKNOWN, "", "")
    number = 0
    for told in map(told_step, steps):
        indent = "" if told.application is ApplicationKind.UNKNOWN else "  "
        if told.application is not before.application:
            yield f"In {told.application.title}:"
        if (told.application, told.way) != (before.application, before.way):
            number = 0
            if told.way:
                yield f"{indent}{plain(told.way)}:"
        before = told
        number += 1
        yield f"{indent}{'  ' if told.way else ''}{number}. {plain(told.text)}"


def is_heading(line: str) -> bool:
    """Whether one of `text_lines` stands above steps."""
    return not line.lstrip()[:1].isdigit()


_LABEL = re.compile(r"\*\*(.+?)\*\*")


def plain(step: str) -> str:
    """A step without Markdown's marks: labels in quotation marks, for a menu or a terminal cannot set them off."""
    return _LABEL.sub(r"“\1”", step).replace("`", "")
