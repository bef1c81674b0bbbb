"""Days of a user, in events and announcements."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agent.core.events import UserAsked, Woke
from agent.core.facts import SettingsHints
from agent.core.session_facts import Outcome
from agent.core.settings import NotificationSettings, QuietHours, Settings
from agent.core.shown.display import Connect, Disconnect, IconState, Pause, Resume, Snooze
from agent.core.timing import Timing
from agent.tws.reset_windows import Region
from tests.journeys.day import PAPER, Day


def connected() -> Day:
    """An agent with a session of some minutes."""
    day = Day()
    day.start()
    day.run(300)

    assert day.connection.phase == "connected"
    return day


def test_a_running_gateway_is_connected_to_within_a_tenth_of_a_second() -> None:
    day = Day()
    day.start()
    day.run(0.1)

    assert day.connection.phase == "connected"
    assert day.status.overall is IconState.CONNECTED
    assert day.said == []


def test_an_hour_of_health_is_silent_and_costs_at_most_seven_messages_a_minute() -> None:
    day = connected()
    before = day.sent["heartbeat"]
    day.run(3600)

    assert day.said == []
    assert day.sent["heartbeat"] - before <= 7 * 60
    assert day.sent["attempt"] == 1


def test_a_gateway_that_is_closed_is_told_once_and_its_return_once() -> None:
    day = connected()
    app = day.apps[0]
    day.stop(app)
    day.run(600)

    assert day.said == ["app-not-running"]

    day.start(age=0.0)
    day.run(60)

    assert day.said == ["app-not-running", "over: app-not-running"]
    assert day.connection.phase == "connected"
    assert "10 min" in day.notices[-1][1].text


def test_a_quick_restart_makes_no_sound() -> None:
    day = connected()
    day.stop(day.apps[0])
    day.run(5)
    day.start(port=None, linked=False, age=0.0, restarted=True)
    day.run(40)
    day.apps[0].port = 4002
    day.run(10)

    assert day.said == []
    assert day.connection.phase == "connected"


def test_the_return_of_the_port_is_noticed_within_half_a_second() -> None:
    day = connected()
    day.stop(day.apps[0])
    day.run(2)
    app = day.start(port=None, linked=False, age=0.0)
    day.run(6)
    app.port = 4002
    day.run(0.5)

    assert day.connection.phase == "connected"


def test_a_dropped_session_is_back_at_once() -> None:
    day = connected()
    day.drop()
    day.run(0.2)

    assert day.connection.phase == "connected"
    assert day.said == []


def test_two_drops_in_a_row_use_different_client_ids() -> None:
    day = connected()
    first = day.connection.client_id
    day.drop()
    day.run(0.2)

    assert day.connection.client_id != first


def test_a_farm_flap_makes_no_sound() -> None:
    day = connected()
    day.notice(2103, "Market data farm connection is broken:usfarm")
    day.run(30)
    day.notice(2104, "Market data farm connection is OK:usfarm")
    day.run(120)

    assert day.said == []


def test_a_broken_farm_is_told_after_its_grace_to_the_half_second() -> None:
    day = connected()
    day.notice(2103, "Market data farm connection is broken:usfarm")
    began = day.now.monotonic
    day.run(300)

    assert day.said == ["data-farm-broken:market-data"]
    assert day.notices[0][0] - began == pytest.approx(60.0, abs=0.5)


def test_the_loss_of_the_link_is_shown_at_once_and_told_alone() -> None:
    day = connected()
    day.notice(1100, "Connectivity between IB and Trader Workstation has been lost.")

    assert day.connection.server_link == "down"
    assert day.status.overall is IconState.WARNING

    day.notice(2103, "Market data farm connection is broken:usfarm")
    day.notice(354, "Requested market data is not subscribed.", 7)
    day.run(300)

    assert day.said == ["server-link-lost"]
    assert day.codes == ["server-link-lost"]
    assert day.connection.phase == "connected"

    day.notice(1102, "Connectivity between IB and Trader Workstation has been restored - data maintained.")
    day.notice(2104, "Market data farm connection is OK:usfarm")
    day.run(300)

    assert day.said == ["server-link-lost", "over: server-link-lost"]


def test_a_short_loss_of_the_link_makes_no_sound() -> None:
    day = connected()
    day.notice(1100)
    day.run(3)
    day.notice(1102)
    day.run(60)

    assert day.said == []


def test_a_reset_window_is_maintenance_and_makes_no_sound() -> None:
    day = Day(wall=datetime(2026, 11, 24, 5, 0, tzinfo=UTC).timestamp())
    day.start()
    day.run(1800)
    day.notice(1100)
    day.run(60)

    assert day.status.overall is IconState.MAINTENANCE

    day.run(300)
    day.notice(1102)
    day.run(300)

    assert day.said == []
    assert day.connection.overall is IconState.CONNECTED


def test_a_frozen_application_is_told_between_the_heartbeats() -> None:
    day = connected()
    day.apps[0].answers_after = None
    began = day.now.monotonic
    day.run(60)

    assert day.codes == ["app-frozen"]
    assert day.notices[0][0] - began <= 18.0

    day.apps[0].answers_after = 0.001
    day.run(60)

    assert day.said == ["app-frozen", "over: app-frozen"]


@pytest.mark.parametrize("offset", range(0, 10))
def test_a_freeze_is_noticed_within_18_seconds_wherever_it_falls_between_heartbeats(offset: int) -> None:
    day = connected()
    day.run(offset)
    day.apps[0].answers_after = None
    began = day.now.monotonic
    day.run(30)

    assert day.notices[0][0] - began <= 18.0


def test_a_server_that_answers_in_four_seconds_is_not_frozen() -> None:
    day = connected()
    day.apps[0].answers_after = 4.0
    day.run(1800)

    assert day.said == []


def test_a_silent_port_is_asked_at_most_every_30_seconds() -> None:
    day = Day()
    day.start().outcome = Outcome.SILENT
    day.run(600)
    pauses = [b - a for a, b in zip(day.attempts, day.attempts[1:], strict=False)]

    assert day.codes == ["api-silent"]
    assert day.said == ["api-silent"]
    assert min(pauses) >= 30.0


def test_a_problem_that_lasts_is_looked_at_no_more_often_than_health() -> None:
    day = Day()
    day.start().outcome = Outcome.SILENT
    day.run(600)
    before = day.looks
    day.run(600)

    assert day.codes == ["api-silent"]
    assert day.looks - before <= 600 / Timing().look_every * 1.25


def test_a_silent_port_that_answers_again_is_told_once() -> None:
    day = Day()
    app = day.start()
    app.outcome = Outcome.SILENT
    day.run(100)
    app.outcome = Outcome.READY
    day.run(70)

    assert day.said == ["api-silent", "over: api-silent"]
    assert day.connection.phase == "connected"


def test_a_wish_to_stay_disconnected_is_no_fault() -> None:
    day = connected()
    day.tell(UserAsked(Disconnect(PAPER.name)))
    day.run(60)

    assert day.status.overall is IconState.PAUSED
    assert day.open == {}

    day.stop(day.apps[0])
    day.run(600)

    assert day.said == []

    day.start()
    day.tell(UserAsked(Connect(PAPER.name)))
    day.run(5)

    assert day.connection.phase == "connected"


def test_a_wish_to_stay_disconnected_outlives_the_agent() -> None:
    day = connected()
    day.tell(UserAsked(Disconnect(PAPER.name)))
    again = day.restarted_agent().run(60)

    assert again.connection.phase == "idle"
    assert again.said == []


def test_nothing_is_announced_twice_because_the_agent_was_restarted() -> None:
    day = Day()
    day.start().outcome = Outcome.SILENT
    day.run(60)

    assert day.said == ["api-silent"]

    again = day.restarted_agent().run(120)

    assert again.said == []
    assert again.codes == ["api-silent"]

    again.apps[0].outcome = Outcome.READY
    again.run(120)

    assert again.said == ["over: api-silent"]


def test_an_application_that_was_told_missing_is_so_after_a_restart_of_the_agent_at_once() -> None:
    for settings in (Settings(connections=(PAPER,)), Settings()):
        day = Day(settings=settings)
        app = day.start()
        day.run(30)
        day.stop(app)
        day.run(60)

        assert day.codes == ["app-not-running"]

        since = day.connection.problems[0].since
        again = day.restarted_agent()

        # From the first status on, and for as long as it takes.
        assert (again.connection.name, again.codes) == (day.connection.name, ["app-not-running"])
        assert again.status.shows_problem
        assert again.run(120).codes == ["app-not-running"]
        assert again.connection.problems[0].since == pytest.approx(since, abs=1.0)
        assert again.said == []

        again.start()
        again.run(120)

        assert again.codes == []
        assert again.said == ["over: app-not-running"]


@pytest.mark.parametrize("ends", [False, True], ids=["it runs", "it ended"])
def test_a_link_that_was_told_lost_is_so_after_a_restart_until_a_session_tells_otherwise(ends: bool) -> None:
    day = connected()
    day.notice(1100)
    day.run(30)

    assert day.codes == ["server-link-lost"]

    if ends:
        day.apps.clear()
        again = day.restarted_agent()

        assert again.codes == ["server-link-lost"]
        # What is shown without the application takes its place at once; at no moment does all seem well.
        for _ in range(60):
            assert again.run(1).status.shows_problem
        assert again.codes == ["app-not-running"]
        assert "over: server-link-lost" not in again.said
    else:
        again = day.restarted_agent()

        assert again.codes == ["server-link-lost"]

        again.run(60)

        assert again.codes == []
        assert again.said == ["over: server-link-lost"]


def test_what_was_shown_is_not_over_because_an_agent_that_has_just_begun_does_not_know_it() -> None:
    day = connected()
    for _ in range(4):
        day.drop()
        day.run(60)

    assert day.codes == ["connection-unstable"]

    again = day.restarted_agent().run(300)

    assert again.codes == ["connection-unstable"]
    assert again.said == []
    assert again.run(400).codes == []


def test_what_was_told_is_not_over_before_it_was_tried_again() -> None:
    day = Day()
    day.start().outcome = Outcome.SILENT
    day.run(60)
    again = day.restarted_agent()

    for _ in range(200):
        assert again.run(0.1).codes == ["api-silent"]
    assert again.said == []


def test_three_losses_in_ten_minutes_are_one_notice() -> None:
    day = connected()
    for _ in range(4):
        day.drop()
        day.run(90)

    assert day.said == ["connection-unstable"]


def test_a_link_lost_for_good_is_told_although_the_session_kept_breaking_before() -> None:
    day = connected()
    for _ in range(3):
        day.drop()
        day.run(30)
    day.notice(1100)
    day.run(60)

    assert day.said == ["connection-unstable", "server-link-lost"]


def unstable() -> Day:
    day = connected()
    for _ in range(3):
        day.drop()
        day.run(30)
    return day


def test_an_application_that_ends_while_its_connection_kept_breaking_is_no_good_news() -> None:
    day = unstable()
    day.stop(day.apps[0])
    day.run(30)

    assert day.said == ["connection-unstable", "app-not-running"]
    assert day.codes == ["app-not-running"]


def test_what_stays_is_told_within_a_minute_although_the_connection_kept_breaking() -> None:
    day = unstable()
    day.apps[0].outcome = Outcome.SILENT
    day.drop()
    day.run(50)
    early = list(day.said)
    day.run(25)

    assert early == ["connection-unstable"]
    assert day.said == ["connection-unstable", "api-silent"]
    assert day.codes[0] == "api-silent"


def test_an_unsolved_problem_is_repeated_ever_more_rarely() -> None:
    day = Day()
    day.start().outcome = Outcome.SILENT
    day.run(6 * 3600)
    times = [round((at - day.notices[0][0]) / 60) for at, _ in day.notices]

    assert set(day.said) == {"api-silent"}
    assert times == [0, 30, 90, 210]


def test_a_snoozed_problem_is_quiet_until_the_snooze_is_over() -> None:
    day = Day()
    app = day.start()
    app.outcome = Outcome.SILENT
    day.tell(UserAsked(Snooze("api-silent", "", 3600)))
    day.run(3500)

    assert day.said == []
    assert day.codes == ["api-silent"]

    day.run(200)

    assert day.said == ["api-silent"]


def test_a_pause_keeps_everything_quiet_until_resumed() -> None:
    day = connected()
    day.tell(UserAsked(Pause(None)))
    day.notice(1100)
    day.run(3600)

    assert day.said == []
    assert day.codes == ["server-link-lost"]

    day.tell(UserAsked(Resume()))
    day.run(10)

    assert day.said == ["server-link-lost"]


def test_quiet_hours_do_not_silence_a_live_account_where_paper_was_meant() -> None:
    from agent.core.settings import WantedMode

    always = NotificationSettings(quiet_hours=(QuietHours(0, 1439),))
    live = replace(PAPER, trading_mode=WantedMode.LIVE)
    day = Day(settings=Settings(connections=(live,), notifications=always))
    day.start()
    day.run(60)
    day.notice(1100)
    day.run(60)

    assert day.said == ["trading-mode-mismatch"]


def test_after_sleep_the_network_gets_its_grace() -> None:
    day = connected()
    day.notice(1100)
    slept = day.sleep(8 * 3600)
    day.tell(Woke(slept))
    day.run(15)

    assert day.said == []

    day.notice(1102)
    day.run(60)

    assert day.said == []


def test_a_nightly_restart_at_its_known_time_is_maintenance() -> None:
    # 23:45 UTC on a Monday, told by IBC's configuration; local time is UTC here.
    day = Day(wall=datetime(2026, 11, 23, 23, 40, tzinfo=UTC).timestamp())
    app = day.start()
    app.hints = SettingsHints(region=Region.EUROPE, auto_restart_time=23 * 60 + 45)
    day.run(301)
    day.stop(app)
    day.run(120)

    assert day.said == []
    assert day.status.overall is IconState.MAINTENANCE

    new = day.start(port=None, linked=False, age=0.0, restarted=True)
    new.hints = app.hints
    day.run(45)
    new.port, new.link_since = 4002, day.now.monotonic
    day.run(30)

    assert day.said == []
    assert day.connection.phase == "connected"


def test_a_restart_that_never_opens_its_port_is_told() -> None:
    day = connected()
    day.stop(day.apps[0])
    day.run(3)
    day.start(port=None, linked=False, age=0.0, restarted=True)
    day.run(900)

    assert day.said == ["restart-stuck"]


def test_a_log_in_screen_is_told_after_its_grace() -> None:
    day = Day()
    day.start(port=None, linked=False, age=0.0)
    grace = day.state.timing.start_grace + day.state.timing.login_grace
    day.run(grace - 2)

    assert day.said == []

    day.run(4)

    assert day.said == ["login-pending"]


def test_an_api_that_is_switched_off_is_told_from_the_settled_link() -> None:
    day = Day()
    day.start(port=None)
    day.run(120)

    assert day.said == ["api-disabled"]


def test_another_port_is_told_with_both_numbers() -> None:
    day = Day()
    day.start(port=4001)
    day.run(60)

    assert day.said == ["api-port-mismatch"]
    assert "4001" in " ".join(day.connection.problems[0].evidence)
    assert "4002" in " ".join(day.connection.problems[0].evidence)


def test_without_configuration_every_application_is_found_and_watched() -> None:
    day = Day(settings=Settings())
    day.run(600)

    assert day.status.overall is IconState.WAITING
    assert day.said == []

    app = day.start(port=7500)
    day.run(10)

    assert [c.name for c in day.status.connections] == ["IB Gateway"]
    assert day.connection.phase == "connected"

    day.stop(app)
    day.run(300)

    assert day.said == ["app-not-running"]

    day.start(port=7501, age=0.0)
    day.start(port=7502, age=0.0)
    day.run(10)

    assert [c.phase for c in day.status.connections] == ["connected", "connected"]
    assert len({c.client_id for c in day.status.connections}) == 2


def test_unreadable_sockets_do_not_keep_it_from_connecting() -> None:
    day = Day()
    day.sockets_readable = False
    app = day.start()
    app.port = 4002
    day.run(10)

    assert day.connection.phase == "connected"


def test_two_days_of_health_with_restarts_and_resets_raises_no_alarm() -> None:
    slow = replace(Timing(), look_every=30.0, heartbeat_every=60.0)
    day = Day(wall=datetime(2026, 11, 23, 8, 0, tzinfo=UTC).timestamp(), timing=slow)
    hints = SettingsHints(region=Region.AMERICA, auto_restart_time=23 * 60 + 45)
    app = day.start()
    app.hints = hints
    for _ in range(2):
        # until 23:45
        day.run(15 * 3600 + 45 * 60)
        day.stop(app)
        day.run(8)
        app = day.start(port=None, linked=False, age=0.0, restarted=True)
        app.hints = hints
        day.run(50)
        app.port, app.link_since = 4002, day.now.monotonic
        day.run(15 * 60 - 58)
        # the reset at 05:20 UTC
        day.run(5 * 3600 + 20 * 60)
        day.notice(1100)
        day.notice(2103, "Market data farm connection is broken:usfarm")
        day.run(240)
        day.notice(1102)
        day.notice(2104, "Market data farm connection is OK:usfarm")
        day.run(2 * 3600 + 36 * 60)

    assert day.said == []
    assert day.status.overall is IconState.CONNECTED


def test_without_configuration_the_end_of_one_of_two_applications_is_told() -> None:
    day = Day(settings=Settings())
    day.start(port=4001)
    paper = day.start(port=4002)
    day.run(60)

    assert [c.phase for c in day.status.connections] == ["connected", "connected"]

    day.apps.remove(paper)
    day.drop()
    day.run(60)

    assert day.said == ["app-not-running"]


def test_the_one_of_two_applications_that_ended_is_not_over_because_the_other_runs() -> None:
    day = Day(settings=Settings())
    day.start(4002)
    gone = day.start(4001)
    day.run(60)
    day.stop(gone)
    day.run(120)
    told = [(c.name, [p.code for p in c.problems if p.visible]) for c in day.status.connections]
    for _ in range(2):
        day = day.restarted_agent()
        for seconds in (0.01, 1.0, 120.0):
            day.run(seconds)

            assert [(c.name, [p.code for p in c.problems if p.visible]) for c in day.status.connections] == told
            assert day.said == []

    day.start(4001, age=0.0)
    day.run(120)

    assert day.said == ["over: app-not-running"]


def test_a_problem_that_ended_while_the_agent_was_away_is_over_once() -> None:
    day = Day()
    day.start().outcome = Outcome.SILENT
    day.run(60)
    again = day.restarted_agent()
    again.apps[0].outcome = Outcome.READY
    again.run(10)

    assert again.said == ["over: api-silent"]

    again.run(600)

    assert again.said == ["over: api-silent"]
