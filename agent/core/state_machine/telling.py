"""What the connections have to say, put together: see `core.alerts.gathering`."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from agent.core.alerts.gathering import Gathered, put_together, withdrawn
from agent.core.alerts.ledger import Ledger
from agent.core.alerts.reminder import remind
from agent.core.alerts.speech import notice_key
from agent.core.clock import Moment
from agent.core.effects import Announce, Effect, Withdraw
from agent.core.memory import Memory
from agent.core.state_machine.labels import label_of, labels
from agent.core.state_machine.quiet import all_quiet, quiet_rules
from agent.core.state_machine.state import AgentState, for_each
from agent.core.state_machine.target_news import take_news
from agent.core.state_machine.watched import Watched


def say(state: AgentState, spoken: Sequence[Effect], now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """The effects of what connections have to say: without those that wait for others, with those that have waited."""
    waits = state.gathered.begins or state.gathered.ends
    if not waits and not any(isinstance(effect, Announce | Withdraw) for effect in spoken):
        return state, tuple(spoken)
    called = {watched.settings.name: label_of(state.watched, watched) for watched in state.watched if watched.wanted}
    at_once = frozenset(problem.code for problem in state.knowledge.problems if problem.never_silenced)
    found = {notice_key(w.settings.name, key) for w in state.watched for key in w.ledger.entries}
    hushed = all_quiet(state, now)
    gathered, effects = put_together(state.gathered, spoken, called, at_once, now, found=found, hushed=hushed)
    state = _without_unsaid(state, gathered, spoken)
    return state if gathered == state.gathered else replace(state, gathered=gathered), effects


def unsay(state: AgentState, effects: Sequence[Effect]) -> tuple[AgentState, tuple[Effect, ...]]:
    """Effects of what the user or the machine did: notices that they withdraw may wait, or be told as one."""
    if not any(isinstance(effect, Withdraw) for effect in effects):
        return state, tuple(effects)
    gathered, kept = withdrawn(state.gathered, effects)
    state = _without_unsaid(state, gathered, effects)
    return state if gathered == state.gathered else replace(state, gathered=gathered), kept


def _without_unsaid(state: AgentState, gathered: Gathered, effects: Sequence[Effect]) -> AgentState:
    """The state in which what was withdrawn while it waited counts as never announced: the user was not told of it."""
    gone = {effect.key for effect in effects if isinstance(effect, Withdraw)}
    unsaid = (gone & state.gathered.waiting) - gathered.waiting
    if not unsaid:
        return state

    def without(watched: Watched) -> Watched:
        entries = {
            key: replace(entry, announced=False, announced_at=None, behind=False, back_since=None)
            if notice_key(watched.settings.name, key) in unsaid
            else entry
            for key, entry in watched.ledger.entries.items()
        }
        same = entries == watched.ledger.entries
        return watched if same else replace(watched, ledger=replace(watched.ledger, entries=entries))

    return for_each(state, without)


def remind_user(state: AgentState, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """Say once a day what the user stopped watching."""
    stopped = state.memory.stopped
    if not stopped:
        return state, ()
    called = {w.settings.name: label for w, label in zip(state.watched, labels(state.watched), strict=True)}
    rules = quiet_rules(state, "", Ledger(), now)
    said, effects = remind(stopped, called, rules, now.wall, state.machine.zone)
    for effect in effects:
        state = take_news(state, effect.notice, now) if isinstance(effect, Announce) else state
    return (replace(state, memory=replace(state.memory, stopped=said)) if effects else state), effects


def taken_back(state: AgentState, keys: Collection[str], *, anew: bool) -> Memory:
    """The memory for the agent after this one: the notices of these keys stood until now.

    `anew`: it starts at once, from new files.
    """
    those = {behind for key in keys for behind in state.gathered.behind(key)}
    told = tuple(
        replace(t, taken_back=True) if notice_key(t.connection, t.key) in those else t for t in state.memory.told
    )
    return replace(state.memory, told=told, taken_back_by="" if anew else state.version)
