"""What targets are told, which are phones, chats and mailboxes: by the same manners as the desktop, each by itself.

A beginning is no thing that waits: as long as a problem is there and a target does not know of it, each decision finds
that anew. So a service that was away is told what is true now, and nothing of what is over. What is said once, such as
an end, waits in the memory. A target is told one message at a time; of several notices, one message is made, and what
many connections say about the same problem is one notice (`core.alerts.target_gathering`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias
from zlib import crc32

from agent.core.alerts.announce import (
    Decision,
    QuietRules,
    Reason,
    Say,
    Silence,
    decide,
    hushed,
    keep_quiet,
    severity_of,
    title_of,
)
from agent.core.alerts.ending import not_seen
from agent.core.alerts.gathering import code_of
from agent.core.alerts.ledger import Appeared, Change, Cleared, Entry, Hidden
from agent.core.alerts.speech import notice_key
from agent.core.clock import Moment, lasting
from agent.core.memory import Memory, Standing, ToldThere, WaitingNotice
from agent.core.problem import Severity
from agent.core.settings import TargetSettings
from agent.core.shown.targets import SendOutcome, TargetAnswer, TargetMessage
from agent.core.told_steps import text_lines

MOST_FOR_TARGET = 100
"""Notices that wait for one target. Of more, the oldest go: the newest tell best what is so."""
MOST_IN_MESSAGE = 10
"""Notices in one message."""
SAYS_AGE_AFTER = 90.0
"""Seconds after which a notice says how old it is."""
FIRST_RETRY, LONGEST_RETRY = 10.0, 300.0
"""Seconds until a message is tried again; they double up to the longest."""
JITTER = 0.2
"""Part of that time by which it differs from target to target."""
TOLD_AFTER = 300.0
"""Seconds of failing after which the user is told that a target cannot be told."""

_KINDS = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.ERROR: "failure"}


@dataclass(frozen=True, slots=True)
class BeginningSent:
    """The beginning of a problem is on its way to a target, or a repeat of it."""

    connection: str
    key: str
    title: str
    repeats: int
    end: WaitingNotice | None = None
    """The problem was over before the answer came: what is said of it, if its beginning arrives."""
    gone: bool = False
    """The problem is not shown any more."""
    crowd: float | None = None
    """See `ToldThere`."""


Sent: TypeAlias = BeginningSent | WaitingNotice


@dataclass(frozen=True, slots=True)
class TargetDelivery:
    """How it stands with one target, since the agent began."""

    on_its_way: tuple[Sent, ...] = ()
    """What the message holds that is on its way; empty: none is."""
    failures: int = 0
    """Attempts that failed since the last message that was taken."""
    failing_since: float | None = None
    """Epoch seconds."""
    next_at: float = float("-inf")
    """Monotonic time before which nothing is sent."""
    answer: TargetAnswer | None = None
    answered_at: float = 0.0
    """Epoch seconds of the latest answer."""
    alone: bool = False
    """A message of several notices was unfit: they are sent one by one."""
    complained: bool = False
    """The user was told that the target cannot be told."""
    held: Mapping[str, float] = field(default_factory=dict)
    """Monotonic times since which notices wait for others about the same (see `core.alerts.target_gathering`)."""
    due: float = float("inf")
    """Monotonic time at which the next of them is told; infinity: none waits."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Messages so far, by what became of them (`SendOutcome`)."""


@dataclass(frozen=True, slots=True)
class News:
    """One notice, ready to be put into a message."""

    sent: tuple[Sent, ...]
    severity: Severity
    title: str
    text: str
    steps: tuple[str, ...] = ()
    over: bool = False
    ages: tuple[float, float] = (0.0, 0.0)
    """Seconds for which it has been so; of an end, that have passed since. Of many: the least and the greatest."""
    no_news: bool = False
    """See `Notice`."""

    @property
    def aged(self) -> str:
        """The text, with how old it is where that is worth a word."""
        if self.ages[1] <= SAYS_AGE_AFTER:
            return self.text
        age = " to ".join(dict.fromkeys(map(lasting, self.ages)))
        return f"This was {age} ago: {self.text}" if self.over else f"For {age} now: {self.text}"


