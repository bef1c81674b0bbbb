"""An agent for one thorough look, for the doctor, a fix without a running agent, and the terminal set-up."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from agent.app.world import first_state
from agent.core.clock import Moment
from agent.core.events import Event, Reconfigured
from agent.core.evidence.processes import candidates
from agent.core.facts import Abilities, Purpose
from agent.core.names import meant_by, none_fits
from agent.core.settings import Settings
from agent.core.shown.status import Status
from agent.core.state_machine.advance import no_second_place
from agent.core.state_machine.connection import BackingOff, Connected, Connecting, Idle
from agent.core.state_machine.session import flood_at
from agent.core.state_machine.state import AgentState, Knowledge, others
from agent.core.state_machine.watched import Watched
from agent.core.timing import Timing
from agent.errors import CouldNotFindOut, UsageError
from agent.runtime.loop import AgentLoop
from agent.runtime.world import World

LISTEN = 1.0
"""Seconds to listen to a new session: notices about farms and the link to IB come right after nextValidId."""
_LIMIT = 75.0
"""Seconds after which a look ends, with what is known by then."""
ASK_EVERY = 0.1
"""Seconds between two checks whether the look is complete, while nothing changes."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The reason why a look is not complete."""

    text: str
    """In words for users; empty for one that is not worth a word."""
    until: float | None = None
    """Monotonic time at which it ends, where that is known."""


class OneLook:
    """An agent that runs inside `async with`. In a `RealWorld` without channels it announces nothing."""

    def __init__(
        self,
        settings: Settings,
        world: World,
        *,
        say: Callable[[str], None] = lambda _: None,
        waiting: Callable[[Wait, Status | None, Moment], None] = lambda *_: None,
        can: Abilities | None = None,
        timing: Timing | None = None,
        known: Knowledge | None = None,
    ) -> None:
        """`say` gets each reason to wait, once; `waiting` gets it again and again, with what is known by then.

        `can`: None where nothing can be changed.
        """
        state = first_state(settings, world.now(), purpose=Purpose.DOCTOR, timing=timing, known=known)
        self.loop = AgentLoop(replace(state, abilities=can or state.abilities), world, after=self._after)
        """The agent's loop, for a fix that is asked for during the look."""
        self._world = world
        self._say = say
        self._waiting = waiting
        self.changed = asyncio.Event()
        """Set after every decision; a caller clears it before it waits."""

    async def __aenter__(self) -> Self:
        self._running = asyncio.ensure_future(self.loop.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.loop.stop()
        await self._running

    @property
    def state(self) -> AgentState:
        """What the agent knows and has decided so far."""
        return self.loop.state

    def post(self, event: Event) -> None:
        """Hand in an event."""
        self.loop.post(event)

    def reconfigure(self, settings: Settings, can: Abilities | None = None) -> None:
        """Go on with other settings; with `can` None the abilities stay."""
        self.post(Reconfigured(settings, can))

    async def complete(self, unfinished: Callable[[], bool] = lambda: False) -> Status:
        """Wait until everything is found out and `unfinished` is false, `_LIMIT` seconds at most.

        Raises CouldNotFindOut where nothing was seen by then.
        """
        told = {""}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LIMIT):
                while not self._running.done():
                    now = self._world.now()
                    reason = reason_to_wait(self.state, now)
                    if reason is None and not unfinished():
                        break
                    if reason is not None:
                        self._waiting(reason, self.state.shown, now)
                        if reason.text not in told:
                            told.add(reason.text)
                            self._say(reason.text)
                    self.changed.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.changed.wait(), ASK_EVERY)
        if self.state.shown is None or not self.state.machine.taken:
            raise CouldNotFindOut("The look could not be completed: try again, and see `gatelight doctor -v` for why.")
        return self.state.shown

    def _after(self, _: AgentState, __: Moment) -> None:
        self.changed.set()


def willing(settings: Settings, name: str | None) -> Settings:
    """The settings for a look that the user asks for, which connects even where the agent would wait for a click.

    With a name, or a pattern, only those connections are looked at. The others stay in the settings, so that their
    ports do not count as theirs. Raises UsageError for a name that is not configured.
    """
    names = [c.name for c in settings.connections]
    meant = names if name is None else meant_by(name, names)
    if name is not None and not names:
        choose = "none is configured; leave the name out to look at everything"
        raise UsageError(f"There is no connection named “{name}”: {choose}.")
    if name is not None and not meant:
        raise UsageError(none_fits(name, names))
    connections = tuple(replace(c, auto_connect=c.name in meant) for c in settings.connections)
    return replace(settings, connections=connections)


def reason_to_wait(state: AgentState, now: Moment) -> Wait | None:
    """The reason why the look is not complete; None when it is complete."""
    if not state.machine.taken:
        return Wait("")
    reasons = [_waits_for(state, watched, now) for watched in state.watched]
    return next((r for r in reasons if r is not None), None)


def _waits_for(state: AgentState, watched: Watched, now: Moment) -> Wait | None:
    link, timing = watched.link, state.timing
    if not watched.wanted:
        # This connection is not looked at, see `willing`.
        return None
    match link.state:
        case Connecting():
            return Wait(f"{watched.settings.name}: asking the API port …")
        case Connected(since=since):
            told = watched.session is not None and watched.session.latency is not None
            frozen = watched.session is not None and watched.session.heartbeats.unanswered(now.monotonic, timing) >= 2
            flood = None if watched.session is None else flood_at(watched.session, now.monotonic)
            if flood is not None and not flood.present:
                return Wait(f"{watched.settings.name}: counting the messages that come …")
            # The look does not wait for a session that floods, whose answers come late.
            frozen = frozen or flood is not None
            if now.monotonic - since < LISTEN or not (told or frozen):
                return Wait("")
            if not frozen and watched.inquiry.told.at is None and not no_second_place(state, watched):
                # Asking for the API settings takes three seconds at most, and always has a result.
                return Wait("")
        case BackingOff(retry_at=retry_at) if retry_at <= now.monotonic + 0.05:
            return Wait("")
        case Idle(since=since) if state.machine.taken < since:
            # The next attempt, if any, starts after another look.
            return Wait("")
        case _:
            pass
    failed = link.attempt if not isinstance(link.state, Connected) else None
    if failed is not None and state.machine.taken <= failed.at:
        # The sockets after the attempt are part of the evidence.
        return Wait("")
    for process in candidates(watched.settings, state.machine, others(state, watched)):
        stands = process.upstream_since
        if not process.api_ports and stands is not None and now.monotonic - stands < timing.settled_link:
            return Wait(
                f"{watched.settings.name}: watching whether {process.kind.title} stays connected to IB’s servers …",
                stands + timing.settled_link,
            )
    return None
