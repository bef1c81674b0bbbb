"""Many connections in groups, for menu, page and command line alike: by what their names have in common, else by host.

Nothing is configured for it: who has twenty IB Gateways has names such as `lon-01`, `lon-02` and `nyc-01` for them, or
they are on several computers.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.core.shown.display import IconState
from agent.tws.hosts import is_local

READ_AT_ONCE = 20
"""Connections up to which a list is read without groups."""
MOST_GROUPS = 12
"""More groups are no help."""
MOST_LISTED_ILL = 5
"""Connections of a group that are not well, up to which each is listed though the group is folded."""
UNGROUPED = "Others"
HERE = "This computer"

_LAST_PART = re.compile(r"[\W_]*(?:\d+|[^\W\d_]+)[\W_]*\Z")
"""A number or a word at the end of a name, with what parts it from the rest."""
_COUNTED = {
    IconState.PROBLEM: "with a problem",
    IconState.WARNING: "with a warning",
    IconState.UNKNOWN: "not known",
    IconState.CONNECTING: "connecting",
    IconState.WAITING: "waiting",
    IconState.MAINTENANCE: "in an expected outage",
    IconState.PAUSED: "paused or not watched",
    IconState.CONNECTED: "connected",
}
_ILL = {IconState.PROBLEM: "a problem", IconState.WARNING: "a warning"}


@dataclass(frozen=True, slots=True)
class Grouped:
    """A connection, as far as groups go by it."""

    name: str
    host: str
    state: IconState
    headline: str = ""
    """How it is, in a few words."""


@dataclass(frozen=True, slots=True)
class ConnectionGroup:
    """Some connections that are shown together."""

    name: str
    members: tuple[int, ...]
    """Their places in the list of connections, the worst first."""
    state: IconState
    """The worst of them."""
    words: str
    """How many are in which state, like "2 with a problem, 18 connected", and of a crowd how most of it is."""
    crowd: tuple[int, ...] = ()
    """Those that are not connected, where they are too many to be listed while the group is folded."""


def groups_of(connections: Sequence[Grouped]) -> tuple[ConnectionGroup, ...]:
    """The groups of these connections, the worst first; none where they are few, or nothing parts them."""
    if len(connections) <= READ_AT_ONCE:
        return ()
    stems = [one.name for one in connections]
    for _ in range(3):
        stems = [_shorter(stem) for stem in stems]
        if found := _parted(stems):
            break
    else:
        found = _parted([HERE if is_local(one.host) else one.host for one in connections])
    groups = [_group(name, places, connections) for name, places in found.items()]
    # The rest stands last among those that are as bad.
    return tuple(sorted(groups, key=lambda group: (group.state.rank, group.name == UNGROUPED)))


def ill_words(states: Iterable[IconState]) -> str:
    """What connections have that are not well, where some of them have a problem or a warning."""
    kinds = set(states)
    said = [words for state, words in _ILL.items() if state in kinds]
    return " or ".join(said)


def _shorter(name: str) -> str:
    """The name without its last part; one of a single part stays."""
    return _LAST_PART.sub("", name) or name


def _parted(keys: Sequence[str]) -> dict[str, list[int]]:
    """Places by key, those that are alone as the rest; empty where that helps no one to find a connection."""
    count = Counter(keys)
    found: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        found.setdefault(key if count[key] > 1 else UNGROUPED, []).append(place)
    helps = 2 <= len(found) <= MOST_GROUPS and len(found.get(UNGROUPED, ())) <= len(keys) / 2
    return found if helps else {}


def _group(name: str, places: Iterable[int], connections: Sequence[Grouped]) -> ConnectionGroup:
    members = tuple(sorted(places, key=lambda place: connections[place].state.rank))
    count = Counter(connections[place].state for place in members)
    said = [f"{count[state]} {_COUNTED[state]}" for state in IconState if count[state]]
    words = ", ".join(said) if len(said) > 1 else f"all {said[0]}"
    ill = tuple(place for place in members if connections[place].state is not IconState.CONNECTED)
    crowd = ill if len(ill) > MOST_LISTED_ILL else ()
    for headline, times in Counter(connections[place].headline for place in crowd).most_common(1):
        words += f"; {headline} ({times})" if headline else ""
    return ConnectionGroup(name, members, connections[members[0]].state, words, crowd)
