"""The last hour of each connection, minute by minute: the worst that was shown in it. Bounded, like the latencies.

Between two decisions that lie far apart the machine slept or the agent stood still. Nothing is known of that time, so
its minutes count as not watched, and never as well.
"""

from agent.core.shown.display import IconState
from agent.core.shown.status import Status
from agent.page.latency import MOST_LATENCIES

MINUTES = 60
LONGEST_GAP = 90.0
"""Seconds between two decisions for which what was shown before still counts as watched."""

BEFORE = "before"
"""Said of the minutes before the agent was started: an earlier one may have watched, and this one does not know."""

_NOT_WATCHED = 0
_CODES = {state: len(IconState) - state.rank for state in IconState}
"""A byte for each state: the worst one has the highest."""
_STATES = {_NOT_WATCHED: "", **{code: state.value for state, code in _CODES.items()}}


class LastHour:
    """What was shown of each connection in each of the last 60 minutes."""

    def __init__(self) -> None:
        self._rows: dict[str, bytearray] = {}
        self._shown: dict[str, int] = {}
        self._at: float | None = None
        self._began = 0
        """The minute of the first decision."""

    def take(self, status: Status, wall: float) -> bool:
        """Note what is shown from `wall` (epoch seconds) on, the time of a decision; returns whether a minute began."""
        passed = 0 if self._at is None else int(wall // 60) - int(self._at // 60)
        begun = self._at is None or passed != 0
        self._began = int(wall // 60) if self._at is None else min(self._began, int(wall // 60))
        held = self._at is not None and 0 <= wall - self._at <= LONGEST_GAP
        if passed < 0:
            # The clock was set back: the minutes of before have no place in this hour.
            self._rows.clear()
        now = {c.name: _CODES[c.overall] for c in status.connections[:MOST_LATENCIES]}
        for gone in self._rows.keys() - now.keys():
            del self._rows[gone]
        for name, code in now.items():
            row = self._rows.setdefault(name, bytearray(MINUTES))
            if passed > 0:
                between = self._shown.get(name, _NOT_WATCHED) if held else _NOT_WATCHED
                row.extend(bytes([between]) * min(passed, MINUTES))
                del row[:-MINUTES]
            row[-1] = max(row[-1], code)
        self._shown, self._at = now, wall
        return begun

    def of(self, name: str) -> tuple[float, tuple[tuple[str, int], ...]] | None:
        """When the hour began (epoch seconds), and its states, each with its minutes, oldest first.

        "": not watched; `BEFORE`: before the agent was started.
        """
        row = self._rows.get(name)
        if row is None or self._at is None:
            return None
        first = int(self._at // 60) - MINUTES + 1
        runs: list[tuple[str, int]] = []
        for minute, code in enumerate(row, first):
            state = BEFORE if minute < self._began else _STATES[code]
            if runs and runs[-1][0] == state:
                runs[-1] = (state, runs[-1][1] + 1)
            else:
                runs.append((state, 1))
        return first * 60.0, tuple(runs)
