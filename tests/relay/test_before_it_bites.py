"""Random days of several programs, by one clock: what is near is told before TWS refuses, and never without cause.

The relay's count is compared with that of the simulated TWS, which enforces the limits, at every report.
"""

import itertools
import random
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from agent.relay.link import Counter as ReadsAlong
from agent.relay.link import RelayedConnection
from agent.relay.meter import Meter
from agent.tws.codec import frame, split_frames
from agent.tws.limits import HISTORICAL_REQUESTS, NEAR, messages_per_second
from agent.tws.wire import ErrorMessage, parse_message
from tests.attacks.scale import whole
from tests.simulator.without_sockets import Connection, request, simulated

SCRIPTS = 1000 if whole() else 100
SPELLS = 7
STEP = 1 / 64
"""Seconds that all times are multiples of, so that sums and differences of them are exact."""
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


class _Program:
    """A program, the relay's counter beside it, and its session in the simulated TWS."""

    def __init__(self, day: "_Day", client_id: int) -> None:
        self.day, self.heard, self.greeted = day, bytearray(), False
        self.link, self.sent_at = _Link(), deque[float]()
        self.open: list[int] = []
        self.next_id = 0
        day.meter.begin(cast("RelayedConnection", self.link), f"127.0.0.1:{40000 + client_id}")
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
        self.day.meter.end(cast("RelayedConnection", self.link))


@dataclass
class _Day:
    version: int
    lines: int
    now: float = 10_000.0
    programs: list[_Program] = field(default_factory=list)
    high: dict[str, float | None] = field(default_factory=lambda: dict.fromkeys(LIMITS))
    """Since when each count of the simulated TWS has been at 90 % or above."""
    seen: deque[tuple[float, dict[str, int]]] = field(default_factory=lambda: deque(maxlen=5000))
    """What was in use, by time."""
    told: dict[str, float] = field(default_factory=dict)
    """When each was last told as near."""
    refusals: Counter[str] = field(default_factory=Counter)
    announced: Counter[str] = field(default_factory=Counter)
    """Refusals before which there was time to tell."""

    async def begin(self) -> None:
        self.simulator = simulated(lambda: self.now, self.version)
        await self.simulator.apply("limits", str(self.lines))
        self.meter = Meter("test", "TWS", self.lines, self._report, lambda: self.now)
        self.meter.open(5002)

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
        self.meter.tick(self.now)

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

    def _report(self, report: dict[str, Any]) -> None:
        if not self.programs:
            return
        lines, ten = report["lines"], report["history"]["ten_minutes"]
        rates = [one["messages_per_s"] for one in report["programs"]]
        sessions = [one.connection.session for one in self.programs]
        assert [one["messages"] for one in report["programs"]] == [one.received.total() for one in sessions]
        assert [one["lines"] for one in report["programs"]] == [len(one.market_data) for one in sessions]
        assert (lines["used"], lines["of"]) == (self.simulator.limits.lines(), self.lines)
        assert ten["used"] == self.simulator.limits.history(self.now)
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

    def highest(self, limit: str, at: float) -> int:
        """The most that was in use around a time, by the simulated TWS."""
        around = itertools.takewhile(lambda one: one[0] >= at - 0.2, reversed(self.seen))
        return max((used[limit] for time, used in around if time <= at + 0.2), default=0)


Habit = Mapping[str, int]
BRISK = tuple(2 * STEP if n * 17 % 47 < 17 else STEP for n in range(47))
"""Pauses of 47 messages a second, evenly."""
CALM: Habit = {"stream": 2, "snapshot": 2, "cancel": 2, "history": 1, "rest": 2}
HABITS: tuple[tuple[Habit, tuple[float, ...], int], ...] = (
    (CALM, (0.5, 1, 9), 30),
    ({"stream": 9, "cancel": 2, "snapshot": 2}, (0.25, 1, 3), 40),
    ({"stream": 9, "cancel": 1}, (*[STEP] * 40, 4), 82),
    ({"history": 9, "rest": 1}, (1, 3, 9), 60),
    ({"rest": 1}, (*BRISK * 4, *[STEP] * 60), 250),
    ({"rest": 1}, (STEP, 2 * STEP, 2 * STEP), 60),
)
"""What a program does how often, its pauses in turn, in seconds, and how much it does so."""


def _play(day: _Day, chance: random.Random) -> None:
    """A day: each program with a habit, of which it has spells, and reconnects."""
    number, habits = 0, HABITS if chance.random() < 0.8 else HABITS[:1]
    for _ in range(SPELLS):
        if len(day.programs) < 5 and chance.random() < 0.6:
            number += 1
            day.programs.append(_Program(day, number))
        elif day.programs and chance.random() < 0.15:
            day.programs.pop(chance.randrange(len(day.programs))).close()
        habit, pauses, times = chance.choice(habits)
        if not day.programs:
            continue
        program = chance.choice(day.programs)
        for turn, what in enumerate(chance.choices(tuple(habit), tuple(habit.values()), k=times)):
            if not program.connection.open:
                # After three violations TWS has ended it.
                day.programs.remove(program)
                program.close()
                break
            program.do(chance, what)
            day.look()
            day.move(pauses[turn % len(pauses)])


@pytest.mark.timeout(3600 if whole() else 300)
async def test_every_limit_is_told_before_tws_refuses_and_none_without_cause() -> None:
    refusals, announced, calm = Counter[str](), Counter[str](), 0
    for seed in range(SCRIPTS):
        chance = random.Random(seed)
        day = _Day(chance.choice((178, 205, 226)), chance.choice((20, 40, 100)))
        await day.begin()
        _play(day, chance)
        while day.programs:
            day.programs.pop().close()
        # Of each limit the first one counts.
        announced += +day.announced
        calm += not day.told
        refusals += Counter(day.refusals.keys())

    # The scripts are worth something: each limit was hit, often with time to tell, and some days were calm.
    assert all(refusals[limit] >= announced[limit] > SCRIPTS / 20 for limit in LIMITS)
    assert calm > SCRIPTS / 20


@pytest.mark.parametrize("limit", LIMITS)
async def test_a_refusal_that_was_not_told_would_be_found(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Meter, "tick", lambda *_: None)
    day = _Day(178, 100)
    await day.begin()
    day.programs.append(program := _Program(day, 1))
    chance = random.Random(1)
    what, pauses = {
        "lines": ("stream", (1.0,)),
        "history": ("history", (5.0,)),
        "rate": ("rest", BRISK),
    }[limit]

    def go_on() -> None:
        for number in range(400):
            program.do(chance, what)
            day.look()
            day.move(pauses[number % len(pauses)] if number < 300 else 0)

    with pytest.raises(AssertionError, match=f"{limit} had not been told"):
        go_on()