def rules_there(rules: QuietRules, target: TargetSettings) -> QuietRules:
    """What keeps the agent quiet at a target, given what keeps it quiet here."""
    own = replace(rules.settings, minimum_severity=target.minimum_severity, quiet_hours=target.quiet_hours)
    return replace(rules, settings=own)


def decide_there(
    entry: Entry,
    told: ToldThere | None,
    standing: Standing | None,
    target: TargetSettings,
    rules: QuietRules,
    now: Moment,
) -> Decision:
    """Whether to tell a target now that a problem is there. `rules`: see `rules_there`."""
    there = replace(entry, announced=False, announced_at=None, repeats=0)
    there = replace(there, unshown=False, tried_at=None, taken_back=False, back_since=None)
    if told is not None:
        at = now.monotonic - max(0.0, now.wall - told.at)
        there = replace(there, announced=True, announced_at=at, repeats=told.repeats)
    decision = decide(there, rules, now)
    if isinstance(decision, Say) and told is None and target.after > 0:
        if standing is None or now.wall - standing.since < target.after:
            return Silence(Reason.NOT_LONG_ENOUGH)
        if standing.seen:
            return Silence(Reason.SEEN)
    return decision


def follow_shown(
    standing: Sequence[Standing], connection: str, entries: Mapping[str, Entry], now: Moment
) -> tuple[Standing, ...]:
    """The problems that are shown, with those of one connection as they are now."""
    known = {one.key: one for one in standing if one.connection == connection}
    others = tuple(one for one in standing if one.connection != connection)
    # One that hides behind a cause for a while was not seen by that.
    there = ((key, entry) for key, entry in entries.items() if entry.visible)
    own = tuple(known.get(key) or Standing(connection, key, _shown_since(entry, now)) for key, entry in there)
    return (*others, *own)


def _shown_since(entry: Entry, now: Moment) -> float:
    """Epoch seconds; of what an earlier run showed, at which it began."""
    return entry.since.wall if entry.recalled else now.wall


def take_changes(
    memory: Memory,
    deliveries: Mapping[str, TargetDelivery],
    changes: Sequence[Change],
    connection: str,
    rules: Mapping[str, QuietRules],
    ends: Mapping[str, WaitingNotice],
    now: Moment,
) -> tuple[Memory, Mapping[str, TargetDelivery]]:
    """Let ends follow the beginnings that arrived. `rules` are by target, `ends` by key of a problem: its end, as it
    would be told, without a target."""
    for change in changes:
        if isinstance(change, Appeared):
            deliveries = {name: _still_so(one, connection, change.entry.key) for name, one in deliveries.items()}
        if not isinstance(change, Cleared | Hidden):
            continue
        key = change.entry.key
        told = [t for t in memory.told_there if (t.connection, t.key) == (connection, key)]
        left = tuple(t for t in memory.told_there if t not in told)
        waiting = memory.waiting
        for target in sorted(rules):
            end = ends.get(key) if _is_told(change, rules[target], now) else None
            end = None if end is None else replace(end, target=target)
            known = next((t for t in told if t.target == target), None)
            if end is not None and known is not None:
                waiting = with_waiting(waiting, replace(end, crowd=known.crowd))
            deliveries = _overtaken(deliveries, target, connection, key, end)
        memory = replace(memory, told_there=left, waiting=waiting)
    return memory, deliveries


