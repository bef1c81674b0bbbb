"""Our API connection as a state machine: when to knock, when to wait, when to give up until something changes.

Every attempt has a number, given here and echoed by its events: what an earlier attempt still says is ignored.
TWS's own link to IB's servers is another matter (`core.state_machine.session`): losing that does not drop our socket.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from agent.core.client_ids import CLIENT_ID_RANGE, OTHER_IDS_TRIED
from agent.core.effects import CloseSession, Effect, OpenSession
from agent.core.session_facts import NOT_ACCEPTED, Attempt, Outcome, Phase
from agent.core.settings import ConnectionSettings
from agent.core.timing import Timing


@dataclass(frozen=True, slots=True)
class Idle:
    """Not connected and not trying: no connection is wanted, or the port is closed."""

    since: float


@dataclass(frozen=True, slots=True)
class Connecting:
    """Attempt `number` is under way."""

    since: float
    number: int
    port: int
    client_id: int
    listener_key: str
    missed_since: float | None = None
    """Monotonic time since which no program is seen to listen there; None: one is seen. The attempt may find one."""


@dataclass(frozen=True, slots=True)
class Connected:
    """Session `number` is up."""

    since: float
    number: int
    port: int
    client_id: int
    server_version: int
    listener_key: str


@dataclass(frozen=True, slots=True)
class BackingOff:
    """Waiting for `retry_at` after a failure that may pass by itself."""

    since: float
    retry_at: float
    listener_key: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """The port is there but does not serve us: knocking harder would do harm. Waits for a change, or `retry_at`."""

    since: float
    outcome: Outcome
    retry_at: float
    listener_key: str


LinkState: TypeAlias = Idle | Connecting | Connected | BackingOff | Blocked


@dataclass(frozen=True, slots=True)
class Link:
    """The machine's state with what outlives single states."""

    state: LinkState
    failures: int = 0
    """Failures and losses in a row; starts over after a session that lasted `Timing.stable_session`."""
    attempt: Attempt | None = None
    closed_at: float | None = None
    """Monotonic time at which a socket of ours was last closed."""
    last_client_id: int | None = None
    served_id: int | None = None
    """Client ID of the latest session."""
    refused_ids: frozenset[int] = frozenset()
    losses: tuple[float, ...] = ()
    served_listener: str = ""
    """The listener behind which the latest session stood; empty before the first one."""
    missed_at: float | None = None
    """Monotonic time of the latest knock at a port where no program is seen to listen; None: none since it is so."""
    turn_at: float | None = None
    """Monotonic time of its turn to connect, where many connections wait for theirs (see `turns`)."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a look says the connection should go now."""

    wanted: bool
    """Auto-connect, and no wish to the contrary."""
    port: int
    open: bool
    """The port is open, or only an attempt can tell (remote host, unreadable sockets)."""
    listener_key: str
    """What listens there (see `core.evidence.processes.listener_key_at`): when it changes, waiting is over."""
    seen: float = float("inf")
    """Monotonic time of the look this comes from; infinity where no look can tell."""
    avoid_ids: frozenset[int] = frozenset()
    """Client IDs of our other connections."""
    missed: bool = False
    """No program is seen to listen, and an attempt may still find one: packet rules alone can publish a port."""


_PATIENT = frozenset(
    {Outcome.SILENT, Outcome.CLOSED, Outcome.NOT_TWS, Outcome.OUTDATED, Outcome.NOT_READY, Outcome.ID_IN_USE}
)
"""Outcomes after which the application was reached and quick knocking may wedge it (sockets left in CLOSE_WAIT)."""


def is_unseen(listener_key: str) -> bool:
    """Whether a listener key is that of a port where no program is seen to listen."""
    return listener_key.endswith("/-")


def phase(state: LinkState) -> Phase:
    """The word of the contract for a state."""
    match state:
        case Idle():
            return Phase.IDLE
        case Connecting():
            return Phase.CONNECTING
        case Connected():
            return Phase.CONNECTED
        case BackingOff():
            return Phase.BACKING_OFF
        case Blocked():
            return Phase.BLOCKED
        case _:
            assert_never(state)


