"""Notices to targets, which are phones, chats and mailboxes: one message, and what its service answered."""

from dataclasses import dataclass
from enum import StrEnum

from agent.core.settings import NotificationSettings, TargetSettings
from agent.tws.outside import FromOutside, OutsideText


class SendOutcome(StrEnum):
    """What became of a message to a target."""

    TAKEN = "taken"
    REFUSED = "refused"
    """The service could not be reached, or did not take it: it is tried again."""
    UNFIT = "unfit"
    """The service takes messages, but not this one."""
    LATE = "late"
    """No answer came in time."""
    UNUSABLE = "unusable"
    """The target cannot be told as it is configured, or with what is installed here."""


@dataclass(frozen=True, slots=True)
class TargetMessage:
    """One message, as it is sent."""

    title: str
    body: str
    kind: str
    """As Apprise spells it: "info", "success", "warning" or "failure"."""


@dataclass(frozen=True, slots=True)
class TargetAnswer(FromOutside):
    """What became of one message."""

    outcome: SendOutcome
    said: OutsideText
    """The service's own answer, such as "HTTP 200 OK", or why there is none; in words for people, without full stop."""
    retry_after: float | None = None
    """Seconds that the service wants to have passed before the next message."""

    @property
    def taken(self) -> bool:
        """Whether the service took it."""
        return self.outcome is SendOutcome.TAKEN


def targets_of(notifications: NotificationSettings) -> tuple[TargetSettings, ...]:
    """Every target of the configuration; an address of `notifications.remote` has the manners of the desktop."""
    plain = tuple(
        TargetSettings(
            f"address {number}",
            url,
            minimum_severity=notifications.minimum_severity,
            quiet_hours=notifications.quiet_hours,
        )
        for number, url in enumerate(notifications.remote, 1)
    )
    named = {target.name for target in notifications.targets}
    return (*(target for target in plain if target.name not in named), *notifications.targets)
