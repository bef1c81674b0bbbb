"""Takes in what the user asked for: watch or stop watching, pause, snooze, look now, show steps."""

from collections.abc import Callable
from dataclasses import replace

from agent.core.alerts.ledger import Entry
from agent.core.alerts.reminder import REMINDER_KEY
from agent.core.alerts.speech import nothing_to_do, notice_key, steps_told
from agent.core.clock import Moment
from agent.core.effects import Announce, Effect, Happened, MarkKind, Withdraw
from agent.core.memory import PROGRAM, Memory, Snoozed, Stopped
from agent.core.shown.display import (
    Action,
    Connect,
    Disconnect,
    Ignore,
    LookNow,
    Pause,
    Resume,
    SeenChanges,
    ShowSteps,
    Snooze,
)
from agent.core.state_machine.changes import all_seen_by_user
from agent.core.state_machine.connection import retry_now
from agent.core.state_machine.inquiry import inquiry_followed, inquiry_wanted
from agent.core.state_machine.labels import about
from agent.core.state_machine.port_programs import with_ignored, without_moved
from agent.core.state_machine.state import AgentState, for_each
from agent.core.state_machine.target_news import user_looked
from agent.core.state_machine.watched import Watched


def take_action(state: AgentState, action: Action, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """The state after a click or a command, and what has to be done because of it."""
    if isinstance(action, Snooze | SeenChanges | Ignore | ShowSteps):
        # It says by itself that the user has seen what is shown.
        state = replace(state, memory=user_looked(state.memory))
    memory = state.memory
    match action:
        case Connect(name):
            kept = tuple(s for s in memory.stopped if name not in ("", s.connection))
            # What the notice says of this connection is not true any more.
            effects: tuple[Effect, ...] = () if kept == memory.stopped else (Withdraw(REMINDER_KEY),)
            memory = replace(memory, stopped=kept)
            state = replace(state, memory=memory, urgent_since=now.monotonic, asked_at=now.monotonic)
            return for_each(
                state, lambda w: _asked_anew(_wish(w, True, now), now) if name in ("", w.settings.name) else w
            ), effects
        case Disconnect(name, seconds, until):
            names = tuple(w.settings.name for w in state.watched if name in ("", w.settings.name))
            until = until if seconds is None else now.wall + seconds
            state = replace(state, memory=_with_stopped(memory, names, until, now))
            return for_each(state, lambda w: _wish(w, False, now) if w.settings.name in names else w), ()
        case Pause(seconds):
            until = float("inf") if seconds is None else now.wall + seconds
            return replace(state, memory=replace(memory, paused_until=until)), ()
        case Resume():
            return replace(state, memory=replace(memory, paused_until=None)), ()
        case Snooze(code, connection, seconds):
            others_snoozed = tuple(s for s in memory.snoozed if (s.connection, s.code) != (connection, code))
            snoozed = (*others_snoozed, Snoozed(connection, code, now.wall + seconds))
            keys = [
                notice_key(name, e.key)
                for name, ledger in (*((w.settings.name, w.ledger) for w in state.watched), (PROGRAM, state.own.ledger))
                for e in ledger.entries.values()
                if connection in ("", name) and e.problem.code == code and not e.problem.never_silenced
            ]
            return replace(state, memory=replace(memory, snoozed=snoozed)), tuple(Withdraw(k) for k in keys)
        case SeenChanges(name):
            return _all(state, lambda w: _seen(w, state) if name in ("", w.settings.name) else (w, ()))
        case Ignore(program, name, undo):
            return _all(state, lambda w: _ignored(w, program, undo) if name in ("", w.settings.name) else (w, ()))
        case LookNow():
            state = replace(state, urgent_since=now.monotonic, asked_at=now.monotonic)
            return for_each(state, lambda w: _asked_anew(w, now)), ()
        case ShowSteps(connection, code, as_notice):
            effects = (_steps(state, connection, code),) if as_notice else ()
            if any(p.code == code and p.told_by_settings for p in state.knowledge.problems):
                state = for_each(state, lambda w: _followed(w, state, now) if w.settings.name == connection else w)
            return state, effects
        case _:
            # Opening a log, fixing, quitting: done outside, nothing to decide here.
            return state, ()


def is_so_already(state: AgentState, action: Action, now: Moment) -> bool:
    """Whether what the user wants to be so until it is taken back is so already. A time that it should end counts as
    news: what is said about it names the time."""
    after, effects = take_action(state, action, now)
    match action:
        case Connect():
            # It is tried at once all the same.
            wanted = [w.wanted for w in after.watched] == [w.wanted for w in state.watched]
            return wanted and after.memory == state.memory
        case Resume() | SeenChanges() | Ignore():
            return not effects and after == state
        case _:
            return False


def _all(
    state: AgentState, change: Callable[[Watched], tuple[Watched, tuple[Effect, ...]]]
) -> tuple[AgentState, tuple[Effect, ...]]:
    changed = [change(watched) for watched in state.watched]
    return replace(state, watched=tuple(w for w, _ in changed)), tuple(e for _, effects in changed for e in effects)


SEEN = "seen by the user"
PUT_ASIDE = "not watched, as the user asked"
"""How a problem ended that the user has put aside, in the history."""


def _seen(watched: Watched, state: AgentState) -> tuple[Watched, tuple[Effect, ...]]:
    """What changed is known to the user from now on, and so are the programs that were cut off by it."""
    port = next((s.facts.session.port for s in state.settled if s.facts.connection.name == watched.settings.name), None)
    moved = any(change.what == "port" for change in watched.changes)
    well = all_seen_by_user(watched.well, watched.changes)
    kept = without_moved(watched.port, port) if moved else watched.port
    return _put_aside(replace(watched, well=well, changes=(), port=kept), lambda entry: entry.problem.until_seen, SEEN)


def _ignored(watched: Watched, program: str, undo: bool) -> tuple[Watched, tuple[Effect, ...]]:
    port = with_ignored(watched.port, program, ignored=not undo)
    left = {p.id.label for p in port.programs if p.missing_since is not None}
    return _put_aside(
        replace(watched, port=port),
        lambda entry: bool(entry.present.programs) and left.isdisjoint(entry.present.programs),
        PUT_ASIDE,
    )


def _put_aside(watched: Watched, which: Callable[[Entry], bool], how: str) -> tuple[Watched, tuple[Effect, ...]]:
    """Let problems end without a word: it was the user who ended them."""
    name = watched.settings.name
    gone = [entry for entry in watched.ledger.entries.values() if which(entry)]
    kept = {key: entry for key, entry in watched.ledger.entries.items() if entry not in gone}
    effects: list[Effect] = [Happened(MarkKind.ENDED, name, e.problem.code, how) for e in gone if e.visible]
    effects += [Withdraw(notice_key(name, e.key)) for e in gone if e.announced]
    return replace(watched, ledger=replace(watched.ledger, entries=kept)), tuple(effects)


def _with_stopped(memory: Memory, names: tuple[str, ...], until: float | None, now: Moment) -> Memory:
    """The memory with these connections not watched, each since it first was so."""
    since = {s.connection: s.since for s in memory.stopped}
    others = tuple(s for s in memory.stopped if s.connection not in names)
    wished = tuple(Stopped(name, since.get(name, now.wall), until, now.wall) for name in names)
    return replace(memory, stopped=(*others, *wished))


def _steps(state: AgentState, name: str, code: str) -> Announce:
    """The notice with the steps of a problem, or that it is not shown any more."""
    shown = () if state.shown is None else state.shown.connections
    # What is about Gatelight itself is shown with the first connection.
    problem = next((p for c in shown if name in (c.name, PROGRAM) for p in c.problems if p.code == code), None)
    ledgers = [*(w.ledger for w in state.watched if w.settings.name == name), state.own.ledger]
    entry = next((e for each in ledgers for e in each.entries.values() if e.shown and e.problem.code == code), None)
    if problem is None or entry is None:
        return nothing_to_do(name, code, about(state.watched, name))
    return steps_told(name, entry, problem.steps, problem.fixes, about(state.watched, name))


def _asked_anew(watched: Watched, now: Moment) -> Watched:
    return replace(watched, inquiry=inquiry_wanted(watched.inquiry, now.monotonic))


def _followed(watched: Watched, state: AgentState, now: Moment) -> Watched:
    inquiry = inquiry_wanted(watched.inquiry, now.monotonic)
    return replace(watched, inquiry=inquiry_followed(inquiry, now.monotonic, state.timing))


def _wish(watched: Watched, connected: bool, now: Moment) -> Watched:
    watched = replace(watched, wish=connected)
    return replace(watched, link=retry_now(watched.link, now.monotonic)) if connected else watched
