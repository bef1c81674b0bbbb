"""What moves the agent: `advance(state, event, now)`, and `advance_all` for events that waited together.

Pure: what follows from an event comes back as effects. The runtime feeds events in and carries effects out.
"""

from collections.abc import Sequence, Set
from dataclasses import replace
from typing import TypeVar

from agent.core.alerts.announce import severity_of
from agent.core.alerts.diagnosis import Diagnosis, diagnose
from agent.core.alerts.ledger import Ledger, update
from agent.core.alerts.speech import belated_end, notice_key, recall, recall_shown, shown_of, speak, told_of
from agent.core.clock import Moment
from agent.core.effects import Effect, OpenSession, Record, Remember, Withdraw
from agent.core.events import Arrival, Event, HeartbeatAnswered, MessagesCame, NoticeArrived, Tick, UserAsked
from agent.core.evidence.processes import chosen, looked_since_failure, places_taken
from agent.core.facts import Facts, Purpose
from agent.core.fix import offers_for
from agent.core.memory import PROGRAM, Memory, PortKept, SeenRunning, ServedBefore, WellKept
from agent.core.problem import Severity
from agent.core.settings import ConnectionSettings
from agent.core.shown.display import Connect
from agent.core.state_machine.beats import EARLY, send_beat, send_beats, with_beats
from agent.core.state_machine.concerned import concerned_by, keeps_anew
from agent.core.state_machine.connection import Connected, Connecting, Idle, Target
from agent.core.state_machine.enrolment import enroll
from agent.core.state_machine.inquiry import ask_if_due, inquiry_due
from agent.core.state_machine.intake import take_in
from agent.core.state_machine.labels import about
from agent.core.state_machine.plan import plan
from agent.core.state_machine.quiet import all_quiet, quiet_rules
from agent.core.state_machine.session import fresh_session
from agent.core.state_machine.show import show_status
from agent.core.state_machine.state import (
    AgentState,
    Settled,
    Words,
    accounted,
    facts_about,
    facts_about_program,
    others,
    own_client_ids,
    replace_at,
)
from agent.core.state_machine.target_news import dispatch, follow_targets, forget_gone
from agent.core.state_machine.telling import remind_user, say, unsay
from agent.core.state_machine.turns import turn_of, waits_for
from agent.core.state_machine.watched import Watched, consider_watched, due_times, keep_account, ran, target
from agent.tws.applications import ApplicationKind, TradingMode

SETTLED_SESSION = 15.0
"""Seconds after which a new session has told what it tells by itself: notices, farms, the link, two heartbeats."""
FORGET_TOLD = 600.0
"""Seconds after the start of the agent until what was told before is no longer expected to turn up again."""


