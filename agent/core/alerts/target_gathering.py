"""What many connections say about the same problem, told to a target as one notice: as on the desktop.

A notice about one connection of many waits for a moment. What is then said of four or more is one notice; those that
follow are told once a minute at most, and so are those that are well again, until the last of them is. A message
that was sent stays on the telephone: instead of being replaced, it is followed by one that says how many it is now.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from agent.core.alerts.gathering import MANY, MOMENT, TOLD_AGAIN, code_of, crowd_key, first_of, names_of, of_many
from agent.core.alerts.speech import notice_key
from agent.core.alerts.targets import News, Sent, together_as
from agent.core.clock import Moment, lasting
from agent.core.memory import ToldThere, WaitingNotice
from agent.core.shown.display import Notice

NAMED_THERE = 10
"""Connections that a notice names: away from the computer there is no page to look at."""


@dataclass(frozen=True, slots=True)
class Waits:
    """What may be told to a target now, and what waits for others."""

    ready: tuple[tuple[Sent, ...], ...] = ()
    """In the order in which it is told; what stands together is about the same problem."""
    held: Mapping[str, float] = field(default_factory=dict)
    """See `TargetDelivery`; with what is ready."""
    due: float = float("inf")
    """Monotonic time at which the next of what waits is ready."""


def sort_out(
    news: Sequence[Sent],
    told: Sequence[ToldThere],
    called: Mapping[str, str],
    at_once: frozenset[str],
    held: Mapping[str, float],
    now: Moment,
) -> Waits:
    """What of the news is told now, and what waits. `told`: what this target knows; `held`: since when news waits.

    `called`: what users read as the names of the connections; `at_once`: codes of problems that never wait.
    """
    kinds: dict[str, list[Sent]] = {}
    for number, one in enumerate(news):
        together = len(called) >= MANY and _connection(one) in called and code_of(one.key) not in at_once
        kinds.setdefault(together_as(one) if together else str(number), []).append(one)
    since: dict[str, float] = {}
    ready, due = [], float("inf")
    for kind, those in kinds.items():
        if kind != together_as(those[0]):
            ready.append(tuple(those))
            continue
        since[kind] = held.get(kind, now.monotonic)
        at = _due(those[0], since[kind], told, now)
        if at <= now.monotonic:
            ready.append(tuple(those))
        else:
            due = min(due, at)
    return Waits(tuple(ready), since, due)


def _due(one: Sent, since: float, told: Sequence[ToldThere], now: Moment) -> float:
    """Monotonic time at which those that wait since then are told."""
    crowd = _crowd(told, code_of(one.key))
    if isinstance(one, WaitingNotice):
        return since + (TOLD_AGAIN if crowd and one.crowd is not None else MOMENT)
    again = max((t.at for t in crowd), default=float("-inf")) + TOLD_AGAIN - now.wall
    # A clock that was set back delays nothing for longer than that.
    return max(since + MOMENT, min(now.monotonic + again, since + TOLD_AGAIN))


def told_as_one(
    news: Sequence[News], told: Sequence[ToldThere], stands: Set[str], called: Mapping[str, str], now: Moment
) -> list[News]:
    """What is ready about one problem, as it is told: of many connections as one notice. `stands`: the keys of what is
    known to be so now; what was shown before the agent began may be over."""
    first, code = news[0].sent[0], code_of(news[0].sent[0].key)
    names = names_of((_key(n) for n in news), called)
    crowd = _crowd(told, code)
    if not names:
        return list(news)
    if isinstance(first, WaitingNotice):
        if first.crowd is None:
            return [_of_many(news, names, called)] if len(names) >= MANY else list(news)
        began = min(
            one.crowd for n in news for one in n.sent if isinstance(one, WaitingNotice) and one.crowd is not None
        )
        text = f" The first message came {lasting(now.wall - began)} ago."
        left = names_of(stands & {notice_key(t.connection, t.key) for t in crowd}, called)
        if left:
            text += f" Still so: {first_of(left, NAMED_THERE)}."
        one = _of_many(news, names, called)
        return [replace(one, text=one.text + text)]
    if not crowd and len(names) < MANY:
        return list(news)
    keys = {*(_key(n) for n in news), *(stands & {notice_key(t.connection, t.key) for t in crowd})}
    one = _of_many(news, names, called, in_all=len(names_of(keys, called)))
    began = min((t.crowd for t in crowd if t.crowd is not None), default=now.wall)
    return [replace(one, sent=tuple(replace(sent, crowd=began) for sent in one.sent))]


def _of_many(news: Sequence[News], names: Sequence[str], called: Mapping[str, str], in_all: int = 0) -> News:
    over = news[0].over
    notices = [
        Notice(_key(n), n.severity, n.title, n.text, over=n.over, ended=_ended(n), no_news=n.no_news, steps=n.steps)
        for n in news
    ]
    key = crowd_key(code_of(notices[0].key))
    told = of_many(key, notices, names, called, over=over, named=NAMED_THERE, in_all=in_all)
    ages = min(n.ages[0] for n in news), max(n.ages[1] for n in news)
    sent = tuple(s for n in news for s in n.sent)
    return News(sent, told.severity, told.title, told.text, told.steps, over, ages, told.no_news)


def _crowd(told: Iterable[ToldThere], code: str) -> list[ToldThere]:
    """What the target knows and was told of many connections at once."""
    return [t for t in told if t.crowd is not None and code_of(t.key) == code]


def _key(news: News) -> str:
    (sent,) = news.sent
    return sent.key if isinstance(sent, WaitingNotice) else notice_key(sent.connection, sent.key)


def _ended(news: News) -> str:
    return "".join(sent.ended for sent in news.sent if isinstance(sent, WaitingNotice))


def _connection(sent: Sent) -> str:
    return sent.key.rpartition("/")[0] if isinstance(sent, WaitingNotice) else sent.connection
