"""What users suffer most, as days: the log-in that waits, the client that does not come back, data that is dead, and a
door that is shut. The numbers are those of the clusters in the study of what users suffer."""

from dataclasses import replace
from datetime import UTC, datetime

from agent.core.events import UserAsked
from agent.core.facts import ApiClient, SettingsHints
from agent.core.session_facts import Outcome
from agent.core.shown.display import SeenChanges
from agent.tws.reset_windows import Region
from tests.journeys.day import PAPER, Day

LOST = (1100, "Connectivity between IB and Trader Workstation has been lost.")
GONE = (1101, "Connectivity between IB and TWS has been restored- data lost.")


def connected(day: Day, name: str, pid: int) -> None:
    day.programs = (*day.programs, ApiClient(4002, pid, name, since=day.now.wall))


def at(day: int, hour: int, minute: int = 0) -> float:
    """A time of a week in November 2026, whose Sunday is the 22nd."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC).timestamp()


# ── cluster 1: second factor, weekly log-in, lock-outs ──────────────────────────────────────────


def test_the_weekly_log_in_is_announced_the_evening_before_and_the_log_in_screen_is_named() -> None:
    # Sunday 01:00 in New York is 06:00 UTC.
    day = Day(wall=at(21, 20))
    day.start()
    day.run(60)

    assert [p.code for p in day.connection.problems] == ["login-due"]
    assert day.said == []

    # The night’s restart ends at the log-in screen.
    day = Day(wall=at(22, 12), memory=day.memory)
    day.start(port=None, linked=False, age=0.0, restarted=False)
    day.run(120)

    assert day.codes == ["login-pending"]
    assert day.said == ["login-pending"]
    # While the user is away nothing is said twice within half an hour.
    day.run(1500)

    assert day.said == ["login-pending"]

    app = day.apps[0]
    app.port, app.link_since = 4002, day.now.monotonic
    day.run(30)

    assert day.connection.phase == "connected"
    assert day.said == ["login-pending", "over: login-pending"]


# ── cluster 2: the client does not come back after the daily restart or reset ───────────────────


def test_the_restart_makes_no_sound_and_only_the_bot_that_stays_away_is_named() -> None:
    day = Day(wall=at(24, 23, 20))
    app = day.start()
    app.hints = SettingsHints(region=Region.EUROPE, auto_restart_time=23 * 60 + 45)
    day.run(60)
    connected(day, "quantower", 991)
    connected(day, "bot", 992)
    day.run(24 * 60)
    day.programs = ()
    day.stop(app)
    day.run(94)
    day.start(age=0.0, restarted=True).hints = app.hints
    day.run(20)
    connected(day, "quantower", 991)
    day.run(200)

    assert day.said == []
    assert day.connection.phase == "connected"

    day.run(200)

    assert [n.title for _, n in day.notices] == ["bot has not come back"]
    assert "was connected until 23:45" in day.notices[0][1].text

    connected(day, "bot", 1992)
    day.run(30)

    assert day.notices[-1][1].over
    assert day.codes == []


def test_the_gateway_that_came_back_on_another_port_is_told_with_the_bots_that_knock_at_the_old_one() -> None:
    day = Day(replace(PAPER, port="auto"), wall=at(24, 14))
    app = day.start()
    day.run(60)
    connected(day, "quantower", 991)
    day.run(900)
    day.programs = ()
    day.stop(app)
    day.run(8)
    day.start(port=4001, age=0.0)
    day.run(900)

    assert day.said == ["app-changed"]
    assert "API port 4002 → 4001" in day.notices[0][1].text
    assert "quantower" in day.notices[0][1].text

    day.tell(UserAsked(SeenChanges("")))
    day.run(900)

    assert day.said == ["app-changed"]
    assert day.codes == []


# ── cluster 9: connected, but data or history is dead ───────────────────────────────────────────


def test_data_that_was_lost_with_the_link_is_told_with_the_programs_that_must_ask_again() -> None:
    day = Day()
    day.start()
    day.run(60)
    connected(day, "quantower", 991)
    day.run(60)
    day.notice(*LOST)
    day.run(60)
    day.notice(*GONE)
    day.run(5)

    assert day.said == ["server-link-lost", "data-lost"]
    assert "quantower" in day.notices[-1][1].text

    # It connects again: its subscriptions are new.
    day.programs = ()
    day.run(20)
    connected(day, "quantower", 991)
    day.run(20)

    assert day.said[-1] == "over: data-lost"


def test_history_that_is_dead_is_told_and_quotes_that_go_on_are_not() -> None:
    day = Day()
    day.start()
    day.run(60)
    day.notice(2105, "HMDS data farm connection is broken:ushmds")
    day.run(70)

    assert day.codes == ["data-farm-broken"]
    assert "istorical" in day.notices[0][1].title

    day.notice(2106, "HMDS data farm connection is OK:ushmds")
    day.run(5)

    assert [n.over for _, n in day.notices] == [False, True]


# ── cluster 12: accept prompt, trusted addresses, localhost only ────────────────────────────────


def test_a_door_that_is_shut_in_our_face_is_told_and_its_opening_too() -> None:
    day = Day()
    app = day.start()
    app.outcome = Outcome.CLOSED
    day.run(60)

    assert day.codes == ["peer-not-trusted"]
    assert day.said == ["peer-not-trusted"]

    app.outcome = Outcome.READY
    day.run(60)

    assert day.said == ["peer-not-trusted", "over: peer-not-trusted"]


def test_a_prompt_that_waits_for_a_click_is_suspected_and_asked_at_most_every_half_minute() -> None:
    day = Day()
    app = day.start()
    app.outcome = Outcome.SILENT
    day.run(300)

    assert day.codes == ["api-silent"]
    assert day.sent["attempt"] <= 11

    app.outcome = Outcome.READY
    day.run(60)

    assert day.said == ["api-silent", "over: api-silent"]