def back_again(
    memory: Memory, deliveries: Mapping[str, TargetDelivery], connection: str, entry: Entry, began: float, now: Moment
) -> Memory:
    """A problem is there again before its end was told: the target knows what is so. `began`: epoch seconds at which
    the agent began.

    An end that is on its way is left: it may have arrived. So may one of an earlier run, so that the problem is told.
    """
    key = notice_key(connection, entry.key)
    under_way = [one for delivery in deliveries.values() for one in delivery.on_its_way]
    ends = [w for w in memory.waiting if w.key == key and w.over and w not in under_way]
    if not ends:
        return memory
    known = (w for w in ends if w.at >= began)
    told = (ToldThere(w.target, connection, entry.key, now.wall, title=title_of(entry), crowd=w.crowd) for w in known)
    left = tuple(w for w in memory.waiting if w not in ends)
    return replace(memory, waiting=left, told_there=(*memory.told_there, *told))


def _still_so(delivery: TargetDelivery, connection: str, key: str) -> TargetDelivery:
    """The same where the beginning of that problem, told with others, is on its way: it needs no end to follow."""
    sent = tuple(
        replace(one, end=None, gone=False)
        if isinstance(one, BeginningSent) and one.crowd is not None and (one.connection, one.key) == (connection, key)
        else one
        for one in delivery.on_its_way
    )
    return delivery if sent == delivery.on_its_way else replace(delivery, on_its_way=sent)


def _is_told(change: Change, rules: QuietRules, now: Moment) -> bool:
    """Whether a target is told of this end, at once or later.

    On the desktop nothing is said in quiet hours, because the notice goes away. A message stays on the telephone, so
    its end is said once they are over.
    """
    if not isinstance(change, Cleared) or change.gave_way:
        return False
    return keep_quiet(change.entry, rules, now) in (None, Reason.QUIET_HOURS, Reason.PAUSED)


def _overtaken(
    deliveries: Mapping[str, TargetDelivery], target: str, connection: str, key: str, end: WaitingNotice | None
) -> Mapping[str, TargetDelivery]:
    """A beginning that is on its way is over: its end follows once it has arrived."""
    delivery = deliveries.get(target)
    if delivery is None:
        return deliveries
    sent = tuple(
        replace(one, end=None if end is None else replace(end, crowd=one.crowd), gone=True)
        if isinstance(one, BeginningSent) and (one.connection, one.key) == (connection, key)
        else one
        for one in delivery.on_its_way
    )
    return deliveries if sent == delivery.on_its_way else {**deliveries, target: replace(delivery, on_its_way=sent)}


def with_waiting(waiting: tuple[WaitingNotice, ...], one: WaitingNotice) -> tuple[WaitingNotice, ...]:
    """The queue with one more notice; the oldest of the same target goes where there is no room.

    What is told of many at once takes no room: there are no more of it than there were beginnings that arrived.
    """
    same = [w for w in waiting if w.target == one.target and w.crowd is None and one.crowd is None]
    dropped = same[: max(0, len(same) - MOST_FOR_TARGET + 1)]
    return (*(w for w in waiting if w not in dropped), one)


def may_wait_no_longer(rules: QuietRules) -> bool:
    """Whether what waits for a target may be sent at this hour."""
    return hushed(Severity.ERROR, rules) is None


def may_be_sent(delivery: TargetDelivery, now: Moment) -> bool:
    """Whether a message may be sent."""
    return not delivery.on_its_way and now.monotonic >= delivery.next_at


def of_waiting(one: WaitingNotice, now: Moment) -> News:
    """A notice that waited, as it is told now."""
    age = now.wall - one.at
    no_news = one.over and one.title == not_seen(one.ended)
    return News((one,), Severity(one.severity), one.title, one.text, over=one.over, ages=(age, age), no_news=no_news)


def of_beginning(
    sent: BeginningSent, entry: Entry, text: str, steps: tuple[str, ...], standing: Standing | None, now: Moment
) -> News:
    """The beginning of a problem, as it is told now. `text` names the connection where that is needed."""
    age = 0.0 if standing is None else now.wall - standing.since
    return News((sent,), severity_of(entry), sent.title, text, steps, ages=(age, age))


