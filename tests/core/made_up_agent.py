"""An agent to move in tests: a state that looked once at a machine."""

from dataclasses import replace

from agent.core.clock import Moment
from agent.core.effects import Effect
from agent.core.events import Event, Looked, SessionReady
from agent.core.facts import MachineFacts
from agent.core.memory import Memory
from agent.core.problem import Problem
from agent.core.settings import ConnectionSettings, Settings
from agent.core.state_machine.advance import advance, begin
from agent.core.state_machine.state import AgentState, Knowledge, Words
from tests.problems.scene import NOW, connection, gateway, machine

PAPER = connection(port=4002)
START = NOW.later(-100.0)


def started(
    *connections: ConnectionSettings, problems: tuple[Problem, ...] = (), memory: Memory | None = None
) -> AgentState:
    """An agent that has begun and seen nothing yet."""
    state = AgentState(
        knowledge=Knowledge(problems, Words({}, {})),
        settings=Settings(connections=connections or (PAPER,)),
        version="0",
        pid=1,
        started=START,
        memory=memory or Memory(),
    )
    return begin(state, START)[0]


def play(state: AgentState, *events: Event, now: Moment = NOW) -> tuple[AgentState, tuple[Effect, ...]]:
    """Events at one moment; the effects of the last of them."""
    effects: tuple[Effect, ...] = ()
    for event in events:
        state, effects = advance(state, event, now)
    return state, effects


def looked(state: AgentState, around: MachineFacts | None = None, now: Moment = NOW) -> AgentState:
    """The state after a look taken now."""
    seen = machine(gateway()) if around is None else around
    return play(state, Looked(replace(seen, taken=now.monotonic)), now=now)[0]


def connected(*connections: ConnectionSettings, problems: tuple[Problem, ...] = ()) -> AgentState:
    """An agent with a session."""
    state = looked(started(*connections, problems=problems))
    number = state.watched[0].number
    assert number is not None
    return play(state, SessionReady(number, 178, ("DU1234567",), 0.01))[0]
