"""A day of several programs behind a relay, by one clock: the relay's counts beside those of the simulated TWS.

The simulated TWS enforces the limits; the count is compared with its own at every report.
"""

import itertools
import random
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, cast

from agent.core.clock import Moment
from agent.core.evidence.relays_together import NearTogether, together
from agent.relay.link import Counter as ReadsAlong
from agent.relay.link import RelayedConnection
from agent.relay.meter import Meter
from agent.tws.codec import frame, split_frames
from agent.tws.limits import HISTORICAL_REQUESTS, NEAR, messages_per_second
from agent.tws.wire import ErrorMessage, parse_message
from tests.simulator.without_sockets import Connection, request, simulated

STEP = 1 / 64
"""Seconds that all times are multiples of, so that sums and differences of them are exact."""
GLANCE = 0.5
"""Seconds between two glances of the agent at reports."""
BETWEEN = 2.0
"""Seconds within which what is near has to be told."""
CONTRACTS: tuple[Mapping[str, Any], ...] = tuple(
    {"symbol": symbol, "sec_type": kind, "exchange": exchange, "currency": "USD"}
    for symbol, kind, exchange in (("AAPL", "STK", "SMART"), ("MSFT", "STK", "SMART"), ("EUR", "CASH", "IDEALPRO"))
)
LIMITS = ("lines", "history", "rate")
LIMIT_OF = {101: "lines", 162: "history", 100: "rate"}


class _Link:
    """What the meter sees of a connection."""

    counter: ReadsAlong | None = None

    def watch(self, counter: ReadsAlong) -> None:
        self.counter = counter

    def unwatch(self) -> None:
        raise AssertionError("the counting has ended")


class Program:
    """A program, the relay's counter beside it, and its session in the simulated TWS."""

    def __init__(self, day: "Day", client_id: int) -> None:
        self.day, self.heard, self.greeted = day, bytearray(), False
        self.link, self.sent_at = _Link(), deque[float]()
        self.open: list[int] = []
        self.next_id = 0
        self.meter = day.meter_of(client_id)
        self.meter.begin(cast("RelayedConnection", self.link), f"127.0.0.1:{40000 + client_id}")
        self.connection = Connection(day.simulator, self._hear)
        self.send(b"API\0" + frame(b"v100..%d" % day.version))
        self.ask(71, client_id=client_id)

    def send(self, data: bytes) -> None:
        """As the relay does: an answer is never read before what was asked has been counted."""
        assert self.link.counter is not None
        self.link.counter.sent(memoryview(data))
        self.connection.send(data)

    def _hear(self, data: bytes) -> None:
        assert self.link.counter is not None
        self.link.counter.received(memoryview(data))
        self.heard += data
        for payload in split_frames(self.heard):
            if not self.greeted:
                self.greeted = True
                continue
            message = parse_message(self.day.version, payload)
            if isinstance(message, ErrorMessage) and message.code in LIMIT_OF:
                self.day.refused(LIMIT_OF[message.code])

    def ask(self, number: int, **values: Any) -> None:
        self.sent_at.append(self.day.now)
        self.send(request(number, self.day.version, values))

    def do(self, chance: random.Random, what: str) -> None:
        """One thing that programs do."""
        self.next_id += 1
        contract = chance.choice(CONTRACTS)
        match what:
            case "stream":
                self.ask(1, request_id=self.next_id, contract=contract, generic_ticks="", snapshot=False)
                self.open.append(self.next_id)
            case "snapshot":
                self.ask(1, request_id=self.next_id, contract=contract, generic_ticks="", snapshot=True)
            case "cancel" if self.open:
                self.ask(2, request_id=self.open.pop(chance.randrange(len(self.open))))
            case "history":
                # The other two rules for history are kept: there no two seconds lie between.
                given = {"request_id": self.next_id, "contract": contract, "end": "", "bar_size": "5 secs"}
                given |= {"duration": f"{60 + len(self.day.simulator.limits.asked)} S", "date_format": 1}
                what = chance.choice(("TRADES", "MIDPOINT", "BID_ASK"))
                self.ask(20, **given, what=what, regular_hours=True, keep_up_to_date=False)
            case "rest":
                self.ask(59, type=1)

    def rate(self) -> int:
        while self.sent_at and self.day.now - self.sent_at[0] >= 1:
            self.sent_at.popleft()
        return len(self.sent_at)

    def close(self) -> None:
        self.connection.close()
        self.meter.end(cast("RelayedConnection", self.link))


