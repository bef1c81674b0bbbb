"""All connections in one line, for the page's header: what is worst, how many are so, and which. Pure."""

from collections.abc import Sequence

from agent.core.shown.display import IconState
from agent.core.shown.groups import ill_words
from agent.core.shown.menu import headline
from agent.core.shown.status import ShownConnection, Status
from agent.core.text import shortened

_NAME_ROOM = 24
"""Characters of a connection’s name in the line."""
_MOST_NAMES = 3
_KINDS = {
    IconState.UNKNOWN: ("is not known", "are not known"),
    IconState.CONNECTING: ("is connecting", "are connecting"),
    IconState.WAITING: ("waits for TWS or IB Gateway", "wait for TWS or IB Gateway"),
    IconState.MAINTENANCE: ("is in an expected outage", "are in an expected outage"),
    IconState.PAUSED: ("is not watched", "are not watched"),
    IconState.CONNECTED: ("is connected", "are connected"),
}
"""What is said of one connection in a state, and of several; `ill_words` tells of the others."""


def summary(status: Status) -> str:
    """One connection: its headline. Several: "2 of 5 have a problem: VPS, Home server"."""
    every = status.connections
    own = next((p for _, p in status.of_program if p.state is status.overall), None)
    if own is not None and all(c.overall is not status.overall for c in every):
        return f"Gatelight: {own.title}"
    if all(c.overall is IconState.WAITING for c in every):
        return "nothing is connected yet"
    if len(every) == 1:
        return headline(every[0])
    worst = min((c.overall for c in every), key=lambda state: state.rank)
    # Beside a problem, a warning counts too: the table, the tab and a terminal count both.
    kinds = (worst, IconState.WARNING) if worst is IconState.PROBLEM else (worst,)
    so = [c for kind in kinds for c in every if c.overall is kind]
    if worst is IconState.PAUSED:
        # A connection whose notices are paused is watched all the same.
        so = [c for c in so if not c.wanted]
        if not so:
            return f"{_all(every)} are connected, notices paused"
    if ill := ill_words(c.overall for c in so):
        said = f"{'have' if len(so) > 1 else 'has'} {ill}"
    else:
        said = _KINDS[worst][len(so) > 1]
    if len(so) == len(every):
        return f"{_all(every)} {said}"
    return f"{len(so)} of {len(every)} {said}: {_names(so)}"


def _all(every: Sequence[ShownConnection]) -> str:
    return "both" if len(every) == 2 else f"all {len(every)}"


def _names(connections: Sequence[ShownConnection]) -> str:
    shown = [shortened(c.name, _NAME_ROOM) for c in connections]
    if len(shown) <= _MOST_NAMES:
        return ", ".join(shown)
    return f"{', '.join(shown[:_MOST_NAMES])} and {len(shown) - _MOST_NAMES} more"
