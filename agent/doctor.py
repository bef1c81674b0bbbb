"""`gatelight doctor`: one thorough look without a running agent, by the very same decisions."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from agent.config import load
from agent.core.clock import Moment
from agent.core.connection import BackingOff, Connected, Connecting, Idle
from agent.core.display import IconState
from agent.core.facts import Abilities, Purpose
from agent.core.reading import candidates
from agent.core.session import flood_at
from agent.core.settings import Settings
from agent.core.state import AgentState, Knowledge, others
from agent.core.status import Status
from agent.core.timing import Timing
from agent.core.watch import Watched
from agent.errors import CouldNotFindOut, UsageError
from agent.fix_host import abilities
from agent.runtime.loop import AgentLoop
from agent.runtime.paths import Places
from agent.world import RealWorld, first_state, timing_of

LISTEN = 1.0
"""Seconds a fresh session is listened to: notices about farms and the link to IB come right after nextValidId."""
LIMIT = 75.0
"""Seconds after which the doctor says what it knows by then."""


def examine(places: Places, name: str | None, say: Callable[[str], None], *, timing: Timing | None = None) -> Status:
    """Look at the named connection, or at all of them; raises UsageError, ConfigError or CouldNotFindOut."""
    settings = willing(load(places.config, named=places.config_named), name)
    seen = asyncio.run(
        look_once(settings, timing or timing_of(settings), say, RealWorld(), can=abilities(places.config))
    )
    return replace(seen, connections=tuple(c for c in seen.connections if name in (None, c.name)))


def willing(settings: Settings, name: str | None) -> Settings:
    """The settings of somebody who asks for a look: it connects even where the agent would wait for a click.

    With a name only to that one; the others stay known, as a port of theirs is no port of its. Raises UsageError for a
    name that is not among them.
    """
    if name is not None and name not in {c.name for c in settings.connections}:
        known = ", ".join(f"“{c.name}”" for c in settings.connections)
        choose = f"choose one of {known}" if known else "none is configured; leave the name out to look at everything"
        raise UsageError(f"There is no connection named “{name}”: {choose}.")
    connections = tuple(replace(c, auto_connect=name in (None, c.name)) for c in settings.connections)
    return replace(settings, connections=connections)


async def look_once(
    settings: Settings,
    timing: Timing,
    say: Callable[[str], None],
    world: RealWorld,
    known: Knowledge | None = None,
    can: Abilities | None = None,
) -> Status:
    """The look itself, on the running loop."""
    state = first_state(settings, world.now(), purpose=Purpose.DOCTOR, timing=timing, known=known)
    state = replace(state, abilities=can or state.abilities)
    loop = AgentLoop(state, world, after=lambda now_state, now: finish(now_state, now))
    told: set[str] = set()

    def finish(now_state: AgentState, now: Moment) -> None:
        waiting = reason_to_wait(now_state, now)
        if waiting is None:
            loop.stop()
        elif waiting and waiting not in told:
            told.add(waiting)
            say(waiting)

    async def tick() -> None:
        while True:
            await asyncio.sleep(0.1)
            finish(loop.state, world.now())

    ticking = asyncio.ensure_future(tick())
    try:
        await asyncio.wait_for(loop.run(), LIMIT)
    except TimeoutError:
        pass
    finally:
        ticking.cancel()
    if loop.state.shown is None:
        raise CouldNotFindOut("The look could not be completed: try again, and see `gatelight doctor -v` for why.")
    return loop.state.shown


def reason_to_wait(state: AgentState, now: Moment) -> str | None:
    """Why the look is not complete yet, in words for people ("" where there is nothing to say); None when it is."""
    if not state.machine.taken:
        return ""
    reasons = [_waits_for(state, watched, now) for watched in state.watched]
    return next((r for r in reasons if r is not None), None)


def _waits_for(state: AgentState, watched: Watched, now: Moment) -> str | None:
    link, timing = watched.link, state.timing
    if not watched.wanted:
        # Only known, not asked about.
        return None
    match link.state:
        case Connecting():
            return f"{watched.settings.name}: asking the API port …"
        case Connected(since=since):
            told = watched.session is not None and watched.session.latency is not None
            frozen = watched.session is not None and watched.session.heartbeats.unanswered(now.monotonic, timing) >= 2
            flood = None if watched.session is None else flood_at(watched.session, now.monotonic)
            if flood is not None and not flood.present:
                return f"{watched.settings.name}: counting the messages that come …"
            # One that floods is not waited for: what it answers comes late.
            frozen = frozen or flood is not None
            if now.monotonic - since < LISTEN or not (told or frozen):
                return ""
            if not frozen and watched.inquiry.told.at is None:
                # It takes three seconds at most, and ends in an answer or in the reason why there is none.
                return ""
        case BackingOff(retry_at=retry_at) if retry_at <= now.monotonic + 0.05:
            return ""
        case Idle(since=since) if state.machine.taken < since:
            # It will knock, if at all, after a look of its own.
            return ""
        case _:
            pass
    failed = link.attempt if not isinstance(link.state, Connected) else None
    if failed is not None and state.machine.taken <= failed.at:
        # What the sockets look like after the attempt is part of the evidence.
        return ""
    for process in candidates(watched.settings, state.machine, others(state, watched)):
        unsettled = (
            not process.api_ports
            and process.upstream_since is not None
            and now.monotonic - process.upstream_since < timing.settled_link
        )
        if unsettled:
            return (
                f"{watched.settings.name}: watching for {timing.settled_link:.0f} s whether "
                f"{process.kind.title} stays connected to IB's servers …"
            )
    return None


def exit_status(status: Status) -> int:
    """0 healthy, 1 a problem was found, 4 it could not be found out."""
    problems = [p for c in status.connections for p in c.problems if p.visible]
    if any(p.severity != "info" and p.code != "agent-cannot-see" for p in problems):
        return 1
    good = {IconState.CONNECTED, IconState.MAINTENANCE, IconState.PAUSED}
    if status.connections and all(c.overall in good for c in status.connections):
        return 0
    if any(p.code not in ("agent-cannot-see", "login-due") for p in problems):
        return 1
    return 4
