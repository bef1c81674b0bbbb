"""Losing sight of a fault is no cure: it is neither over nor told a second time."""

from datetime import UTC, datetime

from agent.core.settings import ConnectionSettings
from agent.core.timing import Timing
from tests.journeys.day import PAPER, Day

BROKEN = "Market data farm connection is broken:usfarm"
WELL = "Market data farm connection is OK:usfarm"


def connected(*connections: ConnectionSettings, wall: datetime | None = None) -> Day:
    day = Day(*connections) if wall is None else Day(*connections, wall=wall.timestamp())
    day.start()
    return day.run(300)


def test_a_session_that_drops_while_the_link_is_down_is_no_cure() -> None:
    day = connected()
    day.apps[0].link_up = False
    day.notice(1100)
    day.run(60)
    day.drop()
    day.run(60)

    assert day.connection.phase == "connected"
    assert day.said == ["server-link-lost"]

    day.apps[0].link_up = True
    day.notice(1102)
    day.run(60)

    assert day.said == ["server-link-lost", "over: server-link-lost"]


def test_a_broken_farm_outlives_the_session_that_told_of_it() -> None:
    day = connected()
    day.apps[0].quotes = False
    day.notice(2103, BROKEN)
    day.run(120)
    day.drop()
    day.run(300)

    assert day.said == ["data-farm-broken:market-data"]

    day.notice(2104, WELL)
    day.run(10)

    assert day.said == ["data-farm-broken:market-data", "over: data-farm-broken:market-data"]


def test_a_farm_that_was_broken_before_the_link_was_lost_still_is_when_that_is_back() -> None:
    day = connected()
    day.notice(2103, BROKEN)
    day.run(120)
    day.notice(1100)
    day.run(60)

    assert day.codes == ["server-link-lost"]

    day.notice(1102)
    day.run(120)

    assert day.said == ["data-farm-broken:market-data", "server-link-lost", "over: server-link-lost"]
    assert day.codes == ["data-farm-broken"]


def test_the_session_that_took_over_is_still_named_while_the_link_is_down() -> None:
    day = connected()
    day.notice(10197, "No market data during competing live session", 5)
    day.run(30)
    day.notice(1100)
    day.run(60)

    assert set(day.codes) == {"competing-session", "server-link-lost"}

    day.notice(1102)
    day.run(60)

    assert day.said == ["competing-session", "server-link-lost", "over: server-link-lost"]


def test_a_loss_before_the_reset_window_does_not_become_a_planned_one() -> None:
    # 22:00 in New York; the padded window begins at 23:30.
    day = connected(wall=datetime(2026, 11, 24, 3, 0, tzinfo=UTC))
    day.notice(1100)
    day.run(2 * 3600)

    assert day.codes == ["server-link-lost"]
    assert not [said for said in day.said if said.startswith("over")]


def test_an_application_that_opens_its_port_late_after_the_log_in_is_no_fault() -> None:
    for link_after, port_after in ((8, 44), (20, 75), (0, 40)):
        day = Day()
        app = day.start(port=None, linked=False, age=0.0)
        day.run(link_after)
        app.link_since = day.now.monotonic
        day.run(port_after - link_after)
        app.port = 4002
        day.run(60)

        assert day.said == [], (link_after, port_after)
        assert day.connection.phase == "connected"


def test_a_port_that_never_opens_after_the_log_in_is_told_a_minute_after_it() -> None:
    day = Day()
    day.start(port=None, age=0.0)
    day.run(Timing().api_opening - 1)

    assert day.said == []

    day.run(6)

    assert day.said == ["api-disabled"]


def test_an_id_that_tws_frees_late_after_a_loss_is_nobodys_fault() -> None:
    day = connected(ConnectionSettings(name=PAPER.name, port=4002, client_id=17))
    day.apps[0].ids_held_until = day.now.monotonic + 2.0
    day.drop()
    day.run(60)

    assert day.connection.phase == "connected"
    assert day.said == []


def test_what_only_a_notice_told_is_not_said_to_have_ended() -> None:
    day = connected()
    day.notice(10197, "No market data during competing live session", 5)
    day.run(Timing().notice_lasting + 10)

    assert day.said == ["competing-session", "over: competing-session"]
    assert day.notices[-1][1].text == f"{PAPER.name}: Nothing more was heard of it. It was shown for 10 min."
