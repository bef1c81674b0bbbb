from dataclasses import replace

import pytest

from agent.core.alerts.ledger import Ledger
from agent.core.memory import Memory, Snoozed
from agent.core.settings import MinimumSeverity, NotificationSettings, QuietHours, Settings
from agent.core.state_machine.quiet import all_quiet, quiet_rules
from tests.core.made_up_agent import PAPER, started
from tests.problems.scene import NOW

MINUTE = int(NOW.wall // 60) % 1440


@pytest.mark.parametrize(
    ("notifications", "memory", "quiet"),
    [
        (NotificationSettings(), Memory(), False),
        (NotificationSettings(), Memory(paused_until=NOW.wall + 60), True),
        (NotificationSettings(quiet_hours=(QuietHours(MINUTE, (MINUTE + 1) % 1440),)), Memory(), True),
        (NotificationSettings(quiet_hours=(QuietHours((MINUTE + 1) % 1440, MINUTE),)), Memory(), False),
        # What the user asked for by a key of its own is no matter of severity.
        (NotificationSettings(minimum_severity=MinimumSeverity.ERROR), Memory(), False),
    ],
)
def test_a_pause_and_quiet_hours_keep_everything_quiet(
    notifications: NotificationSettings, memory: Memory, quiet: bool
) -> None:
    state = replace(started(PAPER), settings=Settings((PAPER,), notifications=notifications), memory=memory)

    assert all_quiet(state, NOW) is quiet


def test_what_is_snoozed_is_so_for_its_connection() -> None:
    snoozed = (Snoozed("Paper", "app-frozen", 9e9), Snoozed("", "clock-off", 9e9), Snoozed("Live", "data-lost", 9e9))
    state = replace(started(PAPER), memory=Memory(snoozed=snoozed))

    assert quiet_rules(state, "Paper", Ledger(), NOW).snoozed == {"app-frozen", "clock-off"}
