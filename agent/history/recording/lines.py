"""A recording as lines of JSON, and lines of JSON as a recording. Pure.

A recording is a chain of pieces. Each begins with a line that says what it is and a line with the whole state of the
agent, and has a line for each step after that. A look at the machine is written as its difference from the one before.
A line that was not written whole ends its piece, and the next piece goes on.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from agent.config.keys import for_others
from agent.core.clock import Moment
from agent.core.events import Arrival, Event, Looked, Reconfigured
from agent.core.facts import MachineFacts
from agent.core.state_machine.state import AgentState, Knowledge
from agent.core.state_machine.step import AgentStep
from agent.history.recording.codec import Codec, Unreadable

MARK = "gatelight-recording"
"""The first member of the first line of each piece; its value is the schema."""
Migration: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes a line of one schema a line of the next one."""
MIGRATIONS: tuple[Migration, ...] = ()
"""From schema 1 on. A change of what a recording of today means raises the schema by one of these."""
LONGEST_LINE = 8 << 20
"""Characters; the state of an agent with hundreds of programs has some hundred thousand."""


class NotARecording(ValueError):
    """What was given is no recording; the text is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class PieceBegun:
    """The beginning of a piece, with the state in which the agent was then."""

    version: str
    """Of the Gatelight that recorded it."""
    platform: str
    run: float
    """Epoch seconds at which the recording agent started: the same in all pieces of one run."""
    number: int
    """Of the step that follows; each step of a run has the next number."""
    state: AgentState


@dataclass(frozen=True, slots=True)
class Taken:
    """One step, without the state before it."""

    number: int
    arrivals: tuple[Arrival, ...]
    now: Moment
    heard: float
    failed: bool
    """The decision failed when it was recorded."""


@dataclass(frozen=True, slots=True)
class Torn:
    """The rest of a piece cannot be read."""

    line: int
    reason: str


Item: TypeAlias = PieceBegun | Taken | Torn


class LineWriter:
    """Makes the lines of one piece after the other."""

    def __init__(self, knowledge: Knowledge, version: str, platform: str, run: float) -> None:
        """`run`: see `PieceBegun`."""
        self._codec = Codec(knowledge)
        self._about = {"version": version, "platform": platform, "run": run}
        self._machine: MachineFacts | None = None
        """The latest look of this piece."""

    def piece(self, state: AgentState, number: int) -> str:
        """The first lines of a piece, before the step of that number."""
        self._machine = None
        told = self._codec_for(state).coder(AgentState).encode(replace(state, settings=for_others(state.settings)))
        schema = len(MIGRATIONS) + 1
        return _line({MARK: schema, **self._about}) + _line({"number": number, "state": told})

    def step(self, step: AgentStep, number: int, *, failed: bool = False) -> str:
        """The line of a step."""
        codec = self._codec_for(step.before)
        moment = codec.coder(Moment)
        told: dict[str, Any] = {"number": number, "now": moment.encode(step.now)}
        if step.heard != float("inf"):
            told["heard"] = step.heard
        if failed:
            told["failed"] = True
        told["in"] = [{"at": moment.encode(one.at), "event": self._event(one.event)} for one in step.arrivals]
        return _line(told)

    def _codec_for(self, state: AgentState) -> Codec:
        self._codec.private = state.private
        return self._codec

    def _event(self, event: Event) -> Any:
        if isinstance(event, Looked):
            before, self._machine = self._machine, event.machine
            if before is not None:
                change = self._codec.coder(MachineFacts).change(before, event.machine)
                return {"is": "Looked", "change": change if isinstance(change, list) else None}
        if isinstance(event, Reconfigured):
            event = replace(event, settings=for_others(event.settings))
        return self._codec.coder(Event).encode(event)


def read_lines(
    lines: Iterable[str], knowledge: Knowledge, migrations: Sequence[Migration] = MIGRATIONS
) -> Iterator[Item]:
    """What is in a recording, in order. Raises NotARecording where it does not begin as one, or is of a later version.

    `migrations`: one for each schema before the one that is read.
    """
    reader = _Reader(knowledge, migrations)
    for number, line in enumerate(lines, 1):
        yield from reader.take(number, line)
    if not reader.begun:
        raise NotARecording("This is no recording of Gatelight.")


class _Reader:
    def __init__(self, knowledge: Knowledge, migrations: Sequence[Migration]) -> None:
        self._codec = Codec(knowledge)
        self._migrations = migrations
        self._about: dict[str, Any] | None = None
        """The first line of the piece that is being read, before its state came."""
        self._schema = 0
        self._machine: MachineFacts | None = None
        self._torn = False
        self.begun = False

    def take(self, number: int, line: str) -> Iterator[Item]:
        if not line.strip():
            return
        try:
            told = _parsed(line)
            if MARK in told:
                self._head(told)
            elif not self.begun:
                raise NotARecording("This is no recording of Gatelight.")
            elif not self._torn:
                yield self._item(told)
        except (Unreadable, KeyError, TypeError, ValueError, OverflowError, RecursionError) as fault:
            if isinstance(fault, NotARecording):
                raise
            if not self.begun:
                raise NotARecording("This is no recording of Gatelight.") from None
            if not self._torn:
                self._torn = True
                yield Torn(number, str(fault)[:200])

    def _head(self, told: dict[str, Any]) -> None:
        schema = told[MARK]
        newest = len(self._migrations) + 1
        if type(schema) is not int or schema < 1:
            raise NotARecording("This is no recording of Gatelight.")
        if schema > newest:
            version = str(told.get("version", ""))[:40]
            raise NotARecording(
                f"A later version of Gatelight ({version}) made this recording: replay it with that one."
            )
        self._schema, self._torn, self.begun = schema, False, True
        self._about, self._machine = self._migrated(told), None

    def _migrated(self, told: dict[str, Any]) -> dict[str, Any]:
        for migrate in self._migrations[self._schema - 1 :]:
            told = migrate(told)
        return told

    def _item(self, told: dict[str, Any]) -> Item:
        told = self._migrated(told)
        if self._about is not None:
            about, self._about = self._about, None
            return PieceBegun(
                version=_is(str, about["version"]),
                platform=_is(str, about["platform"]),
                run=float(_is(float, about["run"])),
                number=_is(int, told["number"]),
                state=self._codec.coder(AgentState).decode(told["state"]),
            )
        moment = self._codec.coder(Moment)
        return Taken(
            number=_is(int, told["number"]),
            arrivals=tuple(
                Arrival(self._event(_is(dict, one)["event"]), moment.decode(one["at"])) for one in told["in"]
            ),
            now=moment.decode(told["now"]),
            heard=float(_is(float, told.get("heard", float("inf")))),
            failed=told.get("failed") is True,
        )

    def _event(self, told: Any) -> Event:
        if isinstance(told, dict) and told.get("is") == "Looked" and "change" in told:
            machine = self._machine
            if machine is None:
                raise Unreadable("a change of a look that is not there")
            if told["change"] is not None:
                machine = self._codec.coder(MachineFacts).changed(machine, told["change"])
            event: Event = Looked(machine)
        else:
            event = self._codec.coder(Event).decode(told)
        if isinstance(event, Looked):
            self._machine = event.machine
        return event


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def _parsed(line: str) -> dict[str, Any]:
    if len(line) > LONGEST_LINE or not line.endswith("\n"):
        raise Unreadable("the line is not whole")
    told = json.loads(line)
    if not isinstance(told, dict):
        raise Unreadable("no JSON object")
    return told


def _is(kind: type, value: Any) -> Any:
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise Unreadable(f"{str(value)[:40]!r} where {kind.__name__} is expected")
    return value