def message_from(news: Sequence[News]) -> TargetMessage:
    """One message; of several notices, each with its title."""
    first, *more = news
    worst = max((n.severity for n in news if not n.over), key=lambda s: s.rank, default=None)
    well = worst is None and not any(n.no_news for n in news)
    kind = "success" if well else _KINDS[worst or Severity.INFO]
    if not more:
        return TargetMessage(first.title, "\n".join([first.aged, *text_lines(first.steps)]), kind)
    title = f"{first.title} (and {len(more)} more)"
    return TargetMessage(title, "\n\n".join(f"{n.title}\n{n.aged}" for n in news), kind)


def together_as(sent: Sent) -> str:
    """What is told together with this: beginnings of a problem, its ends, or the ends of what was told of many."""
    if not isinstance(sent, WaitingNotice):
        return f"begins {code_of(sent.key)}"
    return f"{'ends' if sent.crowd is None else 'ends of many'} {code_of(sent.key)}"


def sent_off(delivery: TargetDelivery, news: Sequence[News]) -> TargetDelivery:
    """The delivery once a message is on its way."""
    return replace(delivery, on_its_way=tuple(one for n in news for one in n.sent), due=float("inf"))


def take_outcome(
    memory: Memory, target: str, delivery: TargetDelivery, answer: TargetAnswer, now: Moment
) -> tuple[Memory, TargetDelivery, tuple[Sent, ...]]:
    """The memory and the delivery once the answer has come, and what was given up: unfit even alone."""
    sent = delivery.on_its_way
    outcomes = {**delivery.outcomes, answer.outcome.value: delivery.outcomes.get(answer.outcome.value, 0) + 1}
    delivery = replace(delivery, on_its_way=(), answer=answer, answered_at=now.wall, outcomes=outcomes)
    unfit = answer.outcome is SendOutcome.UNFIT
    # Sent one by one already, and of many connections.
    if unfit and len(sent) > 1 and not delivery.alone:
        return memory, replace(delivery, alone=True), ()
    if answer.taken or unfit:
        memory = _arrived(memory, target, sent, now)
        # One that was unfit by itself says nothing about the others.
        told = {together_as(one) for one in sent}
        held = {kind: at for kind, at in delivery.held.items() if kind not in told}
        delivery = replace(
            delivery, failures=0, failing_since=None, next_at=now.monotonic, alone=unfit, complained=False, held=held
        )
        return memory, delivery, sent if unfit else ()
    failures = delivery.failures + 1
    since = now.wall if delivery.failing_since is None else delivery.failing_since
    wait = _wait(target, failures, answer)
    return memory, replace(delivery, failures=failures, failing_since=since, next_at=now.monotonic + wait), ()


def _arrived(memory: Memory, target: str, sent: Sequence[Sent], now: Moment) -> Memory:
    waiting, told = memory.waiting, memory.told_there
    for one in sent:
        if isinstance(one, WaitingNotice):
            waiting = tuple(w for w in waiting if w is not one and w != one)
            continue
        told = tuple(t for t in told if (t.target, t.connection, t.key) != (target, one.connection, one.key))
        if one.end is not None:
            waiting = with_waiting(waiting, one.end)
        elif not one.gone:
            told = (*told, ToldThere(target, one.connection, one.key, now.wall, one.repeats, one.title, one.crowd))
    return replace(memory, waiting=waiting, told_there=told)


def _wait(target: str, failures: int, answer: TargetAnswer) -> float:
    """Seconds until the next attempt: as the service asks, else longer and longer."""
    if answer.retry_after is not None:
        return max(1.0, answer.retry_after)
    if answer.outcome is SendOutcome.UNUSABLE:
        return LONGEST_RETRY
    wait: float = min(LONGEST_RETRY, FIRST_RETRY * 2.0 ** min(failures - 1, 10))
    # No chance is needed for targets to differ, and a decision can be run again.
    share = crc32(f"{target}/{failures}".encode()) / 2**32
    return wait * (1.0 + JITTER * (2.0 * share - 1.0))
