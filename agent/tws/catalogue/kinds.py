"""The rows of the catalogue: what a notice is, and what Gatelight says about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class NoticeKind(StrEnum):
    """What a notice is about."""

    LINK_LOST = "link-lost"
    LINK_RESTORED = "link-restored"
    LINK_RESTORED_DATA_LOST = "link-restored-data-lost"
    PORT_CHANGED = "port-changed"
    FARM_OK = "farm-ok"
    FARM_BROKEN = "farm-broken"
    FARM_INACTIVE = "farm-inactive"
    FARM_CONNECTING = "farm-connecting"
    SUBSCRIPTION_LOST = "subscription-lost"
    CLIENT_ID_IN_USE = "client-id-in-use"
    CONNECT_FAILED = "connect-failed"
    NOT_CONNECTED = "not-connected"
    APP_OUTDATED = "app-outdated"
    APP_LOCKED = "app-locked"
    CLIENT_OUTDATED = "client-outdated"
    RATE_EXCEEDED = "rate-exceeded"
    PACING = "pacing"
    LINES_EXHAUSTED = "lines-exhausted"
    READ_ONLY = "read-only"
    VALIDATION_FAILED = "validation-failed"
    REQUEST_INVALID = "request-invalid"
    ACCOUNT_REQUIRED = "account-required"
    NOT_ALLOWED = "not-allowed"
    PAPER_DISCLAIMER = "paper-disclaimer"
    SETTINGS_UNAVAILABLE = "settings-unavailable"
    COMPETING_SESSION = "competing-session"
    NOT_SUBSCRIBED = "not-subscribed"
    DELAYED = "delayed"
    NO_DATA = "no-data"
    NO_DEFINITION = "no-definition"
    CANCELLED = "cancelled"
    HISTORICAL_REFUSED = "historical-refused"
    REAL_TIME_REFUSED = "real-time-refused"
    ORDER = "order"
    INFORMATIONAL = "informational"

    @property
    def good_news(self) -> bool:
        """Whether such a notice reports that something works as it should."""
        return self in (NoticeKind.LINK_RESTORED, NoticeKind.FARM_OK, NoticeKind.FARM_INACTIVE)


class NoticeClass(StrEnum):
    """Where something has to be done about a notice."""

    TRANSIENT = "transient"
    """Nowhere yet: the trouble passes by itself."""
    USER = "user"
    """In TWS, IB Gateway or Client Portal, by the user."""
    CLIENT = "client"
    """In the program that uses the API."""
    INFORMATION = "information"
    """Nowhere."""


@dataclass(frozen=True, slots=True)
class IbCode:
    """What one notice number means."""

    code: int
    kind: NoticeKind
    meaning: str
    what_to_do: str
    klass: NoticeClass
    problem: str | None = None
    """Code of the problem that explains it."""
    others: tuple[str, ...] = ()
    """Codes of other problems that can be the cause, likeliest first."""


def several(
    kind: NoticeKind,
    klass: NoticeClass,
    what_to_do: str,
    meanings: Mapping[int, str],
    others: tuple[str, ...] = (),
) -> tuple[IbCode, ...]:
    """Rows for numbers that differ only in their meaning."""
    return tuple(IbCode(code, kind, meaning, what_to_do, klass, None, others) for code, meaning in meanings.items())


NOTHING = "Nothing to do."
WAIT = "Wait: it usually heals by itself within minutes."
RESUBSCRIBE = "Let the program subscribe to its data again."
CORRECT = "Correct the request in the program that sent it."
CORRECT_ORDER = "Correct the order in the program that sent it; the connection is not concerned."
ORDER_ONLY = "It concerns this order only, not the connection."
UPDATE_CLIENT = "Update the API library of the program."
READ_TEXT = "Read the text of the notice: it names the reason."
RECONNECT = "The socket is gone: let the program connect again."
SUBSCRIBE = "Subscribe to the data in Client Portal for this user, or ask for delayed data (market data type 3)."
NAME_ACCOUNT = "Name one account in the request: the log-in has several."
FEWER_LINES = "Cancel data that is not needed; Ctrl-Alt-= in TWS shows the market data lines in use."
CHECK_ADVISOR = "Check groups, profiles and accounts in the advisor settings of TWS or Client Portal."
