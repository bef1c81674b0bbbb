"""Every step of every guide in every layout, with its placeholders filled."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agent.core.guide import Guide, fill
from agent.core.told_steps import told_step
from agent.guides import load_guides
from agent.page.drawings.choose import drawing_for
from agent.page.drawings.layout import Drawing, Layout

VALUES = {
    "actual": "7497",
    "address": "172.17.0.2",
    "app": "IB Gateway 10.45",
    "client_id": "7",
    "due": "Sunday 07:00",
    "firewall": "the firewall there",
    "first_step": "Check how **Computer** of this connection is written in Gatelight’s Settings.",
    "other": "IB Gateway",
    "owner": "nginx",
    "port": "4002",
    "programs": "quantower",
    "until": "05:45",
    "wanted": "paper",
}
"""What stands in the placeholders."""
_IN_GUIDE = {"wrong-application": {"wanted": "TWS"}, "trading-mode-mismatch": {"actual": "live"}}


@dataclass(frozen=True, slots=True)
class Told:
    """One step as a user of one layout meets it."""

    code: str
    """Of the guide."""
    layout: Layout
    number: int
    written: str
    """As the guide has it."""
    step: str
    """Placeholders filled."""
    before: tuple[str, ...]

    @property
    def drawing(self) -> Drawing | None:
        """Its picture."""
        return drawing_for(self.step, self.layout, context=self.before)

    def __str__(self) -> str:
        return f"{self.code}-{self.layout}-{self.number}"


_OF_IB_GATEWAY = frozenset({"login-pending"})
"""Guides whose cases are known of IB Gateway alone."""


def _cases(guide: Guide, layout: Layout) -> Iterable[tuple[str, tuple[str, ...]]]:
    """The cases of a guide that a user of a layout can meet; those of another guide stand there."""
    foreign = guide.code in _OF_IB_GATEWAY and layout is not Layout.GATEWAY
    return () if guide.cases_of or foreign else guide.cases.items()


def all_steps() -> Iterator[Told]:
    """All of them."""
    for code, guide in load_guides().items():
        values = VALUES | _IN_GUIDE.get(code, {})
        for layout in Layout:
            for case, steps in (("", guide.steps[layout.kind]), *_cases(guide, layout)):
                written = [told_step(step).text for step in steps]
                filled = tuple(fill(step, values) for step in written)
                for number, step in enumerate(filled):
                    name = f"{code}/{case}" if case else code
                    yield Told(name, layout, number + 1, written[number], step, filled[:number])
