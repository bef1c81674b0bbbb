"""The keys of how people are told: on the desktop, and at a phone, chat or mailbox. See `agent.config.keys`."""

from agent.config.key import Key, KeyTable
from agent.config.kinds import (
    QUIET_TIMES,
    REMOTE_ADDRESSES,
    TARGET_NAME,
    TARGET_URL,
    flag,
    one_of,
    time_span,
)
from agent.core.settings import MinimumSeverity, NotificationSettings, TargetSettings

NOTIFICATIONS = KeyTable(
    "notifications",
    "Notices",
    NotificationSettings,
    (
        Key("desktop", flag(), "notices on the desktop", "Notices on the desktop", "Where your desktop can show them."),
        Key(
            "minimum_severity",
            one_of(MinimumSeverity),
            "from which severity on there is a notice",
            "Tell me about",
            "What is not told is on the page all the same.",
            words=("Everything", "Warnings and problems", "Problems only"),
        ),
        Key(
            "repeat_after",
            time_span(1, 365 * 86400, "30m", never=True),
            "when an unsolved problem is announced again; grows with each time",
            "Remind me of an unsolved problem",
            "After the time chosen here, and then after longer and longer times.",
            durations=("10m", "30m", "1h", "4h", "1d", "never"),
        ),
        Key(
            "quiet_hours",
            QUIET_TIMES,
            "no notices then; a live/paper mismatch is never silenced",
            "Quiet hours",
            "No notices then. Only live instead of paper, or the reverse, is told at any hour.",
        ),
        Key(
            "remote",
            REMOTE_ADDRESSES,
            "also tell these",
            "Further addresses",
            "Where notices go as well, with the manners of the desktop: an address on each line, as the Apprise "
            "library writes it. The view Phone and mail leads to the usual ones.",
            example="ntfy://my-topic\nmailto://user:password@example.com",
            guarded=True,
            secret=True,
            advanced=True,
        ),
    ),
)

TARGETS = KeyTable(
    "notifications.targets",
    "Phone, mail or chat",
    TargetSettings,
    (
        Key(
            "name",
            TARGET_NAME,
            "names it on the page and in the log",
            "Name",
            "Names it here and in the log.",
            example="My phone",
        ),
        Key(
            "url",
            TARGET_URL,
            "where notices go: as the Apprise library writes it, or the name under which `gatelight config secret` has "
            "kept that address in the system’s key store",
            "Address",
            "Where notices go, as the Apprise library writes it; or keyring: and the name of an address that is in the "
            "key store of this system.",
            example="ntfy://my-topic",
            guarded=True,
            secret=True,
        ),
        Key(
            "minimum_severity",
            one_of(MinimumSeverity),
            "from which severity on it is told",
            "Tell it about",
            "What is told on this computer does not depend on it.",
            words=("Everything", "Warnings and problems", "Problems only"),
        ),
        Key(
            "quiet_hours",
            QUIET_TIMES,
            "it is not told then; a live/paper mismatch is never silenced",
            "Quiet hours",
            "It is not told then. Only live instead of paper, or the reverse, is told at any hour.",
        ),
        Key(
            "after",
            time_span(0, 86400, "15m"),
            "only of problems that were shown unseen for so long: no click on a notice, page and menu not opened; "
            '"0s": at once',
            "Only of what I have not seen for",
            "A problem counts as seen once its notice is clicked, or this page or the menu is opened.",
            durations=("0s", "5m", "15m", "30m", "1h"),
        ),
    ),
    repeated=True,
)
