"""Notices of many connections about one thing, told as one: a hundred that say the same are none that is read.

A notice about one connection of many waits for a moment. What is then said of four or more about the same
problem becomes one notice, with their number and the first names; so does its end. Those that follow join the notice,
which is told again once a minute at most. With few connections nothing waits.

What has waited is told as it is then: no end of what is there again, and nothing while all is to be quiet.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from agent.core.alerts.speech import SNOOZE_SECONDS
from agent.core.clock import Moment, lasting
from agent.core.effects import Announce, Effect, Withdraw
from agent.core.memory import PROGRAM
from agent.core.problem import Severity
from agent.core.shown.display import TEXT_LIMIT, TITLE_LIMIT, MenuEntry, Notice, OpenPage, Snooze
from agent.core.text import shortened, whole_sentences

MANY = 4
"""Connections from which on they are told as one."""
MOMENT = 2.0
"""Seconds that a notice waits for others."""
TOLD_AGAIN = 60.0
"""Seconds between two notices about the same problem of many, while more join or some are well again."""
NAMED = 3
"""Connections that a notice names."""


@dataclass(frozen=True, slots=True)
class Held:
    """A notice that waits."""

    notice: Notice
    at: float
    """Monotonic time since which."""
    known: bool = False
    """Of a beginning: the user was told of it before."""

    @property
    def code(self) -> str:
        """Of the problem."""
        return code_of(self.notice.key)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Connections whose problem was told as one."""

    code: str
    keys: frozenset[str]
    """The notices that it stands for, of connections where the problem still is."""
    began: float
    """Monotonic time of the first notice."""
    told: float
    """The same of the latest."""

    @property
    def key(self) -> str:
        """The key of its notice."""
        return crowd_key(self.code)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What waits, and what was told as one."""

    begins: tuple[Held, ...] = ()
    ends: tuple[Held, ...] = ()
    crowds: Mapping[str, Crowd] = field(default_factory=dict)
    """By code."""
    kept_back: frozenset[str] = frozenset()
    """Keys of those that cannot be told at present, however long they wait: ends of what is there again, and in quiet
    times the beginnings."""

    @property
    def due(self) -> float:
        """Monotonic time at which the next notice is told; infinity: none waits."""
        begins = (_due_begin(self, held) for held in self.begins)
        return min(*begins, *(_due_end(self, held) for held in self.ends), float("inf"), float("inf"))

    @property
    def waiting(self) -> frozenset[str]:
        """The keys of notices about what the user was not told of yet."""
        return frozenset(held.notice.key for held in self.begins if not held.known)

    def behind(self, key: str) -> frozenset[str]:
        """The keys of the notices that the notice of this key stands for."""
        found = next((crowd for crowd in self.crowds.values() if crowd.key == key), None)
        return frozenset({key}) if found is None else found.keys


def code_of(key: str) -> str:
    """The code of the problem that a notice is about."""
    return key.rpartition("/")[2].partition(":")[0]


def crowd_key(code: str) -> str:
    """The key of the notice about a problem of many: like those of Gatelight itself, it is of no connection."""
    return f"{PROGRAM}/{code}"


def withdrawn(gathered: Gathered, effects: Iterable[Effect]) -> tuple[Gathered, tuple[Effect, ...]]:
    """Effects that withdraw notices, where some of those wait or were told as one."""
    kept: list[Effect] = []
    for effect in effects:
        if not isinstance(effect, Withdraw):
            kept.append(effect)
            continue
        gathered, more = _without(gathered, effect.key)
        kept.extend(more)
    return gathered, tuple(kept)


def put_together(
    gathered: Gathered,
    effects: Sequence[Effect],
    called: Mapping[str, str],
    at_once: frozenset[str],
    now: Moment,
    *,
    found: Set[str] = frozenset(),
    hushed: bool = False,
) -> tuple[Gathered, tuple[Effect, ...]]:
    """What is said now of what the connections have to say, and what waits.

    `called`: what users read as the names of the connections that are watched; `at_once`: codes of problems that never
    wait. `found`: the keys of the problems there are, shown or not. `hushed`: notices are paused, or it is a quiet
    hour.
    """
    overs = {e.notice.key for e in effects if isinstance(e, Announce) and e.notice.over}
    done: list[Effect] = []
    for effect in effects:
        match effect:
            case Announce(notice) if notice.over:
                untold = notice.key in gathered.waiting
                others = _others(gathered.begins, notice.key), _others(gathered.ends, notice.key)
                gathered = replace(gathered, begins=others[0], ends=others[1])
                in_crowd = _crowd_of(gathered, notice.key) is not None
                if untold and not in_crowd:
                    # It was over before the user was told of it.
                    continue
                if in_crowd or _waits(notice, called, at_once):
                    gathered = replace(gathered, ends=(*gathered.ends, Held(notice, now.monotonic)))
                else:
                    done.append(effect)
            case Announce(notice):
                if _waits(notice, called, at_once):
                    first = next((h.at for h in gathered.begins if h.notice.key == notice.key), now.monotonic)
                    known = notice.again or notice.once_more or _was_told(gathered, notice.key)
                    begins = (*_others(gathered.begins, notice.key), Held(notice, first, known))
                    # It is back before its end was told.
                    gathered = replace(gathered, begins=begins, ends=_others(gathered.ends, notice.key))
                else:
                    # There may have been more connections when it was told with others, or began to wait.
                    gathered, more = _without(gathered, notice.key)
                    done += [*(one for one in more if one != Withdraw(notice.key)), effect]
            case Withdraw(key):
                if key in overs:
                    if key not in gathered.waiting and _crowd_of(gathered, key) is None:
                        done.append(effect)
                else:
                    gathered, more = _without(gathered, key)
                    done.extend(more)
            case _:
                done.append(effect)
    back = {held.notice.key for held in gathered.ends} & found
    quiet = {held.notice.key for held in gathered.begins} if hushed else set[str]()
    gathered = replace(gathered, kept_back=frozenset(back | quiet))
    gathered, more = _tell(gathered, called, now, hushed=hushed)
    return gathered, (*done, *more)


def _was_told(gathered: Gathered, key: str) -> bool:
    """Whether the user knows of what is about to begin: it was told, and its end was not."""
    return any(h.notice.key == key for h in gathered.ends) or any(
        h.known for h in gathered.begins if h.notice.key == key
    )


def _waits(notice: Notice, called: Mapping[str, str], at_once: frozenset[str]) -> bool:
    return len(called) >= MANY and notice.key.rpartition("/")[0] in called and code_of(notice.key) not in at_once


def _others(held: Iterable[Held], key: str) -> tuple[Held, ...]:
    return tuple(one for one in held if one.notice.key != key)


def _crowd_of(gathered: Gathered, key: str) -> Crowd | None:
    crowd = gathered.crowds.get(code_of(key))
    return crowd if crowd is not None and key in crowd.keys else None


def _without(gathered: Gathered, key: str) -> tuple[Gathered, tuple[Effect, ...]]:
    """Nothing is said of this notice any more; the one that it was told with goes with the last of them."""
    untold, crowd = key in gathered.waiting, _crowd_of(gathered, key)
    gathered = replace(gathered, begins=_others(gathered.begins, key), ends=_others(gathered.ends, key))
    if crowd is None:
        return gathered, () if untold else (Withdraw(key),)
    gathered = _with_crowd(gathered, replace(crowd, keys=crowd.keys - {key}))
    return gathered, () if crowd.code in gathered.crowds else (Withdraw(crowd.key),)


def _with_crowd(gathered: Gathered, crowd: Crowd) -> Gathered:
    crowds = {**gathered.crowds, crowd.code: crowd}
    if not crowd.keys:
        del crowds[crowd.code]
    return replace(gathered, crowds=crowds)


def _still_so(gathered: Gathered, crowd: Crowd) -> frozenset[str]:
    """Of a crowd those whose end does not wait to be told with that of others."""
    return crowd.keys - {held.notice.key for held in gathered.ends}


def _due_begin(gathered: Gathered, held: Held) -> float:
    if held.notice.key in gathered.kept_back:
        return float("inf")
    crowd = gathered.crowds.get(held.code)
    later = crowd is not None and not held.notice.once_more
    return max(held.at + MOMENT, crowd.told + TOLD_AGAIN if crowd is not None and later else 0.0)


def _due_end(gathered: Gathered, held: Held) -> float:
    """Those that are well again wait for the others, but not for long."""
    if held.notice.key in gathered.kept_back:
        return float("inf")
    crowd = _crowd_of(gathered, held.notice.key)
    if crowd is None:
        return held.at + MOMENT
    ended = {h.notice.key for h in gathered.ends} - gathered.kept_back
    return held.at + (MOMENT if crowd.keys <= ended else TOLD_AGAIN)


def _tell(
    gathered: Gathered, called: Mapping[str, str], now: Moment, *, hushed: bool
) -> tuple[Gathered, tuple[Effect, ...]]:
    gathered, begun = _tell_all_begins(gathered, called, now)
    done = list(begun)
    for code in dict.fromkeys(h.code for h in gathered.ends if _due_end(gathered, h) <= now.monotonic):
        gathered, more = _tell_ends(gathered, code, called, now.monotonic, hushed=hushed)
        done.extend(more)
    # Where a crowd is over, none waits to join it any more.
    gathered, begun = _tell_all_begins(gathered, called, now)
    return gathered, (*done, *begun)


def _tell_all_begins(gathered: Gathered, called: Mapping[str, str], now: Moment) -> tuple[Gathered, tuple[Effect, ...]]:
    done: list[Effect] = []
    for code in dict.fromkeys(h.code for h in gathered.begins if _due_begin(gathered, h) <= now.monotonic):
        gathered, more = _tell_begins(gathered, code, called, now.monotonic)
        done.extend(more)
    return gathered, tuple(done)


def _tell_begins(
    gathered: Gathered, code: str, called: Mapping[str, str], now: float
) -> tuple[Gathered, tuple[Effect, ...]]:
    held = [h for h in gathered.begins if h.code == code]
    told = [h.notice for h in held]
    gathered = replace(gathered, begins=tuple(h for h in gathered.begins if h.code != code))
    crowd = gathered.crowds.get(code)
    if crowd is None and len({_connection(n) for n in told}) < MANY:
        return gathered, tuple(Announce(notice) for notice in told)
    before = frozenset[str]() if crowd is None else crowd.keys
    crowd = Crowd(code, before | {n.key for n in told}, now if crowd is None else crowd.began, now)
    notice = of_many(crowd.key, told, names_of(_still_so(gathered, crowd), called), called)
    offers = (
        MenuEntry("Open Gatelight page", OpenPage()),
        MenuEntry("Snooze for 1 hour", Snooze(code, PROGRAM, SNOOZE_SECONDS)),
    )
    once_more = all(n.once_more for n in told)
    # It takes the place of those that were told alone.
    alone = tuple(Withdraw(h.notice.key) for h in held if h.known and h.notice.key not in before)
    return _with_crowd(gathered, crowd), (*alone, Announce(replace(notice, offers=offers, once_more=once_more)))


def _tell_ends(
    gathered: Gathered, code: str, called: Mapping[str, str], now: float, *, hushed: bool
) -> tuple[Gathered, tuple[Effect, ...]]:
    told = [h for h in gathered.ends if h.code == code and h.notice.key not in gathered.kept_back]
    gathered = replace(gathered, ends=tuple(h for h in gathered.ends if h not in told))
    done: list[Effect] = []
    unsaid = [h.notice for h in told if hushed or _connection(h.notice) not in called]
    for notice in unsaid:
        gathered, more = _without(gathered, notice.key)
        done += more
    crowd = gathered.crowds.get(code)
    notices = [h.notice for h in told if h.notice not in unsaid]
    names = names_of((n.key for n in notices), called)
    many = len({_connection(n) for n in notices}) >= MANY
    if crowd is not None and (many or any(n.key in crowd.keys for n in notices)):
        # Those that were told alone are told with those of the crowd: two notices of one key would replace each other.
        crowd = replace(crowd, keys=crowd.keys - {n.key for n in notices})
        gathered = _with_crowd(gathered, crowd)
        told_now = of_many(crowd.key, notices, names, called, over=True)
        # What has no room is left out from behind.
        left = names_of(_still_so(gathered, crowd), called)
        still = f" Still so: {first_of(left)}." if left else ""
        text = f"{told_now.text}{still} The first notice came {lasting(now - crowd.began)} ago."
        done += [Withdraw(crowd.key), Announce(replace(told_now, text=whole_sentences(text, TEXT_LIMIT)))]
    elif many:
        done.append(Announce(of_many(crowd_key(code), notices, names, called, over=True)))
    else:
        done += [Announce(notice) for notice in notices]
    return gathered, tuple(done)


def _connection(notice: Notice) -> str:
    return notice.key.rpartition("/")[0]


def names_of(keys: Iterable[str], called: Mapping[str, str]) -> list[str]:
    """What users read as the names of the connections of these notices, in the order of the connections."""
    meant = {key.rpartition("/")[0] for key in keys}
    return [label for name, label in called.items() if name in meant]


def first_of(names: Sequence[str], most: int = NAMED) -> str:
    """The first names, and how many more there are."""
    first = ", ".join(names[:most])
    return f"{first} and {len(names) - most} more" if len(names) > most else first


def of_many(
    key: str,
    told: Sequence[Notice],
    names: Sequence[str],
    called: Mapping[str, str],
    *,
    over: bool = False,
    named: int = NAMED,
    in_all: int = 0,
) -> Notice:
    """One notice in place of those of several connections; it says no more than is true of all of them.

    `named`: so many are named. `in_all`: so many connections it is about, where more than these were told of it.
    """
    number = max(in_all, len(names))
    about = f"{number} connections: " if number > 1 else ""
    title, alike = _shared((notice.title for notice in told), TITLE_LIMIT - len(about))
    unknown = [notice for notice in told if notice.no_news]
    if over and (unknown or not alike):
        head = f"{'No longer seen' if unknown else 'Over'}{f' at {number} connections' if about else ''}: "
        title = head + (_shared((n.ended for n in told), TITLE_LIMIT - len(head))[0] or "a problem")
    else:
        title = about + title
    bodies = {_without_name(notice.text, called.get(_connection(notice), "")) for notice in told}
    body = bodies.pop() if len(bodies) == 1 and alike else ""
    steps = {notice.steps for notice in told}
    more = f"; {number} in all" if number > len(names) else ""
    text = f"{first_of(names, named)}{more}." + (f" {body}" if body else "")
    if over and not alike:
        text += _true_now(told, unknown, called, named)
    return Notice(
        key,
        Severity.INFO if over else max((notice.severity for notice in told), key=lambda severity: severity.rank),
        shortened(title, TITLE_LIMIT),
        text if named > NAMED else whole_sentences(text, TEXT_LIMIT),
        over=over,
        no_news=bool(unknown),
        beside_desktop=over and all(notice.beside_desktop for notice in told),
        steps=steps.pop() if len(steps) == 1 and not over else (),
    )


def _shared(titles: Iterable[str], room: int) -> tuple[str, bool]:
    """The title of all of them, or of most and that the others are like it; and whether it is that of all."""
    counted = Counter(titles)
    title = counted.most_common(1)[0][0]
    if len(counted) == 1:
        return title, True
    return f"“{shortened(title, room - len('“” and the like'))}” and the like", False


def _true_now(told: Sequence[Notice], unknown: Sequence[Notice], called: Mapping[str, str], named: int) -> str:
    """Of ends that say different things: what is true now where these are few, and of which nothing more is known."""
    known: dict[str, set[str]] = {}
    for notice in told:
        if notice not in unknown:
            known.setdefault(notice.title, set()).add(_connection(notice))
    several = len({_connection(notice) for notice in told}) > 1
    said = ""
    if 0 < len(known) <= NAMED:
        said = f" {'; '.join(f'{title} ({len(those)})' if several else title for title, those in known.items())}."
    if known and unknown:
        said += f" Nothing more is known of {first_of(names_of((n.key for n in unknown), called), named)}."
    return said


def _without_name(text: str, name: str) -> str:
    """The text of one connection without its name in front; empty where the text says more of that one connection."""
    plain = text.removeprefix(f"{name}: ") if name else text
    return "" if name and name in plain else plain
