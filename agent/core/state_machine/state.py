"""The agent as one value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from agent.core.alerts.announce import retry_at
from agent.core.alerts.gathering import Gathered
from agent.core.alerts.ledger import Ledger
from agent.core.alerts.targets import TargetDelivery
from agent.core.clock import Moment
from agent.core.effects import LookAt
from agent.core.evidence.programs import missing_of
from agent.core.facts import Abilities, Facts, Known, MachineFacts, Purpose
from agent.core.fix import Fix
from agent.core.guide import Guide
from agent.core.memory import PROGRAM, Memory
from agent.core.problem import Problem
from agent.core.settings import ConnectionSettings, Settings
from agent.core.shown.status import ShownCalendar, Status
from agent.core.state_machine.connection import Connected, Connecting, Target
from agent.core.state_machine.watched import Watched, facts_of_session
from agent.core.timing import Timing
from agent.core.updates import Origin
from agent.tws.applications import TradingMode
from agent.tws.calendar import Expectation, expect
from agent.tws.coming import DailyEnd, KnownFrom
from agent.tws.privacy import NOTHING_MORE, Private
from agent.tws.reset_windows import Region
from agent.tws.time_zone import TimeZone

OVERDUE_SECONDS = 60.0
"""Seconds by which an agent that works may be late with what it planned."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is needed to put problems into words: the guides, and which fixes can be offered."""

    guides: dict[str, Guide]
    fixes: Mapping[str, Fix]
    """By ID."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the agent knows rather than sees."""

    problems: tuple[Problem, ...]
    words: Words
    expect: Callable[..., Expectation] = expect
    """The calendar of expected outages."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What one connection was judged from last, kept so that an event of another connection does not judge it again."""

    aim: Target
    facts: Facts
    due: float
    """Monotonic time at which the clock alone decides something about it; infinity: nothing is planned."""
    beat: float = float("inf")
    """Monotonic time at which its next heartbeat goes out."""
    verdict: float = float("inf")
    """Monotonic time at which the silence of its application is judged next."""


@dataclass(frozen=True, slots=True)
class OwnProblems:
    """What is kept about the problems of Gatelight itself."""

    ledger: Ledger = field(default_factory=Ledger)
    configured: bool = False
    """A configuration that could be used is in force, perhaps an earlier one."""

    @property
    def due(self) -> float:
        """Monotonic time at which the clock alone decides something about them; infinity: nothing is planned."""
        times = (self.ledger.next_due, *(retry_at(entry) for entry in self.ledger.entries.values()))
        return min((at for at in times if at is not None), default=float("inf"))


@dataclass(frozen=True, slots=True)
class AgentState:
    """Everything the agent is at one moment."""

    knowledge: Knowledge
    settings: Settings
    version: str
    pid: int
    started: Moment
    timing: Timing = field(default_factory=Timing)
    purpose: Purpose = Purpose.WATCH
    machine: MachineFacts = field(default_factory=MachineFacts)
    watched: tuple[Watched, ...] = ()
    memory: Memory = field(default_factory=Memory)
    turned_up: frozenset[tuple[str, str]] = frozenset()
    """(connection, key) of every problem seen since the start: what was told earlier of others may be over."""
    kept: Memory | None = None
    """The memory as it was last stored."""
    abilities: Abilities = field(default_factory=Abilities)
    origin: Origin = field(default_factory=Origin)
    """Where this installation came from."""
    private: Private = NOTHING_MORE
    """What is masked in texts from outside, as they come in."""
    config_error: str | None = None
    own: OwnProblems = field(default_factory=OwnProblems)
    """What is wrong with Gatelight itself."""
    gathered: Gathered = field(default_factory=Gathered)
    """Notices about many connections that wait, and those that were told as one."""
    next_number: int = 1
    turns_until: float = 0.0
    """Monotonic time up to which turns to connect are given away (see `core.state_machine.turns`)."""
    hold_until: float | None = None
    """Monotonic time before which nothing is announced: the machine woke a moment ago."""
    urgent_since: float | None = None
    """Monotonic time since which a look is wanted at once; a look that began earlier does not count."""
    asked_at: float = float("-inf")
    """Monotonic time at which the user last asked for a look: it is a thorough one."""
    lively_at: float = 0.0
    """Monotonic time of the latest look that told something new, or at which the user was last at the page or menu."""
    page_open: bool = False
    """A page is open, which follows what is shown."""
    thorough_at: float = float("-inf")
    """Monotonic time of the latest thorough look."""
    paid_until: float = 0.0
    """Monotonic time until which the looks so far are paid for (see `core.state_machine.plan`)."""
    shown: Status | None = None
    look_at: LookAt | None = None
    wake_at: float | None = None
    exits: frozenset[int] = frozenset()
    heard: float = float("inf")
    """Monotonic time up to which all that arrived has been taken in; infinity where nothing waits anywhere."""
    settled: tuple[Settled, ...] = field(default=(), compare=False, repr=False)
    """By connection: what it was judged from last."""
    deliveries: Mapping[str, TargetDelivery] = field(default_factory=dict)
    """How it stands with each target, by name, once it was told something."""
    broken_checks: frozenset[str] = frozenset()
    """Codes of checks, and names of fixes, whose failure is in the log already."""


def for_each(state: AgentState, change: Callable[[Watched], Watched]) -> AgentState:
    """The state with each connection changed."""
    watched = tuple(change(w) for w in state.watched)
    # Those that did not change stay the same objects: nothing is decided anew about them.
    unchanged = all(new is old for new, old in zip(watched, state.watched, strict=True))
    return state if unchanged else replace(state, watched=watched)


