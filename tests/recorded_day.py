"""A day in the life of the agent that is recorded as it goes, and the same day out of its recording."""

from collections.abc import Iterable, Iterator

from agent.core.effects import Announce, CloseSession, Effect, Happened, OpenSession, Record, SendHeartbeat, Withdraw
from agent.core.events import Arrival, Event
from agent.core.settings import ConnectionSettings
from agent.core.state_machine.state import AgentState
from agent.core.state_machine.step import AgentStep, decide_step
from agent.history.recording.lines import Item, LineWriter, PieceBegun, Taken, read_lines
from tests.journeys.day import KNOWLEDGE, Day

RUN = 1_795_446_000.0


class RecordedDay(Day):
    """See `Day`."""

    def __init__(self, *connections: ConnectionSettings, **more: object) -> None:
        self.steps: list[AgentStep] = []
        self.effects: list[tuple[Effect, ...]] = []
        super().__init__(*connections, **more)  # type: ignore[arg-type]

    def _decide(self, *events: Event) -> tuple[Effect, ...]:
        arrivals = tuple(Arrival(event, self.now) for event in events)
        self.steps.append(AgentStep(self.state, arrivals, self.now))
        effects = super()._decide(*events)
        self.effects.append(effects)
        return effects

    def lines(self, every: int = 1_000_000) -> str:
        """The recording, with a new piece every so many steps."""
        writer = LineWriter(KNOWLEDGE, "0.1.0", "linux", RUN)
        lines = []
        for number, step in enumerate(self.steps):
            lines += [writer.piece(step.before, number)] if number % every == 0 else []
            lines.append(writer.step(step, number))
        return "".join(lines)


def items_of(text: str) -> list[Item]:
    return list(read_lines(text.splitlines(keepends=True), KNOWLEDGE))


def decided_again(items: Iterable[Item], start: int = 0) -> Iterator[tuple[int, tuple[Effect, ...]]]:
    """Each step's number and what follows from it, from the piece on that begins with step `start`."""
    state: AgentState | None = None
    for item in items:
        if isinstance(item, PieceBegun) and item.number == start:
            state = item.state
        elif isinstance(item, Taken) and state is not None:
            state, effects = decide_step(AgentStep(state, item.arrivals, item.now, item.heard))
            yield item.number, effects


def told(effects: Iterable[Effect]) -> list[Effect]:
    """What the world notices of a decision."""
    kinds = Announce | Withdraw | OpenSession | CloseSession | SendHeartbeat | Happened | Record
    return [effect for effect in effects if isinstance(effect, kinds)]