def backoff(failures: int, timing: Timing, number: int) -> float:
    """Seconds to wait after so many failures in a row: none, then 1, 2, 4 … 60, spread by up to 15 % either way."""
    if failures <= 1:
        return 0.0
    delay = min(timing.backoff_first * 2.0 ** min(failures - 2, 16), timing.backoff_longest)
    # The golden ratio spreads consecutive numbers evenly, so no random source is needed to be out of step with others.
    return delay * (0.85 + 0.3 * (number * 0.6180339887 % 1.0))


def consider(
    link: Link, target: Target, settings: ConnectionSettings, timing: Timing, now: float, number: int
) -> tuple[Link, tuple[Effect, ...]]:
    """What to do, given where things stand: called after every event. `number` is the next free attempt number."""
    state = link.state
    if not target.wanted:
        return _stand_down(link, now)
    match state:
        case Connecting() | Connected():
            if state.port != target.port and target.open:
                link, effects = _stand_down(link, now)
                again, more = consider(link, target, settings, timing, now, number)
                return again, effects + more
            return link, ()
        case Idle() | BackingOff() | Blocked() if target.seen < state.since:
            # Wait for the next look: what was seen before the state changed says nothing about now.
            return link, ()
        case Idle(since=since):
            if target.open:
                return _knock(replace(link, missed_at=None), target, settings, timing, now, number)
            if target.missed and (link.missed_at is None or now >= link.missed_at + timing.handshake_every):
                return _knock(replace(link, missed_at=now), target, settings, timing, now, number, since)
            return link, ()
        case BackingOff() | Blocked():
            answered_unseen = target.missed and target.listener_key == state.listener_key
            if not target.open and not answered_unseen:
                # The outcome of an attempt says nothing about the program that opens the port next.
                return replace(link, state=Idle(now), attempt=None, missed_at=None), ()
            if target.listener_key != state.listener_key:
                # What came of an attempt at another listener says nothing about this one.
                return _knock(replace(link, attempt=None), target, settings, timing, now, number)
            if now >= state.retry_at:
                return _knock(link, target, settings, timing, now, number)
            return link, ()
        case _:
            assert_never(state)


def _stand_down(link: Link, now: float) -> tuple[Link, tuple[Effect, ...]]:
    match link.state:
        case Connecting(number=number) | Connected(number=number):
            # An answer to that session says nothing about now.
            return replace(link, state=Idle(now), closed_at=now, attempt=None), (CloseSession(number),)
        case Idle():
            return link, ()
        case BackingOff() | Blocked():
            return replace(link, state=Idle(now)), ()
        case _:
            assert_never(link.state)


def _knock(
    link: Link,
    target: Target,
    settings: ConnectionSettings,
    timing: Timing,
    now: float,
    number: int,
    missed_since: float | None = None,
) -> tuple[Link, tuple[Effect, ...]]:
    client_id = choose_client_id(settings, link, target.avoid_ids, number)
    released = link.closed_at is None or now - link.closed_at >= timing.id_release
    if client_id == link.last_client_id and not released:
        assert link.closed_at is not None
        return replace(link, state=BackingOff(now, link.closed_at + timing.id_release, target.listener_key)), ()
    if target.missed and missed_since is None:
        missed_since = now
    state = Connecting(now, number, target.port, client_id, target.listener_key, missed_since)
    effect = OpenSession(
        connection=settings.name,
        number=number,
        host=settings.dialled,
        port=target.port,
        client_id=client_id,
        reply_timeout=timing.reply_timeout,
        ready_timeout=timing.not_ready_grace,
    )
    return replace(link, state=state, last_client_id=client_id), (effect,)


def choose_client_id(settings: ConnectionSettings, link: Link, avoid: frozenset[int], number: int) -> int:
    """The configured client ID; for "auto" a high one that was neither used just now nor refused."""
    if settings.client_id != "auto":
        return settings.client_id
    taken = link.refused_ids | avoid | ({link.last_client_id} if link.last_client_id is not None else frozenset())
    span = len(CLIENT_ID_RANGE)
    # A prime stride visits the whole range before it repeats.
    start = (number * 1009) % span
    for step in range(span):
        candidate = CLIENT_ID_RANGE[(start + step * 7) % span]
        if candidate not in taken:
            return candidate
    return CLIENT_ID_RANGE[start]


