"""Telling targets, which are phones, chats and mailboxes: what each of them is told next, and what became of it.

What is decided for one problem and one target stands in `core.alerts.targets`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from agent.core.alerts.announce import QuietRules, Say, hushed, text_of, title_of
from agent.core.alerts.ledger import Change, Cleared, Ledger
from agent.core.alerts.speech import belated_end, end_of, notice_key, said_of
from agent.core.alerts.target_gathering import sort_out, told_as_one
from agent.core.alerts.targets import (
    MOST_IN_MESSAGE,
    TOLD_AFTER,
    BeginningSent,
    News,
    Sent,
    TargetDelivery,
    back_again,
    decide_there,
    follow_shown,
    may_be_sent,
    may_wait_no_longer,
    message_from,
    of_beginning,
    of_waiting,
    rules_there,
    sent_off,
    take_changes,
    take_outcome,
    with_waiting,
)
from agent.core.clock import Moment, time_of_day
from agent.core.effects import Announce, Effect, Record, SendTo, Withdraw
from agent.core.events import NewsCame, TargetAnswered
from agent.core.facts import Purpose
from agent.core.memory import PROGRAM, Memory, Told, ToldThere, WaitingNotice
from agent.core.problem import Severity
from agent.core.settings import Settings, TargetSettings
from agent.core.shown.display import TEXT_LIMIT, TITLE_LIMIT, Notice
from agent.core.shown.status import ShownTarget
from agent.core.shown.targets import targets_of
from agent.core.state_machine.labels import about, label_of
from agent.core.state_machine.quiet import quiet_rules
from agent.core.state_machine.state import AgentState, facts_about
from agent.core.text import shortened


def targets(state: AgentState) -> tuple[TargetSettings, ...]:
    """The targets that this agent tells; one that only looks tells none."""
    return targets_of(state.settings.notifications) if state.purpose is Purpose.WATCH else ()


def follow_targets(
    state: AgentState, name: str, ledger: Ledger, changes: Sequence[Change], rules: QuietRules, now: Moment
) -> AgentState:
    """Keep what is shown of one connection, and let ends follow the beginnings that arrived."""
    there = targets(state)
    if not there:
        return state
    memory, deliveries = state.memory, state.deliveries
    standing = follow_shown(memory.standing, name, ledger.entries, now)
    if standing != memory.standing:
        memory = replace(memory, standing=standing)
    if changes:
        called = about(state.watched, name)
        ends = {
            change.entry.key: _waiting(end_of(name, change, now, called), now)
            for change in changes
            if isinstance(change, Cleared)
        }
        by_target = {target.name: rules_there(rules, target) for target in there}
        memory, deliveries = take_changes(memory, deliveries, changes, name, by_target, ends, now)
    for entry in ledger.entries.values() if memory.waiting else ():
        if entry.shown and not entry.recalled:
            memory = back_again(memory, deliveries, name, entry, state.started.wall, now)
    if memory is state.memory and deliveries == state.deliveries:
        return state
    return replace(state, memory=memory, deliveries=deliveries)


def _waiting(notice: Notice, now: Moment, target: str = "") -> WaitingNotice:
    severity, over, ended = notice.severity.value, notice.over, notice.ended
    return WaitingNotice(target, notice.key, now.wall, severity, notice.title, notice.text, over=over, ended=ended)


def forget_gone(state: AgentState, forget_after: float, settled: frozenset[str], now: Moment) -> AgentState:
    """Say the end of what was told before the agent was started and did not turn up again; forget what was withdrawn.

    `settled`: the connections of which it is known that it would have turned up; after `forget_after` seconds nothing
    is expected to any more.
    """
    memory, kept = state.memory, []
    if not memory.told_there and not memory.standing:
        return state
    ledgers = dict(_ledgers(state))
    waiting = memory.waiting
    for told in memory.told_there:
        if told.connection in ledgers and told.key in ledgers[told.connection].entries:
            kept.append(told)
        elif (told.connection, told.key) in state.turned_up:
            # Without a word: the user has put it aside, or its connection is not watched any more.
            continue
        elif told.connection in settled:
            watched = next(w for w in state.watched if w.settings.name == told.connection)
            earlier = Told(told.connection, told.key, told.at, told.at, title=told.title)
            facts, called = facts_about(state, watched, now), about(state.watched, told.connection)
            end = belated_end(earlier, state.knowledge.problems, facts, called).notice
            waiting = with_waiting(waiting, replace(_waiting(end, now, told.target), crowd=told.crowd))
        elif now.monotonic - state.started.monotonic < forget_after:
            kept.append(told)
    standing = tuple(
        one
        for one in memory.standing
        if (one.connection in ledgers and one.key in ledgers[one.connection].entries)
        or ((one.connection, one.key) not in state.turned_up and now.wall - one.since < forget_after)
    )
    made = replace(memory, told_there=tuple(kept), waiting=waiting, standing=standing)
    return state if made == memory else replace(state, memory=made)


def _ledgers(state: AgentState) -> Iterator[tuple[str, Ledger]]:
    yield PROGRAM, state.own.ledger
    yield from ((watched.settings.name, watched.ledger) for watched in state.watched)


def dispatch(state: AgentState, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """Send each target that is free what it does not know yet, as one message, unless it waits for others."""
    there = targets(state)
    if not there:
        return state, ()
    effects: list[Effect] = []
    deliveries = dict(state.deliveries)
    for target in there:
        delivery = deliveries.get(target.name) or TargetDelivery()
        if not may_be_sent(delivery, now):
            continue
        news = _news(state, target, now)
        if not news and not delivery.held:
            continue
        told = [one for one in state.memory.told_there if one.target == target.name]
        called = {watched.settings.name: label_of(state.watched, watched) for watched in state.watched}
        at_once = frozenset(problem.code for problem in state.knowledge.problems if problem.never_silenced)
        waits = sort_out(news, told, called, at_once, delivery.held, now)
        told_now = _told_now(state, waits.ready, told, called, 1 if delivery.alone else MOST_IN_MESSAGE, now)
        deliveries[target.name] = replace(delivery, held=waits.held, due=waits.due)
        if told_now:
            deliveries[target.name] = sent_off(deliveries[target.name], told_now)
            effects.append(SendTo(target.name, message_from(told_now)))
    return (state if deliveries == state.deliveries else replace(state, deliveries=deliveries)), tuple(effects)


def _told_now(
    state: AgentState,
    ready: Sequence[Sequence[Sent]],
    told: Sequence[ToldThere],
    called: Mapping[str, str],
    most: int,
    now: Moment,
) -> list[News]:
    """So many notices of what is ready, in words."""
    standing = {(s.connection, s.key): s for s in state.memory.standing}
    ledgers, found = dict(_ledgers(state)), list[News]()
    judged = ((name, entry) for name, ledger in ledgers.items() for entry in ledger.entries.values())
    stands = frozenset(notice_key(name, entry.key) for name, entry in judged if entry.shown and not entry.recalled)
    for together in ready:
        if len(found) >= most:
            break
        news = []
        for one in together:
            if isinstance(one, WaitingNotice):
                news.append(of_waiting(one, now))
                continue
            name, entry = one.connection, ledgers[one.connection].entries[one.key]
            text = said_of(about(state.watched, name), text_of(entry))
            steps = _steps(state, name, entry.problem.code)
            news.append(of_beginning(one, entry, text, steps, standing.get((name, one.key)), now))
        found += told_as_one(news, told, stands, called, now)
    return found[:most]


def _news(state: AgentState, target: TargetSettings, now: Moment) -> list[Sent]:
    """What the target does not know yet, in the order in which it came up: ends before beginnings."""
    memory, found = state.memory, list[Sent]()
    told = {(t.connection, t.key): t for t in memory.told_there if t.target == target.name}
    standing = {(s.connection, s.key): s for s in memory.standing}
    for name, ledger in _ledgers(state):
        shown = [entry for entry in ledger.entries.values() if entry.shown]
        if not shown:
            continue
        rules = rules_there(quiet_rules(state, name, ledger, now), target)
        for entry in shown:
            known, stands = told.get((name, entry.key)), standing.get((name, entry.key))
            decision = decide_there(entry, known, stands, target, rules, now)
            if isinstance(decision, Say):
                repeats = 0 if known is None else known.repeats + 1
                found.append(BeginningSent(name, entry.key, title_of(entry), repeats))
    if not may_wait_no_longer(rules_there(quiet_rules(state, PROGRAM, Ledger(), now), target)):
        return found
    # No end of what is there again, unless its beginning is told with it.
    there = {notice_key(name, key) for name, ledger in _ledgers(state) for key in ledger.entries}
    there -= {notice_key(one.connection, one.key) for one in found if isinstance(one, BeginningSent)}
    waiting = (one for one in memory.waiting if one.target == target.name)
    return [*(one for one in waiting if not (one.over and one.key in there)), *found]


def _steps(state: AgentState, name: str, code: str) -> tuple[str, ...]:
    """What to do, as it is shown; what is about Gatelight itself is shown with the first connection."""
    shown = () if state.shown is None else state.shown.connections
    return next((p.steps for c in shown if name in (c.name, PROGRAM) for p in c.problems if p.code == code), ())


# ── what came in ────────────────────────────────────────────────────────────────────────────────


def take_for_targets(
    state: AgentState, event: TargetAnswered | NewsCame, now: Moment
) -> tuple[AgentState, tuple[Effect, ...]]:
    """The state after what concerns targets alone."""
    match event:
        case TargetAnswered():
            return take_target_answer(state, event, now)
        case NewsCame(notice):
            return take_news(state, notice, now), ()


def take_target_answer(state: AgentState, event: TargetAnswered, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """The state once a target has answered, or was waited for in vain. A failure is told when it begins and when it
    ends, and not with every attempt."""
    before = state.deliveries.get(event.target)
    if before is None or not before.on_its_way:
        return state, ()
    name, said = f"“{event.target}”", event.answer.said
    memory, after, given_up = take_outcome(state.memory, event.target, before, event.answer, now)
    effects: list[Effect] = [
        Record(Severity.WARNING, f"{name} refuses a notice for good: {title}: {said}")
        for title in dict.fromkeys(one.title for one in given_up)
    ]
    if after.failures and not before.failures:
        effects.append(Record(Severity.WARNING, f"{name} could not be told: {said}; it is tried again"))
    if before.failures and not after.failures:
        effects.append(Record(Severity.INFO, f"{name} takes notices again"))
        if before.complained:
            effects.append(Announce(_complaint(event.target, now, state, None)))
    deliveries: Mapping[str, TargetDelivery] = {**state.deliveries, event.target: after}
    # What has come back while its end was on its way, and did not arrive.
    back = ((connection, entry) for connection, ledger in _ledgers(state) for entry in ledger.entries.values())
    for connection, entry in back if not event.answer.taken else ():
        if entry.shown:
            memory = back_again(memory, deliveries, connection, entry, state.started.wall, now)
    state = replace(state, memory=memory, deliveries=deliveries)
    if after.failing_since is None or after.complained or now.wall - after.failing_since < TOLD_AFTER:
        return state, tuple(effects)
    if hushed(Severity.WARNING, quiet_rules(state, PROGRAM, Ledger(), now)) is not None or _no_network(state):
        return state, tuple(effects)
    notice = _complaint(event.target, now, state, after)
    state = replace(state, deliveries={**deliveries, event.target: replace(after, complained=True)})
    return take_news(state, notice, now, but=event.target), (*effects, Announce(notice))


def _no_network(state: AgentState) -> bool:
    """Whether it is shown already that nothing outside can be reached."""
    return any(
        e.shown and e.problem.code == "network-down" for _, ledger in _ledgers(state) for e in ledger.entries.values()
    )


def _complaint(target: str, now: Moment, state: AgentState, delivery: TargetDelivery | None) -> Notice:
    """The notice that a target cannot be told; without a delivery, that it can be told again."""
    key = _complaint_key(target)
    if delivery is None or delivery.answer is None or delivery.failing_since is None:
        title = shortened(f"“{target}” is told again", TITLE_LIMIT)
        return Notice(key, Severity.INFO, title, "What waited for it has been sent.", over=True)
    since = time_of_day(delivery.failing_since, state.machine.zone)
    rest = "Gatelight goes on trying."
    text = shortened(f"Not since {since}: {delivery.answer.said}", TEXT_LIMIT - len(rest) - 2)
    return Notice(key, Severity.WARNING, shortened(f"“{target}” cannot be told", TITLE_LIMIT), f"{text}. {rest}")


def _complaint_key(target: str) -> str:
    return f"gatelight/target {target.replace('/', ' ')}"


def take_news(state: AgentState, notice: Notice, now: Moment, *, but: str = "") -> AgentState:
    """Let a notice about Gatelight itself wait for the targets, that one excepted. An address without manners of its
    own gets every one."""
    named = {target.name for target in state.settings.notifications.targets}
    memory = state.memory
    for target in targets(state):
        grave = notice.severity.rank >= Severity(target.minimum_severity.value).rank
        if target.name != but and (grave or target.name not in named):
            memory = replace(memory, waiting=with_waiting(memory.waiting, _waiting(notice, now, target.name)))
    return state if memory is state.memory else replace(state, memory=memory)


def user_looked(memory: Memory) -> Memory:
    """What is shown was seen: it is no news for a target that is told only of what was not seen."""
    if all(one.seen for one in memory.standing):
        return memory
    return replace(memory, standing=tuple(replace(one, seen=True) for one in memory.standing))


def retargeted(state: AgentState, settings: Settings) -> tuple[AgentState, tuple[Effect, ...]]:
    """The state for other settings: what was kept and told of targets that are gone goes, and the others are tried at
    once."""
    names = {target.name for target in targets_of(settings.notifications)}
    memory = replace(
        state.memory,
        told_there=tuple(t for t in state.memory.told_there if t.target in names),
        waiting=tuple(w for w in state.memory.waiting if w.target in names),
        standing=state.memory.standing if names else (),
    )
    free = {name: replace(d, next_at=float("-inf")) for name, d in state.deliveries.items() if name in names}
    gone = (name for name, delivery in state.deliveries.items() if name not in names and delivery.complained)
    withdrawn = tuple(Withdraw(_complaint_key(name)) for name in gone)
    return replace(state, memory=memory, deliveries=free), withdrawn


# ── what is shown ───────────────────────────────────────────────────────────────────────────────


def shown_targets(state: AgentState) -> tuple[ShownTarget, ...]:
    """The targets, with what their services answered last; nothing is known of one that was not told anything yet."""
    return tuple(
        _shown(state, target, state.deliveries.get(target.name) or TargetDelivery()) for target in targets(state)
    )


def _shown(state: AgentState, target: TargetSettings, delivery: TargetDelivery) -> ShownTarget:
    waiting = sum(one.target == target.name for one in state.memory.waiting)
    answer, at = delivery.answer, delivery.answered_at
    if answer is None:
        return ShownTarget(target.name, waiting=waiting)
    return ShownTarget(target.name, answer.taken, answer.said, at, delivery.failing_since, waiting, delivery.outcomes)
