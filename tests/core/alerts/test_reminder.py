from dataclasses import replace

import pytest

from agent.core.alerts.announce import QuietRules
from agent.core.alerts.reminder import REMINDER_KEY, remind
from agent.core.memory import Stopped
from agent.core.problem import Severity
from agent.core.settings import MinimumSeverity, NotificationSettings, QuietHours
from agent.core.shown.display import TEXT_LIMIT, TITLE_LIMIT, Connect, Notice, OpenPage
from agent.tws.time_zone import TimeZone
from tests.problems.scene import NOW

DAY = 86400.0
SETTINGS = NotificationSettings()
RULES = QuietRules(SETTINGS, local_minute=14 * 60)
CALLED = {"VPS": "VPS (live)", "Home": "Home (paper)"}
SINCE = NOW.wall
VPS = Stopped("VPS", SINCE, None, SINCE)


def told(*stopped: Stopped, after: float = DAY, rules: QuietRules = RULES) -> list[Notice]:
    return [effect.notice for effect in remind(stopped, CALLED, rules, SINCE + after, TimeZone())[1]]


def test_after_a_day_it_is_said_once_and_the_next_day_again() -> None:
    assert told(VPS, after=DAY - 1) == []

    said, effects = remind([VPS], CALLED, RULES, SINCE + DAY, TimeZone())

    assert len(effects) == 1
    assert said == (replace(VPS, reminded=SINCE + DAY),)
    assert told(*said, after=2 * DAY - 1) == []
    assert len(told(*said, after=2 * DAY)) == 1


def test_it_says_since_when_and_how_to_watch_again() -> None:
    (notice,) = told(VPS)

    assert (notice.key, notice.severity, notice.title) == (REMINDER_KEY, Severity.INFO, "VPS (live) is not watched")
    assert notice.text.startswith("Not watched since Monday 14:00, as you asked.")
    assert "choose “Watch” in Gatelight’s menu" in notice.text
    # The first is what a click on the notice does.
    assert [(offer.label, offer.action) for offer in notice.offers] == [
        ("Open Gatelight page", OpenPage()),
        ("Watch VPS (live)", Connect("VPS")),
    ]


def test_of_several_one_notice_tells() -> None:
    home = Stopped("Home", None, None, SINCE + DAY / 2)
    said, effects = remind([VPS, home], CALLED, RULES, SINCE + DAY, TimeZone())
    (notice,) = [effect.notice for effect in effects]

    assert notice.title == "2 connections are not watched"
    assert "VPS (live) since Monday 14:00" in notice.text
    assert "Home (paper)." in notice.text
    assert notice.offers[-1].action == Connect("")
    assert [s.reminded for s in said] == [SINCE + DAY] * 2


def test_what_ends_by_itself_or_is_no_connection_any_more_is_not_said() -> None:
    assert told(replace(VPS, until=SINCE + 9 * DAY)) == []
    assert told(replace(VPS, connection="gone")) == []


@pytest.mark.parametrize(
    "rules",
    [
        replace(RULES, paused=True),
        replace(RULES, settings=replace(SETTINGS, quiet_hours=(QuietHours(13 * 60, 15 * 60),))),
        replace(RULES, settings=replace(SETTINGS, minimum_severity=MinimumSeverity.ERROR)),
    ],
    ids=["paused", "quiet hours", "errors only"],
)
def test_who_wants_silence_hears_it_later(rules: QuietRules) -> None:
    assert told(VPS, rules=rules) == []
    assert remind([VPS], CALLED, rules, SINCE + DAY, TimeZone())[0] == (VPS,)
    assert len(told(VPS, after=DAY + 60)) == 1


def test_the_longest_names_fit_into_a_notice() -> None:
    names = {f"{'Long ' * 14}{number}": f"{'Long ' * 14}{number} (paper)" for number in range(9)}
    stopped = [Stopped(name, SINCE, None, SINCE) for name in names]
    for some in (stopped[:1], stopped):
        (notice,) = [effect.notice for effect in remind(some, names, RULES, SINCE + DAY, TimeZone())[1]]

        assert len(notice.title) <= TITLE_LIMIT
        assert len(notice.text) <= TEXT_LIMIT
        assert notice.text.endswith("“gatelight connect”.")
