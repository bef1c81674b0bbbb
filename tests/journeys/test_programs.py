"""Who does not come back, and what changed, over days: the core alone, with programs that have timetables."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agent.core.events import UserAsked
from agent.core.facts import ApiClient
from agent.core.settings import CheckSettings, Settings
from agent.core.shown.display import Ignore, Seen
from agent.core.state_machine.state import timing_of
from agent.core.timing import Timing
from tests.journeys.day import PAPER, App, Day

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = 3600.0


def client(name: str, pid: int, since: float, script: str = "", port: int = 4002) -> ApiClient:
    return ApiClient(port, pid, name, since=since, script=script, place="f00" if script else "")


def connected(day: Day, name: str, pid: int = 991, script: str = "", port: int = 4002) -> None:
    """A program of the user connects."""
    day.programs = (*day.programs, client(name, pid, day.now.wall, script, port))


SLOWLY = Settings((PAPER,), CheckSettings(look_every=30.0, heartbeat_every=300.0))
"""Looks and heartbeats are rarer, so that weeks take seconds."""


def watched(*, wall: datetime | None = None) -> Day:
    day = Day() if wall is None else Day(wall=wall.timestamp(), settings=SLOWLY, timing=timing_of(SLOWLY, Timing()))
    day.start()
    day.run(60)
    return day


def restarted(day: Day, seconds: float = 8.0, port: int = 4002, version: str = "10.45") -> App:
    """The application restarts, and every program loses its connection."""
    day.programs = ()
    day.stop(day.apps[0])
    day.run(seconds)
    app = day.start(port, age=0.0)
    app.version = version
    return app


def test_a_program_that_does_not_come_back_after_a_restart_is_named_once_and_its_return_too() -> None:
    day = watched()
    connected(day, "python3", script="bot.py")
    connected(day, "quantower", 992)
    day.run(HOUR)
    restarted(day)
    day.run(30)
    connected(day, "quantower", 993)
    day.run(200)

    assert day.said == []

    day.run(200)

    assert day.said[0].startswith("program-missing:")
    assert day.notices[0][1].title == "bot.py (python3) has not come back"
    assert "quantower" not in day.notices[0][1].text

    day.run(3 * 60)
    connected(day, "python3", 995, script="bot.py")
    day.run(30)

    assert len(day.said) == 2
    assert day.notices[1][1].over
    assert day.codes == []


def test_several_that_are_missed_from_the_same_restart_are_one_notice() -> None:
    day = watched()
    for number in range(4):
        connected(day, "python3", 990 + number, script=f"bot{number}.py")
    day.run(HOUR)
    restarted(day)
    day.run(900)

    assert len(day.said) == 1
    assert "and 2 more" in day.notices[0][1].title or "bot0.py" in day.notices[0][1].title


def test_a_script_that_asks_and_leaves_is_not_missed() -> None:
    day = watched()
    for _ in range(10):
        connected(day, "python3", script="report.py")
        day.run(60)
        day.programs = ()
        day.run(240)
    connected(day, "python3", script="report.py")
    day.run(30)
    restarted(day)
    day.run(HOUR)

    assert day.said == []


def test_one_that_is_not_to_be_watched_is_not_missed_again_and_can_be_watched_again() -> None:
    day = watched()
    connected(day, "quantower")
    day.run(HOUR)
    restarted(day)
    day.run(900)

    assert day.codes == ["program-missing"]

    day.tell(UserAsked(Ignore("quantower", PAPER.name)))

    assert day.codes == []
    assert day.connection.ignored == ("quantower",)
    assert len(day.said) == 1
    assert day.withdrawn

    connected(day, "quantower")
    day.run(HOUR)
    restarted(day)
    day.run(900)
    day = day.restarted_agent()
    day.run(900)

    assert day.said == []

    day.tell(UserAsked(Ignore("quantower", PAPER.name, undo=True)))
    connected(day, "quantower")
    day.run(HOUR)
    restarted(day)
    day.run(900)

    assert day.codes == ["program-missing"]


def test_one_that_was_missed_is_missed_over_a_restart_of_the_agent_and_said_once() -> None:
    day = watched()
    connected(day, "quantower")
    day.run(HOUR)
    restarted(day)
    day.run(900)
    said, title = len(day.said), day.notices[-1][1].title
    day = day.restarted_agent()
    day.run(120)

    assert said == 1
    assert day.said == []
    assert day.codes == ["program-missing"]
    assert day.connection.problems[0].title == title

    connected(day, "quantower")
    day.run(60)

    assert [n.over for _, n in day.notices] == [True]


def test_one_that_was_there_before_the_machine_restarted_is_missed() -> None:
    day = watched()
    connected(day, "quantower")
    day.run(HOUR)
    day.programs = ()
    day.stop(day.apps[0])
    day = Day(wall=day.now.wall + 600, memory=day.memory)
    day.start(age=0.0)
    day.run(900)

    assert day.codes == ["program-missing"]


def test_one_that_ended_while_no_agent_ran_is_not_missed_where_the_application_stayed() -> None:
    day = watched()
    connected(day, "quantower")
    day.run(HOUR)
    day.programs = ()
    day = day.restarted_agent()
    day.run(HOUR)

    assert day.said == []


def test_a_port_that_moved_is_told_with_those_that_it_cuts_off_until_it_was_seen() -> None:
    day = Day(replace(PAPER, port="auto"))
    day.start()
    day.run(60)
    connected(day, "quantower")
    day.run(HOUR)
    restarted(day, port=4001, version="10.50")
    day.run(60)

    problem = day.connection.problems[0]
    assert (problem.code, problem.severity) == ("app-changed", "info")
    assert "version 10.45 → 10.50" in problem.text
    assert "API port 4002 → 4001" in problem.text
    assert day.said == []

    day.run(400)

    assert day.said == ["app-changed"]
    assert day.codes == ["app-changed"]
    assert "quantower" in day.notices[0][1].text

    day = day.restarted_agent()
    day.run(400)

    assert day.said == []
    assert day.codes == ["app-changed"]

    day.tell(UserAsked(Seen("")))
    day.run(HOUR)

    assert day.said == []
    assert [p.code for p in day.connection.problems] == []


def test_a_program_that_follows_the_port_is_not_cut_off() -> None:
    day = Day(replace(PAPER, port="auto"))
    day.start()
    day.run(60)
    connected(day, "quantower")
    day.run(HOUR)
    restarted(day, port=4001)
    day.run(100)
    connected(day, "quantower", port=4001)
    day.run(HOUR)

    assert day.said == []
    assert [(p.code, p.severity) for p in day.connection.problems] == [("app-changed", "info")]


def test_what_changed_and_changed_back_has_not_changed() -> None:
    day = watched()
    restarted(day, version="10.50")
    day.run(60)

    assert [p.code for p in day.connection.problems] == ["app-changed"]

    restarted(day)
    day.run(60)

    assert [p.code for p in day.connection.problems] == []
    assert day.said == []


def test_another_account_is_told_with_masked_numbers() -> None:
    day = watched()
    app = restarted(day)
    app.accounts = ("U7654321",)
    day.run(60)

    problem = day.connection.problems[0]
    assert problem.title == "IB Gateway has changed: live or paper and account"
    assert "DU•••567 → U•••321" in problem.text
    assert "1234567" not in str(day.memory)
    assert "7654321" not in str(day.memory)


# ── timetables ──────────────────────────────────────────────────────────────────────────────────

Timetable = Callable[[datetime], bool]


def office(local: datetime) -> bool:
    return local.weekday() < 5 and 9 <= local.hour + local.minute / 60 < 16


def always(local: datetime) -> bool:
    return True


def some_days(local: datetime) -> bool:
    return local.weekday() in (0, 2, 4) and 8 <= local.hour < 18


TIMETABLES: Mapping[str, Timetable] = {"office": office, "always": always, "some-days": some_days}


def live(day: Day, hours: float, *, broken: frozenset[str] = frozenset(), step: float = 300.0) -> None:
    """Let time pass with programs that keep to their timetables, but for those that are broken."""
    end = day.now.monotonic + hours * HOUR
    while day.now.monotonic < end:
        local = datetime.fromtimestamp(day.now.wall, UTC)
        up = bool(day.apps) and day.apps[0].port is not None
        wanted = {n for n, due in TIMETABLES.items() if up and n not in broken and due(local)}
        here = {c.name for c in day.programs}
        day.programs = tuple(c for c in day.programs if c.name in wanted)
        for name in sorted(wanted - here):
            connected(day, name)
        day.run(step)


def nightly(day: Day, days: int, **more: frozenset[str]) -> None:
    """Days with a restart every night at 23:45."""
    for _ in range(days):
        live(day, 23.75, **more)
        restarted(day)
        live(day, 0.25, **more)


def test_bots_that_keep_to_their_timetables_are_never_missed() -> None:
    day = watched(wall=MONDAY)
    nightly(day, 22)

    assert day.said == []


def test_a_bot_that_does_not_begin_its_day_is_missed_within_an_hour_and_not_at_night() -> None:
    day = watched(wall=MONDAY)
    nightly(day, 14)
    live(day, 9, broken=frozenset({"office"}))

    assert day.said == []

    live(day, 1.5, broken=frozenset({"office"}))

    assert len(day.said) == 1
    assert day.notices[0][1].title == "office has not come back"

    live(day, 8, broken=frozenset({"office"}))

    assert day.codes == []


def test_a_bot_that_works_round_the_clock_is_missed_after_the_nightly_restart() -> None:
    day = watched(wall=MONDAY)
    nightly(day, 9)
    live(day, 23.75)
    restarted(day)
    live(day, 0.5, broken=frozenset({"always", "office"}))

    assert [n.title for _, n in day.notices] == ["always has not come back"]


def test_what_is_learnt_has_bounds() -> None:
    day = watched(wall=MONDAY)
    for number in range(60):
        connected(day, f"bot{number}", 1000 + number)
        day.run(310)
    nightly(day, 20)

    kept = day.memory.ports[0]
    assert len(kept.programs) <= 24
    assert max(len(kept.observed), *(len(p.days) for p in kept.programs)) <= 16


def test_an_hour_of_another_zone_is_no_reason_to_miss_a_bot() -> None:
    day = watched(wall=MONDAY)
    nightly(day, 14)
    # The clocks of the bot's zone go forward: it now comes and goes an hour earlier.
    shifted = {"office": lambda local: office(local + timedelta(hours=1))}
    before = dict(TIMETABLES)
    try:
        TIMETABLES.update(shifted)  # type: ignore[attr-defined]
        nightly(day, 12)
    finally:
        TIMETABLES.update(before)  # type: ignore[attr-defined]

    assert day.said == []