def session_ready(link: Link, number: int, server_version: int, elapsed: float, now: float) -> Link:
    """Attempt `number` became a session."""
    state = link.state
    if not isinstance(state, Connecting) or state.number != number:
        return link
    attempt = Attempt(Outcome.READY, now, state.port, elapsed, server_version, accounts_came=True)
    attempt = replace(attempt, unseen=is_unseen(state.listener_key))
    return replace(
        link,
        state=Connected(now, number, state.port, state.client_id, server_version, state.listener_key),
        attempt=attempt,
        refused_ids=frozenset(),
        served_listener=state.listener_key,
        served_id=state.client_id,
    )


def attempt_failed(
    link: Link, number: int, attempt: Attempt, settings: ConnectionSettings, timing: Timing, now: float
) -> Link:
    """Attempt `number` failed."""
    state = link.state
    if not isinstance(state, Connecting) or state.number != number:
        return link
    if state.missed_since is not None and attempt.outcome in NOT_ACCEPTED:
        # The attempt agrees with the look: no program is there.
        first = link.attempt.first_failed if link.attempt is not None else None
        attempt = replace(attempt, first_failed=now if first is None else first)
        return replace(link, state=Idle(state.missed_since), attempt=attempt, missed_at=now)
    before = link.attempt
    same = before is not None and before.outcome is attempt.outcome and before.port == attempt.port
    first = before.first_failed if before is not None and same and before.first_failed is not None else now
    freed_late = _perhaps_still_ours(link, state.client_id, timing, now) and not same
    link = replace(link, failures=link.failures + 1, attempt=replace(attempt, first_failed=first), closed_at=now)
    if attempt.outcome is Outcome.ID_IN_USE and settings.client_id == "auto":
        # The next ID is usually free: only an application that answers 326 to every ID makes this wait.
        link = replace(link, refused_ids=link.refused_ids | {state.client_id})
        if len(link.refused_ids) <= OTHER_IDS_TRIED:
            return replace(link, state=BackingOff(now, now, state.listener_key))
    if attempt.outcome is Outcome.ID_IN_USE and freed_late:
        return replace(link, state=BackingOff(now, now + timing.id_release_late, state.listener_key))
    # No program takes connections out of a full queue, and each attempt adds one to it.
    stalled = attempt.outcome is Outcome.UNREACHABLE and settings.local
    if attempt.outcome in _PATIENT or stalled:
        again = timing.handshake_every * (1 if link.failures <= 4 else 2)
        if attempt.outcome is Outcome.CLOSED and not same and (before is not None or _lost_lately(link, timing, now)):
            # An application that goes down or comes up closes a connection now and then: ask once more.
            again = timing.backoff_first
        return replace(link, state=Blocked(now, attempt.outcome, now + again, state.listener_key))
    return replace(link, state=BackingOff(now, now + backoff(link.failures + 1, timing, number), state.listener_key))


def _perhaps_still_ours(link: Link, client_id: int, timing: Timing, now: float) -> bool:
    """Whether our own session may still hold a refused client ID: it ended so lately that TWS may not have freed it."""
    ended = link.closed_at is not None and now - link.closed_at < timing.id_release + timing.id_release_late
    return ended and client_id == link.served_id


def _lost_lately(link: Link, timing: Timing, now: float) -> bool:
    return bool(link.losses) and now - link.losses[-1] < timing.stable_session


def session_lost(link: Link, number: int, timing: Timing, now: float) -> Link:
    """Session `number` was lost, not by us."""
    state = link.state
    if not isinstance(state, Connected) or state.number != number:
        return link
    stable = now - state.since >= timing.stable_session
    failures = 0 if stable else link.failures + 1
    losses = (*(t for t in link.losses if now - t < timing.instability_window), now)
    retry_at = now + backoff(failures, timing, number)
    if failures > 1 and now - state.since < timing.young_session:
        # A session that closes as soon as it is ready, again, counts as a failed attempt: knock no more often than at a
        # port that fails the handshake.
        retry_at = max(retry_at, now + timing.handshake_every)
    return replace(
        link,
        state=BackingOff(now, retry_at, state.listener_key),
        failures=failures,
        losses=losses,
        closed_at=now,
        attempt=None,
    )


def retry_now(link: Link, now: float) -> Link:
    """The user asked for it, or the machine woke: waiting is over."""
    match link.state:
        case BackingOff() | Blocked():
            return replace(link, state=replace(link.state, retry_at=now))
        case Idle():
            return replace(link, missed_at=None)
        case _:
            return link
