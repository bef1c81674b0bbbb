"""What tests of the fixes share: offers held to what is promised of them, and tools that record what they are asked."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from agent.core.facts import Facts
from agent.core.fix import ChangeSettings, CommandAnswer, Fix, Offer, SettingsOutcome, SettingsResult
from tests.problems.scene import facts as scene_facts

LONGEST_LABEL = 40
"""Characters that fit on the button of a notice."""
SHORT_LINE = 400
"""Characters of one line of a question."""

Offered = Callable[..., Offer | None]


def hold_to_contract(fix: Fix, seen: Facts, offer: Offer) -> None:
    """Fail unless it says whose it is, what it changes and what to do instead, in sentences that can be read."""
    question = offer.question
    assert offer.fix == fix.id
    assert offer.connection == seen.connection.name
    assert 0 < len(offer.label) <= LONGEST_LABEL, offer.label
    assert not offer.label.endswith(".")
    assert question.title.endswith("?")
    assert question.changes
    assert not any(line.endswith(".") and not line.endswith("...") for line in question.changes)
    assert all("{" not in line and len(line) <= SHORT_LINE for line in question.lines), question.lines
    assert not question.remark or question.remark.endswith(".")
    assert offer.by_hand.endswith(".")
    again = fix.offer(seen)
    assert again is not None
    assert again.digest == offer.digest


@pytest.fixture
def offered() -> Offered:
    """What a fix offers for a scene, held to the contract on the way; the arguments are those of `scene.facts`."""

    def ask(fix: Fix, *arguments: object, **what: object) -> Offer | None:
        seen = scene_facts(*arguments, **what)  # type: ignore[arg-type]
        offer = fix.offer(seen)
        if offer is not None:
            hold_to_contract(fix, seen, offer)
        return offer

    return ask


@dataclass
class RecordingTools:
    """Tools that do nothing but say what they are told to; what they were asked for is on record."""

    trouble: str | None = None
    answer: CommandAnswer = field(default_factory=lambda: CommandAnswer(True, "OK"))
    outcome: SettingsOutcome = field(default_factory=lambda: SettingsOutcome(SettingsResult.CHANGED, "all of it"))
    asked: list[object] = field(default_factory=list)

    async def start_program(self, command: tuple[str, ...]) -> str | None:
        self.asked.append(command)
        return self.trouble

    async def bring_to_front(self, pid: int) -> str | None:
        self.asked.append(pid)
        return self.trouble

    async def change_config(self, edits: tuple[tuple[str, str], ...]) -> str | None:
        self.asked.append(edits)
        return self.trouble

    async def send_command(self, port: int, command: str) -> CommandAnswer:
        self.asked.append((port, command))
        return self.answer

    async def change_settings(self, plan: ChangeSettings) -> SettingsOutcome:
        self.asked.append(plan)
        return self.outcome
