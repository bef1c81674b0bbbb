"""One step of the agent as a value: what was so, what arrived, and when. It can be decided once more at any time."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.core.clock import Moment
from agent.core.effects import Effect
from agent.core.events import Arrival
from agent.core.state_machine.advance import advance_all, begin
from agent.core.state_machine.state import AgentState


@dataclass(frozen=True, slots=True)
class AgentStep:
    """All that one decision is made from."""

    before: AgentState
    arrivals: Sequence[Arrival]
    """Empty: the agent begins."""
    now: Moment
    heard: float = float("inf")
    """See `advance_all`."""


def decide_step(step: AgentStep) -> tuple[AgentState, tuple[Effect, ...]]:
    """The state after a step, and what has to be done."""
    if not step.arrivals:
        return begin(step.before, step.now)
    return advance_all(step.before, step.arrivals, step.now, step.heard)