@dataclass
class Day:
    """One whose programs go through one relay."""

    RELAYS: ClassVar[int] = 1

    version: int
    lines: int
    now: float = 10_000.0
    programs: list[Program] = field(default_factory=list)
    high: dict[str, float | None] = field(default_factory=lambda: dict.fromkeys(LIMITS))
    """Since when each count of the simulated TWS has been at 90 % or above."""
    seen: deque[tuple[float, dict[str, int]]] = field(default_factory=lambda: deque(maxlen=5000))
    """What was in use, by time."""
    told: dict[str, float] = field(default_factory=dict)
    """When each was last told as near."""
    refusals: Counter[str] = field(default_factory=Counter)
    report: dict[str, Any] = field(default_factory=dict)
    """The latest one of the relay."""
    announced: Counter[str] = field(default_factory=Counter)
    """Refusals before which there was time to tell."""

    async def begin(self) -> None:
        self.simulator = simulated(lambda: self.now, self.version)
        await self.simulator.apply("limits", str(self.lines))
        self.meters = [
            Meter(f"relay {n}", "127.0.0.1:4002", self.lines, partial(self._told_by, n), lambda: self.now)
            for n in range(self.RELAYS)
        ]
        for number, meter in enumerate(self.meters):
            meter.open(5002 + number)

    def meter_of(self, client_id: int) -> Meter:
        """The meter of the relay through which a program goes."""
        return self.meters[client_id % len(self.meters)]

    @property
    def meter(self) -> Meter:
        """That of the first relay."""
        return self.meters[0]

    def move(self, seconds: float) -> None:
        """Time passes; the relay looks up at least every second."""
        end = self.now + round(seconds / STEP) * STEP
        while self.now < end:
            self.now = min(end, self.now + 1)
            self.look()

    def look(self) -> None:
        """Note what is near by the simulated TWS; then the relay may report."""
        used = self.used()
        for limit, of in self.allowed().items():
            if used[limit] < NEAR * of:
                self.high[limit] = None
            elif self.high[limit] is None:
                self.high[limit] = self.now
        self.seen.append((self.now, used))
        for meter in self.meters:
            meter.tick(self.now)

    def used(self) -> dict[str, int]:
        return {
            "lines": self.simulator.limits.lines(),
            "history": self.simulator.limits.history(self.now),
            "rate": max((one.rate() for one in self.programs), default=0),
        }

    def allowed(self) -> dict[str, int]:
        return {"lines": self.lines, "history": HISTORICAL_REQUESTS, "rate": messages_per_second(self.lines)}

    def refused(self, limit: str) -> None:
        since = self.high[limit]
        if since is not None and self.now - since >= BETWEEN:
            assert self.told.get(limit, -1.0) >= since, f"{limit} had not been told"
            self.announced[limit] += limit not in self.refusals
        self.refusals[limit] += 1

    def tick(self) -> None:
        """Data comes of everything that is open."""
        for program in self.programs:
            for request_id in tuple(program.connection.session.market_data):
                program.connection.session.send_ticks(request_id)

    def _told_by(self, _: int, report: dict[str, Any]) -> None:
        if not self.programs:
            return
        self.report = report
        lines, ten = report["lines"], report["history"]["ten_minutes"]
        rates = [one["messages_per_s"] for one in report["programs"]]
        sessions = [one.connection.session for one in self.programs]
        assert [one["messages"] for one in report["programs"]] == [one.received.total() for one in sessions]
        for one, session in zip(report["programs"], sessions, strict=True):
            assert one["lines"] <= len(session.market_data) <= one["lines"] + one["lines_in_doubt"]
        assert lines["of"] == self.lines
        assert lines["used"] <= self.simulator.limits.lines() <= lines["used"] + lines["in_doubt"]
        assert ten["used"] <= self.simulator.limits.history(self.now) <= ten["used"] + ten["in_doubt"]
        assert [one["of"] for one in rates] == [messages_per_second(self.lines)] * len(rates)
        marks = {"lines": [lines], "history": [ten], "rate": rates}
        for limit, found in marks.items():
            near = [one["near"] for one in found if "near" in one]
            if near:
                self.told[limit] = self.now
            # What goes on was looked at when it began.
            for one in (one for one in near if one["since_s"] < 1):
                since = self.now - one["since_s"]
                assert self.highest(limit, since) >= NEAR * self.allowed()[limit], f"{limit} was told without cause"

    def highest(self, limit: str, at: float, around: float = 0.2) -> int:
        """The most that was in use around a time, by the simulated TWS."""
        found = itertools.takewhile(lambda one: one[0] >= at - around, reversed(self.seen))
        return max((used[limit] for time, used in found if time <= at + around), default=0)


class DayOfTwo(Day):
    """One whose programs go through two relays by turns. The agent glances at their reports, and adds them up."""

    RELAYS = 2

    async def begin(self) -> None:
        self.near, self.latest = NearTogether(), dict[int, dict[str, Any]]()
        self.glanced = self.worked = self.now
        await super().begin()

    def move(self, seconds: float) -> None:
        """Time passes: a relay that has nothing to do looks up every second, the agent twice as often."""
        end = self.now + round(seconds / STEP) * STEP
        while self.now < end:
            self.now = min(end, self.now + GLANCE)
            if self.now - self.worked >= 1.0:
                self.look()
            self._glance()

    def look(self) -> None:
        super().look()
        self.worked = self.now
        self._glance()

    def _told_by(self, number: int, report: dict[str, Any]) -> None:
        self.latest[number] = report | {"written": self.now}

    def _glance(self) -> None:
        if self.now - self.glanced < GLANCE or len(self.latest) < 2:
            return
        self.glanced = self.now
        self.report = told = together([self.latest[number] for number in sorted(self.latest)])
        self.near.judge([told], Moment(self.now, self.now))
        marks = {"lines": [told["lines"]], "history": [told["history"]["ten_minutes"]]}
        for limit, (found,) in marks.items():
            if "near" in found:
                self.told[limit] = self.now
                if found["near"]["since_s"] <= 0:
                    # It has begun now, by what was reported within the last second.
                    highest = self.highest(limit, self.now, 1.0)
                    assert highest >= NEAR * self.allowed()[limit], f"{limit} was told without cause"
        if any("near" in one["messages_per_s"] for one in told["programs"]):
            self.told["rate"] = self.now