def others(state: AgentState, watched: Watched) -> tuple[ConnectionSettings, ...]:
    """The settings of the other connections."""
    return tuple(w.settings for w in state.watched if w is not watched and w.settings.name != watched.settings.name)


def own_client_ids(state: AgentState) -> frozenset[int]:
    """The client IDs of our own sessions, open or being opened."""
    links = (watched.link.state for watched in state.watched)
    return frozenset(link.client_id for link in links if isinstance(link, Connecting | Connected))


def overdue(state: AgentState, now: float) -> float:
    """Seconds by which the agent is late with what it has planned; it always plans a look, or the end of a wait."""
    planned = [at for at in (state.look_at.at if state.look_at else None, state.wake_at) if at is not None]
    return max(0.0, now - min(planned, default=now))


def timing_of(settings: Settings, base: Timing) -> Timing:
    """The grace periods with the configured ones put in."""
    checks = settings.checks
    return replace(
        base,
        look_every=checks.look_every,
        heartbeat_every=checks.heartbeat_every,
        reply_timeout=checks.reply_timeout,
    )


def replace_at(state: AgentState, index: int, watched: Watched) -> AgentState:
    """The state with one connection replaced."""
    if state.watched[index] is watched:
        return state
    return replace(state, watched=(*state.watched[:index], watched, *state.watched[index + 1 :]))


def facts_about(state: AgentState, watched: Watched, now: Moment) -> Facts:
    """Everything known about one connection now."""
    session = facts_of_session(watched, now, state.timing, state.heard)
    facts = Facts(
        now=now,
        connection=watched.settings,
        machine=state.machine,
        session=session,
        expected=_expected(state, watched, session.trading_mode, now),
        timing=state.timing,
        purpose=state.purpose,
        sight=watched.sight,
        api_settings=watched.inquiry.told,
        abilities=state.abilities,
        config_error=state.config_error,
        earlier_config=state.own.configured,
        served=watched.served,
        other_connections=others(state, watched),
    )
    return accounted(facts, watched)


def accounted(facts: Facts, watched: Watched) -> Facts:
    """The facts with what is kept from look to look as it is now."""
    return replace(facts, changes=watched.changes, missing=missing_of(watched.port, facts))


def facts_about_program(state: AgentState, now: Moment) -> Facts:
    """What problems of Gatelight itself are judged from."""
    return Facts(
        now=now,
        connection=ConnectionSettings(name=PROGRAM, implicit=True),
        machine=state.machine,
        timing=state.timing,
        purpose=state.purpose,
        abilities=state.abilities,
        config_error=state.config_error,
        earlier_config=state.own.configured,
    )


def calendar_of(watched: Watched, mode: TradingMode) -> ShownCalendar:
    """What is known for the calendar ahead; `mode` as the session tells it."""
    region, known_from = _region(watched, watched.mode if mode is TradingMode.UNKNOWN else mode)
    return ShownCalendar(region, known_from, _daily_end(watched), own_clock=not _seen_here(watched))


def _expected(state: AgentState, watched: Watched, mode: TradingMode, now: Moment) -> Expectation:
    region, daily = _region(watched, mode)[0], _daily_end(watched)
    restart_time = daily.minutes if daily is not None and daily.restarts else None
    allowance, ours = state.timing.expected_restart_allowance, state.machine.zone

    def at(restart_time: int | None, zone: TimeZone) -> Expectation:
        return state.knowledge.expect(
            now.wall, region=region, restart_time=restart_time, zone=zone, allowance=allowance
        )

    seen_here = _seen_here(watched)
    expected = at(restart_time if seen_here else None, ours)
    if restart_time is None or seen_here:
        return expected
    # On another machine, or in a container, the clock that it goes by shows our time, or UTC as containers do.
    restarts = (at(restart_time, its).restart for its in (ours, TimeZone()))
    return replace(expected, restart=next((r for r in restarts if r is not None), None))


def _seen_here(watched: Watched) -> bool:
    """Whether the application was seen among the processes here, so that its clock is ours."""
    return watched.settings.local and watched.sight.ever


def _region(watched: Watched, mode: TradingMode) -> tuple[Region | None, KnownFrom]:
    """Whose reset windows count, and how that is known: paper accounts are on the American servers, wherever their
    owner lives (IBKR's description of paper trading accounts)."""
    if mode is TradingMode.PAPER:
        return Region.AMERICA, KnownFrom.PAPER
    hints = watched.sight.hints
    return hints.region if hints is not None else None, KnownFrom.FILE


def _daily_end(watched: Watched) -> DailyEnd | None:
    """The daily restart or log-off by the application's clock: as it tells it, else as IBC's configuration says."""
    told, hints = watched.inquiry.told.configuration, watched.sight.hints
    if isinstance(told, Known):
        lock_and_exit = told.value.lock_and_exit
        if lock_and_exit.restarts is not None:
            minutes = lock_and_exit.minutes_after_midnight
            return None if minutes is None else DailyEnd(minutes, lock_and_exit.restarts, KnownFrom.API)
    if hints is None:
        return None
    if hints.auto_restart_time is not None:
        return DailyEnd(hints.auto_restart_time, True, KnownFrom.FILE)
    return None if hints.auto_logoff_time is None else DailyEnd(hints.auto_logoff_time, False, KnownFrom.FILE)
