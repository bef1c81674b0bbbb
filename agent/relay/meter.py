"""Counts what goes through one relay, connection by connection, and reports it."""

import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

from agent.core.relay_facts import SLOW_CALM, NearMark, RelayOrder
from agent.relay.counter import ConnectionCounter
from agent.relay.ledger import HistoryWindows, ProgramUsage, Refusal, history_in_doubt
from agent.relay.link import RelayedConnection
from agent.relay.report import refusals_as_json, relay_as_json
from agent.tws.limits import HISTORICAL_REQUESTS, messages_per_second

_REPORT_EVERY = 2.0
"""Seconds between two reports while anything counts, like requests of the last ten minutes."""
_NEWS_EVERY = 0.5
"""Seconds between two reports while what counts changes: other relays to the same TWS use the same limits."""
_ALIVE_EVERY = 30.0
"""Seconds between two reports otherwise: a relay that has told nothing for longer hangs."""
_CHECK_EVERY = 0.05
"""Seconds between two comparisons with the limits at least: while much comes they must not cost much."""
_REFUSALS_KEPT = 100
_SAID_KEPT = 20


class Meter:
    """The counters of one relay. Everything happens in the thread of the relay."""

    def __init__(
        self,
        name: str,
        target: str,
        lines: int,
        give: Callable[[dict[str, Any]], None],
        clock: Callable[[], float] = time.monotonic,
        beside: Callable[[str], int] | None = None,
    ) -> None:
        """`lines`: market data lines of the user. `give` gets each report. `clock` gives monotonic seconds.

        `beside` gives the lines that programs of other relays to the same target use; it may take its time.
        """
        self._beside = beside
        self._clock = clock
        self._name = name
        self._target = target
        self._lines = lines
        self._give = give
        self._windows = HistoryWindows()
        self._programs: dict[RelayedConnection, ProgramUsage] = {}
        self._lines_near, self._history_near = NearMark(SLOW_CALM), NearMark(SLOW_CALM)
        self._near: tuple[float | None, ...] = ()
        """Since when each of the limits was near, as it was told last."""
        self._refused: deque[tuple[ProgramUsage, Refusal]] = deque(maxlen=_REFUSALS_KEPT)
        """Refusals of programs that have left."""
        self._messages, self._refusals_by_limit = 0, Counter[str]()
        """All that programs which have left have sent, and what they were refused."""
        self._reported = self._checked = clock()
        self._changed = self._news = False
        self._learning: SimpleQueue[tuple[int, float]] | None = None
        """What is being learnt: lines, and when (epoch seconds)."""
        self._port = 0
        self._started = time.time()
        self._about: dict[str, Any] = {}
        self._said: deque[dict[str, Any]] = deque(maxlen=_SAID_KEPT)

    def open(self, port: int) -> None:
        """The relay listens there now."""
        self._port = port
        self.report()

    def begin_as(self, *, kept: bool, learnt: tuple[int, float] | None) -> None:
        """`kept`: the agent has started it. `learnt`: the allowance that an earlier relay has learnt, and when."""
        self._about["kept"] = kept
        if learnt is not None:
            self.learn(*learnt)

    @property
    def for_the_next(self) -> dict[str, Any]:
        """What the next relay of this name should know, as a report tells it; empty where nothing was learnt."""
        if "learnt" not in self._about:
            return {}
        return {name: told for name, told in self._about.items() if name in ("configured_lines", "learnt")}

    def describe(self, order: RelayOrder) -> None:
        """The relay does this from now on."""
        if self._about.get("configured_lines", order.lines) != order.lines:
            # What was learnt with another number is no longer known to be so.
            self._allow(order.lines)
        if order.target != self._target:
            self._about.pop("here", None)
        self._name, self._target = order.name, order.target
        self._about |= {"allow": order.allow, "configured_lines": order.lines, "draining": order.drain}
        self._reported = float("-inf")

    def reached(self, *, here: bool) -> None:
        """A connection to TWS stands, and has shown whether TWS is on this computer."""
        self._about["here"] = here

    def note_said(self, text: str) -> None:
        """The relay has told the user this."""
        self._said.append({"at": time.time(), "text": text})
        self._reported = float("-inf")

    def begin(self, link: RelayedConnection, peer: str) -> None:
        """Count a connection from now on; `peer` is the address and port of its program."""
        usage = ProgramUsage(self._clock(), peer)
        usage.allow(messages_per_second(self._lines))
        self._programs[link] = usage
        counter = ConnectionCounter(
            usage, self._windows, self._clock, link.unwatch, self._lines_refused, self._note_change
        )
        link.watch(counter)

    def end(self, link: RelayedConnection) -> None:
        """A connection has ended."""
        if (usage := self._programs.pop(link, None)) is not None:
            self._refused.extend((usage, one) for one in usage.refusals)
            self._messages += usage.messages
            self._refusals_by_limit += usage.refused
            self._note_change()
            if not self._programs:
                self.report()

    def tick(self, now: float) -> None:
        """Report where it is time for that, or where a limit has become near or is not any more."""
        if self._changed and now - self._checked >= _CHECK_EVERY and self._check(now):
            self.report()
            return
        if self._learning is not None and not self._learning.empty():
            self._learn_used(*self._learning.get())
            self._learning = None
            self._note_change()
        since = now - self._reported
        if self._news and since >= _NEWS_EVERY:
            self._check(now)
            self.report()
            return
        if since >= _REPORT_EVERY and (since >= _ALIVE_EVERY or self._counts(now)):
            self._check(now)
            self.report()

    def _counts(self, now: float) -> bool:
        """Whether anything counts: a program, a request of the last ten minutes, or a limit that was near just now."""
        return bool(self._programs or self._windows.used(now)) or any(since is not None for since in self._near)

    def report(self) -> None:
        """Report now."""
        self._reported, self._news = self._clock(), False
        about = {
            "name": self._name,
            "port": self._port,
            "to": self._target,
            "pid": os.getpid(),
            "started": self._started,
            "written": time.time(),
            "said": list(self._said),
            **self._about,
        }
        near = {"lines": self._lines_near, "history": self._history_near}
        told = relay_as_json(about, self._programs.values(), self._windows, self._lines, near, self._reported)
        held = self._programs.values()
        totals = {
            "messages": self._messages + sum(usage.messages for usage in held),
            "refused": sum((usage.refused for usage in held), self._refusals_by_limit),
        }
        self._give(told | totals | {"refusals": refusals_as_json(self._refusals(), self._reported)})

    def _refusals(self) -> Iterator[tuple[ProgramUsage, Refusal]]:
        yield from self._refused
        for usage in self._programs.values():
            yield from ((usage, one) for one in usage.refusals)

    def _check(self, now: float) -> bool:
        """Compare with the limits; returns whether one has become near, or is not any more."""
        self._checked, self._changed = now, False
        self._lines_near.take(now, sum(usage.uses_lines() for usage in self._programs.values()), self._lines)
        in_doubt = history_in_doubt(self._windows.used_by(now), now)
        self._history_near.take(now, self._windows.used(now) - sum(in_doubt.values()), HISTORICAL_REQUESTS)
        for usage in self._programs.values():
            usage.rate_near.take(now, usage.rate.within(now), usage.allowed)
        rates = (usage.rate_near.since for usage in self._programs.values())
        before, self._near = self._near, (self._lines_near.since, self._history_near.since, *rates)
        return self._near != before and any(since is not None for since in (*before, *self._near))

    def _note_change(self) -> None:
        self._changed = self._news = True

    def _lines_refused(self) -> None:
        """TWS has refused a line: as many as are open now, through every relay to it, are what programs can have."""
        used, at = sum(usage.uses_lines() for usage in self._programs.values()), time.time()
        if self._beside is None:
            self._learn_used(used, at)
        elif self._learning is None:
            self._learning = learning = SimpleQueue[tuple[int, float]]()
            beside, target = self._beside, self._target

            def look() -> None:
                others = 0
                # A disk that does not answer costs what others use.
                with suppress(OSError):
                    others = beside(target)
                learning.put((used + others, at))

            threading.Thread(target=look, name="beside", daemon=True).start()

    def _learn_used(self, lines: int, at: float) -> None:
        if lines:
            self.learn(lines, at)

    def learn(self, lines: int, at: float) -> None:
        """The user has so many lines, as it was found at that time (epoch seconds)."""
        self._allow(lines)
        self._about["learnt"] = {"lines": lines, "at": at}

    def _allow(self, lines: int) -> None:
        self._lines = lines
        self._about.pop("learnt", None)
        for usage in self._programs.values():
            usage.allow(messages_per_second(lines))
