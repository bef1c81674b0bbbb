"""The programs on a port, look by look, over weeks: who is cut off, who is missed, and who is not."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agent.core.clock import Moment
from agent.core.facts import ApiClient, Facts, Unknown
from agent.core.memory import PortKept
from agent.core.session_facts import Phase, ServerLink, SessionFacts
from agent.core.state_machine.port_programs import (
    MOST_PROGRAMS,
    Tally,
    follow_programs,
    with_ignored,
    without_moved,
)
from agent.core.state_machine.timetable import DAYS_KEPT
from tests.problems.scene import connected, facts, gateway, machine

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
STEP = 300.0
HOUR = 3600.0

Timetable = Callable[[datetime], bool]


class Port:
    """An application with a port, the programs on it, and what is kept of them."""

    def __init__(self, programs: Mapping[str, Timetable] | None = None) -> None:
        self.wall = MONDAY.timestamp()
        self.monotonic = 1000.0
        self.offset = 0.0
        self.programs = dict(programs or {})
        self.broken: set[str] = set()
        self.pid, self.started = 3117, self.wall - 60.0
        self.up = True
        self.port = 4002
        self.since = self.monotonic
        self.link = ServerLink.UP
        self.there: dict[str, float] = {}
        self.kept, self.tally = PortKept("Paper Gateway"), Tally()
        self.missed: list[tuple[datetime, str]] = []
        """Whenever a program began to be missed."""
        self.readable = True

    @property
    def local(self) -> datetime:
        return datetime.fromtimestamp(self.wall + self.offset, UTC)

    @property
    def missing(self) -> set[str]:
        return {p.id.name for p in self.kept.programs if p.missing_since is not None}

    def facts(self) -> Facts:
        process = replace(gateway(pid=self.pid, ports=(self.port,)), started=self.started)
        clients = tuple(ApiClient(self.port, 990, name, since=since) for name, since in self.there.items() if self.up)
        around = machine(*((process,) if self.up else ()), clients=clients)
        around = replace(around, taken=self.monotonic, utc_offset=self.offset)
        if not self.readable:
            around = replace(around, sockets=Unknown("not allowed"))
        session = SessionFacts(phase=Phase.BACKING_OFF, since=self.since)
        if self.up:
            session = replace(connected(self.port), since=self.since, server_link=self.link, link_since=self.since)
        return replace(facts(around, session), now=Moment(self.monotonic, self.wall))

    def look(self) -> None:
        due = {name for name, table in self.programs.items() if self.up and table(self.local)} - self.broken
        self.there = {name: self.there.get(name, self.wall) for name in sorted(due)}
        before = self.missing
        self.kept, self.tally = follow_programs(self.kept, self.tally, self.facts())
        self.missed += [(self.local, name) for name in sorted(self.missing - before)]

    def run(self, hours: float) -> "Port":
        end = self.monotonic + hours * HOUR
        while self.monotonic < end:
            self.pass_by(min(STEP, end - self.monotonic))
            self.look()
        return self

    def pass_by(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall += seconds

    def restart(self, away: float = 60.0, port: int | None = None) -> None:
        """The application goes and comes back; programs lose their connections."""
        self.up, self.there = False, {}
        self.pass_by(1.0)
        self.look()
        self.pass_by(away)
        self.up, self.pid, self.started, self.since = True, self.pid + 1, self.wall, self.monotonic
        self.port = port or self.port

    def days(self, count: int) -> "Port":
        """Days with a restart every night at 23:45."""
        for _ in range(count):
            self.run(23.75 - (self.wall + self.offset) % 86400 / HOUR)
            self.restart()
            self.run(0.25)
        return self

    def agent_restarts(self, away: float = 60.0) -> None:
        """Another run of the agent, with what was kept."""
        self.pass_by(away)
        self.since, self.tally = self.monotonic, Tally()


def office(local: datetime) -> bool:
    return local.weekday() < 5 and 9 <= local.hour + local.minute / 60 < 16


def always(local: datetime) -> bool:
    return True


def some_days(local: datetime) -> bool:
    return local.weekday() in (0, 2, 4) and 8 <= local.hour < 18


def but_friday(local: datetime) -> bool:
    return local.weekday() != 4 and 6 <= local.hour < 20


def week(local: datetime) -> bool:
    """From Sunday evening to Friday evening."""
    hours = local.weekday() * 24 + local.hour
    return hours < 4 * 24 + 23 or hours >= 6 * 24 + 18


def over_midnight(local: datetime) -> bool:
    return local.hour >= 20 or local.hour < 3


def later(table: Timetable, hours: float) -> Timetable:
    """The same at other hours."""
    return lambda local: table(local + timedelta(hours=hours))


TIMETABLES: dict[str, Timetable] = {
    "office": office,
    "always": always,
    "some-days": some_days,
    "but-friday": but_friday,
    "week": week,
    "over-midnight": over_midnight,
}


def test_bots_that_keep_to_their_timetables_are_never_missed() -> None:
    assert Port(TIMETABLES).days(22).missed == []


@pytest.mark.parametrize("shift", [-1, 1])
def test_the_clock_of_another_zone_that_changes_is_no_reason_to_miss_a_bot(shift: int) -> None:
    tables = {name: TIMETABLES[name] for name in ("office", "week")}
    port = Port(tables).days(12)
    port.programs = {name: later(table, shift) for name, table in tables.items()}
    port.days(8)

    assert port.missed == []


@pytest.mark.parametrize("shift", [-1.0, 1.0])
def test_the_users_own_clock_that_changes_is_no_reason_to_miss_a_bot(shift: float) -> None:
    # Two of them go by that clock, the others do not.
    tables = {name: TIMETABLES[name] for name in ("office", "week")}
    port = Port({**tables, **{f"{name} here": table for name, table in tables.items()}}).days(12)
    port.offset += shift * HOUR
    for name, table in tables.items():
        port.programs[name] = later(table, -shift)
    port.days(8)

    assert port.missed == []


def test_a_bot_that_does_not_begin_its_day_is_missed_in_the_morning_and_not_at_night() -> None:
    port = Port({"office": office}).days(8)
    port.broken = {"office"}
    port.run(9)

    assert port.missed == []

    port.run(14)

    assert [name for _, name in port.missed] == ["office"]
    assert 10 <= port.missed[0][0].hour + port.missed[0][0].minute / 60 < 10.5
    assert port.missing == set()


def test_a_bot_that_never_works_on_weekends_is_not_missed_then() -> None:
    port = Port({"office": office}).days(11)
    port.broken = {"office"}
    port.days(4)

    assert [when.strftime("%A") for when, _ in port.missed] == ["Friday", "Monday"]


def test_a_bot_that_ends_in_the_middle_of_its_day_is_missed_after_a_while() -> None:
    port = Port({"office": office}).days(9).run(11)
    port.broken = {"office"}
    port.run(1)

    assert [name for _, name in port.missed] == ["office"]


def test_a_program_that_its_user_closes_early_at_times_is_not_missed() -> None:
    def at_will(local: datetime) -> bool:
        return local.weekday() < 5 and 9 <= local.hour < (13 if local.day % 4 == 0 else 18)

    assert Port({"quantower": at_will}).days(22).missed == []


def test_a_bot_that_works_round_the_clock_is_missed_after_the_nightly_restart() -> None:
    port = Port({"office": office, "always": always}).days(4).run(23.75)
    port.broken = {"always", "office"}
    port.restart()
    port.run(0.5)

    assert [name for _, name in port.missed] == ["always"]


def test_a_bot_is_missed_on_its_first_day_already() -> None:
    port = Port({"office": office}).run(12)
    port.broken = {"office"}
    port.restart()
    port.run(0.2)

    assert [name for _, name in port.missed] == ["office"]


def test_a_bot_whose_day_is_over_is_not_missed_after_a_restart_that_cut_it_off() -> None:
    port = Port({"office": office}).days(8).run(15.98)
    port.restart()
    port.run(6)

    assert port.missed == []


def test_a_bot_whose_day_ended_in_an_outage_is_not_missed_on_its_first_weekend_either() -> None:
    port = Port({"bot": lambda now: 6 <= now.hour < 20}).days(5)
    port.run(19.75)
    port.restart(away=1500.0)

    assert port.run(2).missed == []


def test_a_bot_that_needs_long_to_come_back_is_given_the_time_it_needs() -> None:
    slow = {"until": 0.0}
    port = Port({"bot": lambda local: local.timestamp() >= slow["until"]}).run(1)
    for _ in range(3):
        slow["until"] = port.wall + 62 + 900
        port.restart()
        port.run(1)

    # The first time nothing was known of it.
    assert len(port.missed) == 1
    assert port.missing == set()


def test_nobody_is_missed_while_the_link_to_ib_is_down() -> None:
    port = Port({"bot": always}).run(1)
    port.broken = {"bot"}
    port.restart()
    port.link = ServerLink.DOWN
    port.run(1)

    assert port.missed == []

    port.link, port.since = ServerLink.UP, port.since
    port.run(0.2)

    assert [name for _, name in port.missed] == ["bot"]


def test_a_port_that_cannot_be_seen_says_nothing_about_programs() -> None:
    port = Port({"bot": always}).run(1)
    port.readable = False
    port.run(1)
    port.readable = True
    port.run(1)

    assert port.missed == []


def test_what_is_known_outlives_the_agent() -> None:
    port = Port({"office": office}).days(8).run(1)
    port.agent_restarts()
    port.broken = {"office"}
    port.run(9.5)

    assert [name for _, name in port.missed] == ["office"]


def test_an_application_that_restarted_while_no_agent_ran_cut_its_programs_off() -> None:
    port = Port({"bot": always}).run(1)
    port.broken = {"bot"}
    port.pid += 1
    port.agent_restarts()
    port.run(0.2)

    assert [name for _, name in port.missed] == ["bot"]


def test_one_that_left_while_no_agent_ran_is_not_missed_where_the_application_stayed() -> None:
    port = Port({"bot": always}).run(1)
    port.broken = {"bot"}
    port.agent_restarts()
    port.run(3)

    assert port.missed == []


def test_one_that_is_ignored_is_not_missed() -> None:
    port = Port({"bot": always}).run(1)
    port.broken = {"bot"}
    port.restart()
    port.run(0.2)
    port.kept = with_ignored(port.kept, "bot", ignored=True)
    port.run(1)

    assert port.missing == set()

    port.kept = with_ignored(port.kept, "bot", ignored=False)
    port.broken = set()
    port.run(0.5)
    port.broken = {"bot"}
    port.restart()
    port.run(0.2)

    assert port.missing == {"bot"}


def test_what_was_cut_off_by_a_port_that_moved_is_over_once_it_was_seen() -> None:
    port = Port({"bot": always}).run(1)
    port.broken = {"bot"}
    port.restart(port=4001)
    port.run(0.2)

    assert port.kept.programs[0].lost_port == 4002
    assert port.missing == {"bot"}

    port.kept = without_moved(port.kept, 4001)
    port.run(1)

    assert port.missing == set()


def test_what_is_kept_has_bounds() -> None:
    port = Port({f"bot{n}": always for n in range(60)}).run(2)

    assert len(port.kept.programs) == MOST_PROGRAMS

    port = Port({"bot": always}).days(DAYS_KEPT + 4)

    assert len(port.kept.observed) == DAYS_KEPT
    assert len(port.kept.programs[0].days) == DAYS_KEPT


def test_a_connection_of_another_machine_or_one_that_is_not_wanted_tells_nothing() -> None:
    port = Port({"bot": always}).run(1)
    seen = port.facts()
    far = replace(seen, connection=replace(seen.connection, host="192.0.2.7"))
    unwanted = replace(seen, session=replace(seen.session, wanted=False))

    assert follow_programs(port.kept, port.tally, far) == (port.kept, Tally())
    assert follow_programs(port.kept, port.tally, unwanted) == (port.kept, Tally())
