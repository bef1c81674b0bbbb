"""Targets of the configuration."""

from agent.core.settings import MinimumSeverity, NotificationSettings, QuietHours, TargetSettings
from agent.core.shown.targets import targets_of

PHONE = TargetSettings("My phone", "ntfy://topic", minimum_severity=MinimumSeverity.ERROR, after=900.0)


def test_an_address_without_a_name_has_the_manners_of_the_desktop() -> None:
    quiet = (QuietHours(1320, 420),)
    settings = NotificationSettings(
        minimum_severity=MinimumSeverity.INFO, quiet_hours=quiet, remote=("ntfy://a", "ntfy://b"), targets=(PHONE,)
    )

    assert targets_of(settings) == (
        TargetSettings("address 1", "ntfy://a", MinimumSeverity.INFO, quiet),
        TargetSettings("address 2", "ntfy://b", MinimumSeverity.INFO, quiet),
        PHONE,
    )


def test_the_users_own_name_wins() -> None:
    own = TargetSettings("address 1", "ntfy://mine")

    assert targets_of(NotificationSettings(remote=("ntfy://a",), targets=(own,))) == (own,)
