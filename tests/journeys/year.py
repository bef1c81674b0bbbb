"""A year in the life of the agent: IB's resets, daily restarts, weekly log-ins, outages, and programs' timetables.

The timetable is made up before the year begins, and everything real in it is noted, so that what was told can be
compared with what was so. Between two changes nothing is looked at: a quiet hour of the agent is like any other.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.core.effects import AskSettings, Effect, Happened, ShowStatus
from agent.core.events import HeartbeatAnswered, Looked, SettingsAnswered
from agent.core.facts import ApiClient, MachineFacts, SettingsHints, Unknown
from agent.core.problem import Severity
from agent.core.settings import ConnectionSettings, WantedApplication
from agent.core.shown.status import Status
from agent.core.state_machine.state import facts_about
from agent.core.timing import Timing
from agent.history.recorder import Recorder
from agent.history.spans import Mark
from agent.history.store import Store
from agent.tws.calendar import OutageKind
from agent.tws.reset_windows import Region, reset_windows
from tests.journeys.day import App, Day
from tests.time_zones import zone_of

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
NEW_YORK = ZoneInfo("America/New_York")
OWN_ZONE = {
    Region.AMERICA: NEW_YORK,
    Region.EUROPE: ZoneInfo("Europe/Zurich"),
    Region.ASIA: ZoneInfo("Australia/Sydney"),
}
"""Where the user of each region lives: three daylight-saving changes, one of them on the southern half."""
RESET = {
    Region.AMERICA: (NEW_YORK, time(0, 15), 90),
    Region.EUROPE: (ZoneInfo("Europe/Zurich"), time(6, 25), 80),
    Region.ASIA: (ZoneInfo("Asia/Hong_Kong"), time(20, 15), 60),
}
"""When IB resets the servers of a region (its system status page): zone, begin, minutes."""
RESTART_AT = 12 * 60 + 10
"""The application's own restart, minutes after local midnight; a time at which no region's servers are reset."""
LOOKS = (1.0, 12.0, 75.0, 140.0, 400.0)
"""Seconds after a change at which the agent looks; it would every five seconds."""
LOG_IN = "log-in"
"""The kind of what is real where the application waits for the weekly log-in."""
TOLD_LATE = 120.0
"""Seconds after its end in which an outage may still be spoken of."""
PROGRAMS = 20
LIVE_ACCOUNT = "U1234567"


@dataclass(frozen=True)
class Real:
    """Something that really was wrong, or that the user has to do."""

    began: float
    ended: float
    """Epoch seconds."""
    kind: str


@dataclass(frozen=True)
class Program:
    """A program with a timetable, in the user's own time."""

    name: str
    pid: int
    begins: int
    ends: int
    """Hours of the day."""
    weekdays: bool

    def runs(self, at: datetime) -> bool:
        """Whether it wants to be connected at a local time."""
        return self.begins <= at.hour < self.ends and not (self.weekdays and at.weekday() >= 5)


