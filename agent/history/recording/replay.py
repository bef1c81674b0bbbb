"""Runs a recording through the core: what came in then, and what is decided about it now. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from agent.core.effects import (
    Announce,
    CloseSession,
    Effect,
    Happened,
    MarkKind,
    OpenSession,
    Record,
    SendTo,
    ShowStatus,
)
from agent.core.events import (
    ConfigRejected,
    DataCame,
    Event,
    HeartbeatAnswered,
    Looked,
    MessagesCame,
    NewsCame,
    NoticeArrived,
    NoticeDelivered,
    NoticeUndelivered,
    PageFollows,
    ProcessExited,
    Reconfigured,
    RelaysCounted,
    SessionFailed,
    SessionLost,
    SessionReady,
    SettingsAnswered,
    SummarySaid,
    TargetAnswered,
    Tick,
    UpdatesNoted,
    UserAsked,
    UserLooked,
    Welcomed,
    Woke,
)
from agent.core.facts import Unknown
from agent.core.shown.status import Status
from agent.core.state_machine.state import AgentState
from agent.core.state_machine.step import AgentStep, decide_step
from agent.history.recording.lines import Item, PieceBegun, Taken, Torn
from agent.tws.time_zone import TimeZone

_SINCE_1970 = 253370764800.0
"""Epoch seconds beyond any calendar."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a replay."""

    at: str
    """The time of that computer’s clock, to the second; empty for a line about the recording itself."""
    text: str
    came_in: bool = False
    """It is what came in; else it is what was decided."""


@dataclass(slots=True)
class Summary:
    """What is known of a recording once it was run."""

    steps: int = 0
    notices: int = 0
    faults: int = 0
    """Decisions that failed."""
    torn: int = 0
    """Pieces that cannot be read to their end."""
    gaps: int = 0
    """Times at which steps are missing."""


class Replay:
    """One run of a recording."""

    def __init__(self) -> None:
        self.summary = Summary()
        self._state: AgentState | None = None
        self._run = 0.0
        self._next = -1
        """Number of the step that goes on with the state."""
        self._shown: tuple[tuple[str, str], ...] = ()

    def lines(self, items: Iterable[Item]) -> Iterator[Line]:
        """The whole of it, while it runs."""
        for item in items:
            match item:
                case PieceBegun():
                    yield from self._piece(item)
                case Taken():
                    yield from self._taken(item)
                case Torn(line, reason):
                    self.summary.torn += 1
                    yield Line("", f"from line {line} on, this piece cannot be read ({reason})")

    def _piece(self, piece: PieceBegun) -> Iterator[Line]:
        known = self._state is not None
        if known and piece.run == self._run and piece.number == self._next:
            # The decisions of this version go on from its own.
            return
        if known and piece.run == self._run:
            self.summary.gaps += 1
            yield Line("", "steps are missing here: it goes on from what was recorded then")
        else:
            yield Line("", f"an agent of Gatelight {piece.version} on {piece.platform}")
        self._state, self._run, self._next, self._shown = piece.state, piece.run, piece.number, ()

    def _taken(self, taken: Taken) -> Iterator[Line]:
        state = self._state
        if state is None or taken.number != self._next:
            return
        self._next = taken.number + 1
        self.summary.steps += 1
        for arrival in taken.arrivals:
            if came := came_in(arrival.event):
                yield Line(_time(arrival.at.wall, state), came, came_in=True)
        at = _time(taken.now.wall, state)
        try:
            self._state, effects = decide_step(AgentStep(state, taken.arrivals, taken.now, taken.heard))
        except Exception as fault:
            # As the loop does: the next look judges everything anew.
            self._state = replace(state, look_at=None, wake_at=None)
            self.summary.faults += 1
            yield Line(at, f"the decision failed: {type(fault).__name__}: {fault}")
            return
        if taken.failed:
            yield Line(at, "this decision failed when it was recorded")
        for effect in effects:
            for text in self._decided(effect):
                yield Line(at, text)

    def _decided(self, effect: Effect) -> Iterator[str]:
        match effect:
            case ShowStatus(status):
                shown = _overview(status)
                yield from (f"{name}: {words}" for name, words in shown if (name, words) not in self._shown)
                self._shown = shown
            case Announce(notice):
                self.summary.notices += 1
                yield f"notice ({'over' if notice.over else notice.severity.value}): {notice.title}"
            case OpenSession():
                at = f"{effect.host}:{effect.port}, client ID {effect.client_id}"
                yield f"{effect.connection}: session {effect.number} is opened at {at}"
            case CloseSession(number):
                yield f"session {number} is closed"
            case SendTo(target, message):
                yield f"message to {target}: {message.title}"
            case Happened(MarkKind.SILENT, connection, what, detail):
                yield f"{connection or 'Gatelight'}: {what} is not told: {detail}"
            case Record(severity, text):
                yield f"log ({severity.value}): {text}"
            case _:
                pass


def _overview(status: Status) -> tuple[tuple[str, str], ...]:
    """Of each connection its name, and its state with the problems that are shown."""
    return tuple(
        (c.name, f"{c.overall.value} ({', '.join(problems)})" if problems else c.overall.value)
        for c in status.connections
        if (problems := [p.code for p in c.problems if p.visible]) or True
    )


def came_in(event: Event) -> str:
    """An event in a few words; nothing for those that come all the time."""
    match event:
        case Looked() | RelaysCounted() | Tick() | HeartbeatAnswered() | MessagesCame():
            return ""
        case SessionReady(number, server_version):
            return f"session {number} is ready, server version {server_version}"
        case SessionFailed(number, outcome, _, detail):
            return f"session {number} failed: {outcome.value}{f' ({detail})' if detail else ''}"
        case SessionLost(number, reason):
            return f"session {number} was lost: {reason}"
        case NoticeArrived(number, code, text):
            return f"session {number} was told {code}: {text}"
        case ProcessExited(pid):
            return f"process {pid} ended"
        case UserAsked(action):
            return f"the user asked for {type(action).__name__}"
        case Woke(slept_for):
            return f"the computer slept for {slept_for:.0f} s"
        case Reconfigured():
            return "another configuration is in force"
        case ConfigRejected(reason):
            return f"another configuration cannot be used: {reason}"
        case SettingsAnswered(number, Unknown(reason)):
            return f"session {number}: the API settings did not come: {reason}"
        case SettingsAnswered(number):
            return f"session {number}: the API settings came"
        case DataCame(connection):
            return f"market data came for {connection}"
        case Welcomed():
            return "the user was welcomed"
        case SummarySaid():
            return "the weekly summary was said"
        case UpdatesNoted():
            return "the check for new versions was noted"
        case NoticeDelivered(key):
            return f"the notice {key} could be shown"
        case NoticeUndelivered(key, reason):
            return f"the notice {key} could not be shown: {reason}"
        case TargetAnswered(target, answer):
            return f"{target} answered: {answer.said}"
        case NewsCame(notice):
            return f"targets are told as well: {notice.title}"
        case UserLooked():
            return "the user looked at Gatelight"
        case PageFollows(open=there):
            return "a page is open" if there else "no page is open any more"
        case _:
            assert_never(event)


def _time(wall: float, state: AgentState) -> str:
    if not 0 <= wall < _SINCE_1970:
        return "at a time beyond any calendar"
    zone = state.machine.zone if abs(state.machine.zone.utc_offset_at(wall)) < 86400 else TimeZone()
    return f"{zone.local(wall):%Y-%m-%d %H:%M:%S}"