def begin(state: AgentState, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """The first effects of a new agent."""
    ledger = recall_shown(PROGRAM, state.memory, [p for p in state.knowledge.problems if p.of_program], now)
    state = replace(state, own=replace(state.own, ledger=ledger))
    return _settle(state, replace(enroll(state, now), urgent_since=now.monotonic), now, (), None)


def advance(state: AgentState, event: Event, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """Take in one event; everything else follows from where things then stand."""
    return advance_all(state, (Arrival(event, now),), now)


def advance_all(
    state: AgentState, arrivals: Sequence[Arrival], now: Moment, heard: float = float("inf")
) -> tuple[AgentState, tuple[Effect, ...]]:
    """Take in events that waited together, each as of the moment it arrived; one decision follows, as of `now`.

    `heard` is the monotonic time up to which all that arrived is among them or was taken in before: nothing that may
    still wait is told as silence.
    """
    before, state = state, replace(state, heard=heard) if heard != state.heard else state
    effects: list[Effect] = []
    for arrival in arrivals:
        state, more = take_in(state, arrival.event, arrival.at)
        effects.extend(more)
    return _settle(before, state, now, effects, arrivals)


def joins(event: Event) -> bool:
    """Whether an event may be taken in together with others: it tells about one session, or only that time passed."""
    return isinstance(event, NoticeArrived | HeartbeatAnswered | MessagesCame | Tick)


def _settle(
    before: AgentState,
    state: AgentState,
    now: Moment,
    effects: Sequence[Effect],
    arrivals: Sequence[Arrival] | None,
) -> tuple[AgentState, tuple[Effect, ...]]:
    """Decide about those that are concerned; the others stay as they were."""
    state, effects = unsay(state, effects)
    done: list[Effect] = list(effects)
    timed = _over_by_now(state, now)
    memory = timed.memory
    concerned = concerned_by(before, timed, arrivals if timed is state else None, now)
    state = timed
    judged = concerned.judged
    settled = {**dict(enumerate(state.settled)), **concerned.answered, **concerned.later}
    state, beating, more = send_beats(state, concerned.beating, settled, now)
    settled.update(beating)
    done.extend(more)
    aims: dict[int, Target] = {}
    for index in judged:
        state, aims[index], more = _move(state, index, now)
        done.extend(more)
    facts_of: dict[int, Facts] = {}
    spoken: list[Effect] = []
    for index in judged:
        state, facts_of[index], more = _judge(state, index, now)
        spoken.extend(more)
    state, more = say(state, spoken, now)
    done.extend(more)
    if concerned.whole or state.own.due <= now.monotonic:
        state, more = _judge_program(state, now)
        done.extend(more)
    for index in judged:
        state, more = _inquire(state, index, now)
        done.extend(more)
        due = min(due_times(state.watched[index], facts_of[index]), default=float("inf"))
        settled[index] = with_beats(Settled(aims[index], facts_of[index], due), state, index, now)
    state = replace(state, settled=tuple(settled[i] for i in range(len(state.watched))))
    state, more = remind_user(state, now)
    done.extend(more)
    if concerned.whole:
        known = frozenset(w.settings.name for w in state.watched if _settled(w, now))
        state = forget_gone(state, FORGET_TOLD, known, now)
    if concerned.whole or state.memory is not before.memory or keeps_anew(before, state, judged):
        state, more = _remember(state, memory, now)
        state, more = say(state, more, now)
        done.extend(more)
    if judged or concerned.answered or concerned.whole:
        state, more = show_status(state, concerned.judged, concerned.answered, now)
        done.extend(more)
    # Targets are told of what many say at once.
    state, more = (state, ()) if concerned.later else dispatch(state, now)
    done.extend(more)
    state, more = plan(state, now, judged=bool(judged) or concerned.whole)
    done.extend(more)
    return state, tuple(done)


def _over_by_now(state: AgentState, now: Moment) -> AgentState:
    """The state without what was meant until a time that is over: stopped watching, snoozes and pauses, held news."""
    for stopped in state.memory.stopped:
        if stopped.until is not None and stopped.until <= now.wall:
            state, _ = take_in(state, UserAsked(Connect(stopped.connection)), now)
    memory = _expire(state, now)
    if memory is not state.memory:
        state = replace(state, memory=memory)
    if state.hold_until is not None and state.hold_until <= now.monotonic:
        state = replace(state, hold_until=None)
    return state


def _expire(state: AgentState, now: Moment) -> Memory:
    memory = state.memory
    snoozed = tuple(s for s in memory.snoozed if s.until > now.wall)
    paused = memory.paused_until if memory.paused_until is not None and memory.paused_until > now.wall else None
    if snoozed == memory.snoozed and paused == memory.paused_until:
        return memory
    return replace(memory, snoozed=snoozed, paused_until=paused)


def _move(state: AgentState, index: int, now: Moment) -> tuple[AgentState, Target, tuple[Effect, ...]]:
    watched = state.watched[index]
    aim = target(watched, state.machine, others(state, watched))
    aim = replace(aim, avoid_ids=own_client_ids(state))
    if state.purpose is Purpose.DOCTOR and isinstance(watched.link.state, Idle) and watched.settings.local:
        # `doctor` only looks: it must not take the last client place.
        aim = replace(aim, open=aim.open and not places_taken(state.machine, aim.port))
    before = watched.link
    watched, effects = consider_watched(watched, aim, state.timing, now, state.next_number)
    if any(isinstance(e, OpenSession) for e in effects):
        at, until = turn_of(before, state.turns_until, state.timing, now.monotonic, index)
        state = replace(state, turns_until=until)
        if at > now.monotonic + EARLY and not isinstance(before.state, Connected | Connecting):
            watched, effects = replace(watched, link=waits_for(before, aim, state.timing, at)), ()
        else:
            link = replace(watched.link, turn_at=None)
            watched = replace(watched, link=link, session=fresh_session(now.monotonic))
            state = replace(state, next_number=state.next_number + 1)
    state, beat = send_beat(replace_at(state, index, watched), index, now)
    return state, aim, (*effects, *beat)


def _judge(state: AgentState, index: int, now: Moment) -> tuple[AgentState, Facts, tuple[Effect, ...]]:
    watched = state.watched[index]
    name = watched.settings.name
    facts = facts_about(state, watched, now)
    kept, marks = keep_account(watched, facts)
    if kept is not watched:
        state, watched, facts = replace_at(state, index, kept), kept, accounted(facts, kept)
    if not watched.wanted:
        # The user does not want this connection: nothing about it is a fault, and its notices are withdrawn without a
        # word.
        gone = tuple(Withdraw(notice_key(name, e.key)) for e in watched.ledger.entries.values() if e.announced)
        nothing = replace(watched, ledger=Ledger(), diagnosis=Diagnosis(), offers={})
        return replace_at(state, index, nothing), facts, gone
    if not looked_since_failure(facts):
        # A look follows at once; until then everything stays as it was.
        return state, facts, marks
    diagnosis = diagnose(facts, [p for p in state.knowledge.problems if not p.of_program])
    before = watched.ledger
    ledger, changes = update(before, diagnosis, facts, hold_until=state.hold_until)
    ledger = recall(ledger, before, name, state.memory, now)
    words, process = state.knowledge.words, chosen(facts)
    steps = _steps(words, ledger, process.kind if process is not None else _meant(watched.settings))
    offers, unoffered = offers_for((e.problem for e in ledger.entries.values()), words.fixes, facts, state.private)
    rules = quiet_rules(state, name, ledger, now)
    if facts.session.trading_mode not in (watched.mode, TradingMode.UNKNOWN):
        watched = replace(watched, mode=facts.session.trading_mode)
        state = replace_at(state, index, watched)
    ledger, effects = speak(name, ledger, changes, steps, rules, now, offers, about=about(state.watched, name))
    state = follow_targets(state, name, ledger, changes, rules, now)
    failures = (
        *((p.code, f"the check of {p.code} failed", fault) for p, fault in diagnosis.failures),
        *((f"fix {fix}", f"what the fix {fix} could do was not found out", fault) for fix, fault in unoffered),
    )
    state, records = _note_failures(state, failures)
    if (ledger, diagnosis, offers) != (watched.ledger, watched.diagnosis, watched.offers):
        watched = replace(watched, ledger=ledger, diagnosis=diagnosis, offers=offers)
    return replace_at(state, index, watched), facts, marks + effects + records


def _judge_program(state: AgentState, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """What is wrong with Gatelight itself is judged and told once, however many connections there are."""
    facts, before = facts_about_program(state, now), state.own.ledger
    diagnosis = diagnose(facts, [p for p in state.knowledge.problems if p.of_program])
    ledger, changes = update(before, diagnosis, facts, hold_until=state.hold_until)
    ledger = recall(ledger, before, PROGRAM, state.memory, now)
    steps = _steps(state.knowledge.words, ledger, ApplicationKind.UNKNOWN)
    rules = quiet_rules(state, PROGRAM, ledger, now)
    ledger, effects = speak(PROGRAM, ledger, changes, steps, rules, now)
    state = follow_targets(state, PROGRAM, ledger, changes, rules, now)
    state, records = _note_failures(
        state, [(p.code, f"the check of {p.code} failed", fault) for p, fault in diagnosis.failures]
    )
    own = replace(state.own, ledger=ledger)
    return (state if own == state.own else replace(state, own=own)), effects + records


def _steps(words: Words, ledger: Ledger, kind: ApplicationKind) -> dict[str, tuple[str, ...]]:
    """By problem code: what to do, for this application."""
    found = [e for e in ledger.entries.values() if e.problem.code in words.guides]
    return {e.problem.code: words.guides[e.problem.code].steps_for(kind, e.present.args, e.present.case) for e in found}


def _note_failures(
    state: AgentState, failures: Sequence[tuple[str, str, Exception]]
) -> tuple[AgentState, tuple[Effect, ...]]:
    """Lines for the log about checks and fixes that raised, each once."""
    broken = {name for name, _, _ in failures} - state.broken_checks
    if not broken:
        return state, ()
    records = tuple(Record(Severity.WARNING, text, fault) for name, text, fault in failures if name in broken)
    return replace(state, broken_checks=state.broken_checks | broken), records


def _inquire(state: AgentState, index: int, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """Ask for the API settings where that is due."""
    watched = state.watched[index]
    told = [e for e in watched.ledger.entries.values() if e.shown and e.problem.told_by_settings]
    shown = max((e.since.monotonic for e in told if severity_of(e) is not Severity.INFO), default=float("-inf"))
    followed = max(watched.inquiry.followed_until, shown + state.timing.settings_followed)
    if followed != watched.inquiry.followed_until:
        watched = replace(watched, inquiry=replace(watched.inquiry, followed_until=followed))
    due = inquiry_due(watched.inquiry, watched.link, watched.session, state.timing, now.monotonic)
    if due > now.monotonic or no_second_place(state, watched):
        return replace_at(state, index, watched), ()
    own = own_client_ids(state)
    inquiry, effects = ask_if_due(watched.inquiry, watched.settings, watched.link, own, now.monotonic)
    return replace_at(state, index, replace(watched, inquiry=inquiry)), effects


def no_second_place(state: AgentState, watched: Watched) -> bool:
    """Whether the session holds the last client place, so that no second session can ask for the settings."""
    link = watched.link.state
    if not isinstance(link, Connected) or not watched.settings.local:
        return False
    return places_taken(state.machine, link.port, more=1 if state.machine.taken < link.since else 0)


def _meant(settings: ConnectionSettings) -> ApplicationKind:
    return ApplicationKind(settings.application.value) if settings.application != "any" else ApplicationKind.UNKNOWN


def _remember(state: AgentState, before: Memory, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """Keep what was told; what was told before this start is kept until it had time to turn up again."""
    ledgers = [(PROGRAM, state.own.ledger), *((w.settings.name, w.ledger) for w in state.watched)]
    waiting = state.gathered.waiting
    # What waits for others was not told yet: after an end at this moment it will be.
    current = tuple(
        t for name, ledger in ledgers for t in told_of(name, ledger) if notice_key(name, t.key) not in waiting
    )
    known = {(t.connection, t.key) for t in current}
    shown = {(name, k) for name, ledger in ledgers for k in ledger.entries}
    if not shown <= state.turned_up:
        state = replace(state, turned_up=state.turned_up | shown)
    gone = known | state.turned_up
    earlier = [t for t in before.told if (t.connection, t.key) not in gone]
    settled = {w.settings.name for w in state.watched if _settled(w, now)}
    ended = [t for t in earlier if t.connection in settled]
    early = now.monotonic - state.started.monotonic < FORGET_TOLD
    shown_now = tuple(s for name, ledger in ledgers for s in shown_of(name, ledger))
    troubled = {s.connection for s in shown_now}
    served = tuple(ServedBefore(w.settings.name, w.served) for w in state.watched if w.served is not None)
    memory = replace(
        state.memory,
        told=(*current, *(t for t in earlier if early and t not in ended)),
        shown=shown_now,
        served=served,
        ports=(
            *_besides(state.memory.ports, state),
            *(w.port for w in state.watched if w.port.port),
        ),
        well=(*_besides(state.memory.well, state), *(kept for w in state.watched for kept in w.well)),
        running=_running(state, troubled),
    )
    hush = all_quiet(state, now)
    effects: list[Effect] = (
        []
        if hush
        else [
            belated_end(t, state.knowledge.problems, facts_about(state, w, now), about(state.watched, t.connection))
            for w in state.watched
            for t in ended
            if t.connection == w.settings.name
        ]
    )
    if memory != state.kept:
        effects.append(Remember(memory))
        state = replace(state, kept=memory)
    return (state if memory == state.memory else replace(state, memory=memory)), tuple(effects)


def _running(state: AgentState, troubled: Set[str]) -> tuple[SeenRunning, ...]:
    """The applications of connections in trouble; where no configuration tells them from others, those beside them."""
    pinned = any(w.settings.pinned_pid is not None for w in state.watched if w.settings.name in troubled)
    return tuple(
        seen
        for w in state.watched
        if w.settings.name in troubled or (pinned and w.settings.pinned_pid is not None)
        for seen in ran(w, troubled=w.settings.name in troubled)
    )


MOST_REMEMBERED = 32
"""Connections that are remembered while they are not watched."""
_Kept = TypeVar("_Kept", PortKept, WellKept)


def _besides(before: tuple[_Kept, ...], state: AgentState) -> tuple[_Kept, ...]:
    """What was kept of connections that are not watched at the moment."""
    watched = {w.settings.name for w in state.watched}
    return tuple(kept for kept in before if kept.connection not in watched)[-MOST_REMEMBERED:]


def _settled(watched: Watched, now: Moment) -> bool:
    """Whether a session has stood long enough that what is still wrong would have turned up again."""
    return watched.connected and now.monotonic - watched.link.state.since >= SETTLED_SESSION