class Year(Day):
    """One Gateway of one region, a live account, and the agent beside it."""

    def __init__(self, region: Region, begins: date, days: int, outages: int, seed: int, history: Store) -> None:
        """`days` of the year from local midnight of `begins`, with so many outages; all else follows from `seed`."""
        self.region, self.zone, self.draw = region, OWN_ZONE[region], random.Random(seed)
        self._clock = zone_of(self.zone.key)
        self.real: list[Real] = []
        self._changes: list[tuple[float, int, Callable[[], None]]] = []
        self._begins, self._days = begins, days
        start = self._local(begins, time(0))
        self.ends_at = self._local(begins + timedelta(days=days), time(0))
        self.back_at = 0.0
        """Epoch seconds at which the API port opened last."""
        self.plan = tuple(
            Program(f"bot-{n}", 9000 + n, *self.draw.choice(((9, 16), (0, 24), (6, 20), (22, 24))), n % 3 > 0)
            for n in range(PROGRAMS)
        )
        self.foretold: set[float] = set()
        """Epoch seconds of the restarts that were told to be next."""
        self._history, self._recorder, self._marks = history, Recorder("0", start), list[Mark]()
        history.begin()
        self._scheduled()
        self._outages(outages)
        self._timetable()
        connection = ConnectionSettings(name="Gateway", application=WantedApplication.GATEWAY, port=4002)
        quiet = Timing(look_every=2 * HOUR, heartbeat_every=10 * MINUTE)
        super().__init__(connection, wall=start, timing=quiet)
        self._open_app()

    # ── what is planned ─────────────────────────────────────────────────────────────────────────

    def _local(self, day: date, at: time, zone: ZoneInfo | None = None) -> float:
        return datetime.combine(day, at, zone or self.zone).timestamp()

    def _at(self, wall: float, change: Callable[[], None]) -> None:
        """A change, and the looks after it."""
        for after, step in ((0.0, change), *((after, self._look) for after in LOOKS)):
            self._changes.append((wall + after, len(self._changes), step))

    def _all_days(self) -> Iterator[date]:
        return (self._begins + timedelta(days=n) for n in range(self._days))

    def _scheduled(self) -> None:
        """What is planned by IB and by the application: none of it is trouble."""
        zone, begins, minutes = RESET[self.region]
        for day in self._all_days():
            at = self._local(day, begins, zone) + self.draw.uniform(0, minutes - 6) * MINUTE
            self._link_lost(at, at + self.draw.uniform(10, 5 * MINUTE))
            restart = self._restart_of(day) + self.draw.uniform(0, 20)
            if any(restart - DAY < due <= restart for due in self._log_ins()):
                # The first one after IB’s weekly log-in stops at the log-in screen until the user comes.
                ended = restart + self.draw.uniform(20, 60) * MINUTE
                self._restart(restart, ended - restart)
                self.real.append(Real(restart, ended, LOG_IN))
            else:
                self._restart(restart, self.draw.uniform(90, 150))
            if day.weekday() == 4:
                maintenance = self._local(day, time(23), NEW_YORK) + self.draw.uniform(0, 3) * HOUR
                self._link_lost(maintenance, maintenance + self.draw.uniform(5, 40) * MINUTE)
        for due in self._log_ins(by_hand=True):
            # The user restarts it before the log-in screen would surprise it, and logs in at once.
            by_hand = due + self.draw.uniform(3, 4) * HOUR
            self._at(by_hand, self._stop_app)
            self._at(by_hand + 5, self._begin_app)
            self._at(by_hand + 40, self._open_port)

    def _restart_of(self, day: date) -> float:
        return self._local(day, time(*divmod(RESTART_AT, 60)))

    def _log_ins(self, *, by_hand: bool = False) -> tuple[float, ...]:
        """When IB ended the log-in: the user sees to it by hand every other week, and is away in the weeks between."""
        weeks = (day for day in self._all_days() if day.weekday() == 6)
        return tuple(self._local(day, time(1), NEW_YORK) for day in weeks if (day.toordinal() // 7 % 2 == 0) is by_hand)

    def _restart(self, at: float, takes: float) -> None:
        self._at(at, self._stop_app)
        self._at(at + 20, lambda: self._begin_app(restarted=True))
        self._at(at + takes, self._open_port)

    def _link_lost(self, began: float, ended: float) -> None:
        self._at(began, lambda: self._link(up=False))
        self._at(ended, lambda: self._link(up=True))

    def _busy(self) -> list[tuple[float, float]]:
        """Times, in order, at which something planned is under way or near: an outage then could not be told apart."""
        found = []
        windows = [w for w in reset_windows() if w.region is self.region]
        for day in (self._begins + timedelta(days=n) for n in range(-1, self._days + 1)):
            resets = [self._local(day, w.begins, ZoneInfo(w.zone)) for w in windows]
            # The longest window has an hour and a half.
            found += [(reset - HOUR, reset + 2.5 * HOUR) for reset in resets]
            restart = self._restart_of(day)
            found.append((restart - HOUR, restart + 2 * HOUR))
            if day.weekday() == 4:
                maintenance = self._local(day, time(23), NEW_YORK)
                found.append((maintenance - HOUR, maintenance + 6 * HOUR))
        found += [(due + 2 * HOUR, due + 5 * HOUR) for due in self._log_ins(by_hand=True)]
        return found

    def _outages(self, wanted: int) -> None:
        """So many outages, each by itself."""
        kinds = (self._crash, self._server, self._farm, self._port_closed, self._frozen)
        taken = self._busy()
        first, last = self._local(self._begins, time(3)), self.ends_at - 6 * HOUR
        wanted += len(self.real)
        while len(self.real) < wanted:
            began = self.draw.uniform(first, last)
            ended = began + self.draw.uniform(20, 90) * MINUTE
            if any(began - 30 * MINUTE < e and b < ended + 30 * MINUTE for b, e in taken):
                continue
            taken.append((began, ended))
            kind = self.draw.choice(kinds)
            kind(began, ended)
            self.real.append(Real(began, ended, kind.__name__.strip("_")))

    def _crash(self, began: float, ended: float) -> None:
        self._at(began, self._stop_app)
        self._at(ended - 40, self._begin_app)
        self._at(ended, self._open_port)

    def _server(self, began: float, ended: float) -> None:
        self._link_lost(began, ended)

    def _farm(self, began: float, ended: float) -> None:
        self._at(began, lambda: self._quotes(there=False))
        self._at(ended, lambda: self._quotes(there=True))

    def _port_closed(self, began: float, ended: float) -> None:
        self._at(began, self._close_port)
        self._at(ended, self._open_port)

    def _frozen(self, began: float, ended: float) -> None:
        self._at(began, lambda: self._answers(None))
        self._at(ended, lambda: self._answers(0.001))

    def _timetable(self) -> None:
        """The programs come and go on the hour, a little late."""
        for day in self._all_days():
            for hour in sorted({p.begins for p in self.plan} | {p.ends % 24 for p in self.plan}):
                looked = self._local(day, time(hour)) + self.draw.uniform(5, 50)
                self._changes.append((looked, len(self._changes), self._look))

    # ── what happens ────────────────────────────────────────────────────────────────────────────

    @property
    def app(self) -> App | None:
        return self.apps[0] if self.apps else None

    def _stop_app(self) -> None:
        self.stop(self.apps[0])

    def _begin_app(self, *, restarted: bool = False) -> None:
        self._hinted(self.start(port=None, linked=False, age=0.0, restarted=restarted))

    def _open_app(self) -> None:
        self._hinted(self.start())

    def _hinted(self, app: App) -> None:
        app.account = LIVE_ACCOUNT
        app.hints = SettingsHints(region=self.region, auto_restart_time=RESTART_AT)

    def _open_port(self) -> None:
        app = self.apps[0]
        app.port, app.link_since = 4002, app.link_since or self.now.monotonic
        self.back_at = self.now.wall

    def _close_port(self) -> None:
        self.apps[0].port = None
        self.drop()

    def _link(self, *, up: bool) -> None:
        if self.app is not None:
            self.app.link_up = up
            self.notice(*((1102, "restored - data maintained") if up else (1100, "Connectivity has been lost.")))

    def _quotes(self, *, there: bool) -> None:
        self.apps[0].quotes = there
        code, words = (2104, "OK") if there else (2103, "broken")
        self.notice(code, f"Market data farm connection is {words}:usfarm")

    def _answers(self, after: float | None) -> None:
        self.apps[0].answers_after = after
        if after is not None:
            # What was asked meanwhile is answered now.
            for number in self.open:
                self.later(after, HeartbeatAnswered(number, int(self.now.wall)))

    def _seen(self) -> MachineFacts:
        here = datetime.fromtimestamp(self.now.wall, self.zone)
        app = self.app
        there = app is not None and app.port is not None and app.answers_after is not None
        self.programs = tuple(
            ApiClient(4002, p.pid, p.name, since=self.back_at)
            for p in self.plan
            if there and p.runs(here) and self.now.wall - self.back_at > p.pid % 7 * 20
        )
        return replace(super()._seen(), utc_offset=self._clock.utc_offset, clock_changes=self._clock.changes)

    def year(self) -> "Year":
        """All of it."""
        for wall, _, change in sorted(self._changes, key=lambda one: one[:2]):
            self.run(max(0.0, wall - self.now.wall))
            change()
        self.run(self.ends_at - self.now.wall)
        return self

    def _look(self) -> None:
        self.tell(Looked(self._seen()))

    def _perform(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, ShowStatus):
                self._kept(effect.status)
            elif isinstance(effect, AskSettings):
                # Too old to tell its settings.
                self.later(0.01, SettingsAnswered(effect.number, Unknown("server version 178"), 178))
            elif isinstance(effect, Happened):
                self._marks.append(Mark(self.now.wall, effect))
        super()._perform(effects)
        coming = facts_about(self.state, self.state.watched[0], self.now).expected.next_outage
        if coming is not None and coming.kind is OutageKind.RESTART:
            self.foretold.add(coming.began)
        # Only the newest is read here.
        del self.statuses[:-1]

    def _kept(self, status: Status) -> None:
        marks, self._marks = self._marks, []
        found = self._recorder.take(status, self.now.wall, marks)
        if found is not None:
            self._history.write([found])

    # ── what came of it ─────────────────────────────────────────────────────────────────────────

    def told(self) -> list[tuple[float, str]]:
        """Announcements of trouble: epoch seconds and code."""
        return [
            (self.now.wall_of(at), n.key.split("/", 1)[1])
            for at, n in self.notices
            if not n.over and n.severity is not Severity.INFO
        ]

    def false_alarms(self) -> list[tuple[str, str]]:
        """What was told while nothing was wrong: local time and code."""
        return [
            (datetime.fromtimestamp(at, self.zone).isoformat(" ", "minutes"), code)
            for at, code in self.told()
            if not any(one.began <= at <= one.ended + TOLD_LATE for one in self.real)
        ]

    def not_at_its_time(self) -> list[str]:
        """Restarts that were told for another time than the clock’s, by that clock."""
        there = (datetime.fromtimestamp(at, self.zone) for at in self.foretold)
        return [at.isoformat(" ", "minutes") for at in there if at.time() != time(*divmod(RESTART_AT, 60))]

    def missed(self) -> list[tuple[str, str]]:
        """What was wrong and not told: local time and kind."""
        return [
            (datetime.fromtimestamp(one.began, self.zone).isoformat(" ", "minutes"), one.kind)
            for one in self.real
            if not any(one.began <= at <= one.ended for at, _ in self.told())
        ]
