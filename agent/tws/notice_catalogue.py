"""What the notice numbers of TWS and IB Gateway mean, as data. Numbers, never texts: texts are translated and change.

Sources: IBKR's table of message codes (June 2025), the error list of its Python client 10.51, and the lists kept by
rust-ibapi, ib_async, Lean, NautilusTrader and deephaven-ib. All wording is ours.
"""

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
        """Whether such a notice says that something is as it should be."""
        return self in (NoticeKind.LINK_RESTORED, NoticeKind.FARM_OK, NoticeKind.FARM_INACTIVE)


class NoticeClass(StrEnum):
    """Who has to do something about a notice."""

    TRANSIENT = "transient"
    """Nobody yet: it passes by itself."""
    USER = "user"
    """The user, in TWS, IB Gateway or Client Portal."""
    CLIENT = "client"
    """The program that uses the API."""
    INFORMATION = "information"
    """Nobody."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What one notice number means."""

    code: int
    kind: NoticeKind
    meaning: str
    what_to_do: str
    klass: NoticeClass
    problem: str | None = None
    """Code of the problem that explains it."""
    others: tuple[str, ...] = ()
    """Codes of further problems that can be behind it, likeliest first."""


_K = NoticeKind
_TRANSIENT, _USER, _CLIENT, _INFO = NoticeClass
_NOTHING = "Nothing to do."
_WAIT = "Wait: it usually heals by itself within minutes."
_RESUBSCRIBE = "Let the program subscribe to its data again."
_CORRECT = "Correct the request in the program that sent it."
_UPDATE_CLIENT = "Update the API library of the program."
_READ_TEXT = "Read the text of the notice: it names the reason."
_RECONNECT = "The socket is gone: let the program connect again."
_SUBSCRIBE = "Subscribe to the data in Client Portal for this user, or ask for delayed data (market data type 3)."
_NAME_ACCOUNT = "Name one account in the request: the log-in has several."
_FEWER_LINES = "Cancel data that is not needed; Ctrl-Alt-= in TWS shows the market data lines in use."
_ORDER_ONLY = "It concerns this order only, not the connection."

_ROWS: tuple[Notice, ...] = (
    # ── link to IB's servers ──
    Notice(1100, _K.LINK_LOST, "TWS has lost its connection to IB's servers",
           "Wait some minutes. If it lasts longer than ten minutes outside a reset window, check internet and VPN.",
           _TRANSIENT, "server-link-lost", ("scheduled-outage", "network-down", "competing-session")),
    Notice(1101, _K.LINK_RESTORED_DATA_LOST, "TWS is connected to IB's servers again, data subscriptions are gone",
           "Let your programs subscribe to their data again, or restart them.", _CLIENT, "data-lost"),
    Notice(1102, _K.LINK_RESTORED, "TWS is connected to IB's servers again, data subscriptions were kept",
           _NOTHING, _INFO),
    Notice(1300, _K.PORT_CHANGED, "The API port was changed in the settings, and this connection is being dropped",
           "Use the new port, which the notice names, in your programs.", _USER, "api-port-mismatch"),
    Notice(2110, _K.LINK_LOST, "TWS has no connection to IB's servers and will restore it by itself",
           "Wait some minutes. If it lasts longer than ten minutes outside a reset window, check internet and VPN.",
           _TRANSIENT, "server-link-lost", ("scheduled-outage", "network-down")),
    Notice(2103, _K.FARM_BROKEN, "The connection to a market data farm is broken: no quotes from that farm", _WAIT,
           _TRANSIENT, "data-farm-broken", ("scheduled-outage",)),
    Notice(2104, _K.FARM_OK, "The connection to a market data farm is OK", _NOTHING, _INFO),
    Notice(2105, _K.FARM_BROKEN, "The connection to a historical data (HMDS) farm is broken: no history from it",
           _WAIT, _TRANSIENT, "data-farm-broken", ("scheduled-outage",)),
    Notice(2106, _K.FARM_OK, "The connection to a historical data (HMDS) farm is OK", _NOTHING, _INFO),
    Notice(2107, _K.FARM_INACTIVE, "A historical data (HMDS) farm is idle and wakes up when history is asked for",
           _NOTHING, _INFO),
    Notice(2108, _K.FARM_INACTIVE, "A market data farm is idle and wakes up when data is asked for", _NOTHING, _INFO),
    Notice(2119, _K.FARM_CONNECTING, "TWS is connecting to a market data farm", _NOTHING, _INFO),
    Notice(2157, _K.FARM_BROKEN, "The connection to a security definition farm is broken: contract look-ups may fail",
           _WAIT, _TRANSIENT, "data-farm-broken", ("scheduled-outage",)),
    Notice(2158, _K.FARM_OK, "The connection to a security definition farm is OK", _NOTHING, _INFO),
    Notice(2100, _K.INFORMATIONAL, "A newer request took over the account updates", _NOTHING, _INFO),
    Notice(2101, _K.REQUEST_INVALID, "Account updates were refused: another program receives those of another account",
           "Use reqAccountUpdatesMulti in the program.", _CLIENT),
    Notice(2102, _K.ORDER, "The order cannot be changed while it is still being processed", "Try again.", _CLIENT),
    Notice(10182, _K.SUBSCRIPTION_LOST, "Live updates for a request ended because the connection dropped",
           _RESUBSCRIBE, _CLIENT, None, ("server-link-lost", "data-lost")),
    Notice(10225, _K.SUBSCRIPTION_LOST, "An event in the market ended the real-time bars of a request", _RESUBSCRIBE,
           _CLIENT),
    Notice(10328, _K.SUBSCRIPTION_LOST, "The connection was lost and order data could not be resolved",
           "Wait for notice 1102, then let the program ask for its open orders again.", _TRANSIENT,
           "server-link-lost"),
    # ── connecting, session, client ──
    Notice(326, _K.CLIENT_ID_IN_USE, "Another program is connected with the same client ID",
           "Give the program another client ID, or close the other program.", _USER, "client-id-in-use"),
    Notice(327, _K.REQUEST_INVALID, "Only client ID 0 may adopt orders that were entered by hand", _CORRECT, _CLIENT),
    Notice(357, _K.CLIENT_OUTDATED, "The API library of the program is too old for this TWS", _UPDATE_CLIENT, _CLIENT),
    Notice(501, _K.REQUEST_INVALID, "The program tried to connect although it is connected", _NOTHING, _CLIENT),
    Notice(502, _K.CONNECT_FAILED, "The program could not connect to TWS or IB Gateway",
           "Check that it runs, is logged in, and listens on the port the program uses.", _USER, "app-not-running",
           ("api-port-mismatch", "login-pending", "api-disabled", "too-many-clients")),
    Notice(503, _K.APP_OUTDATED, "TWS is too old for the program, or for this one request of it",
           "Update TWS or IB Gateway.", _USER, "app-outdated"),
    Notice(504, _K.NOT_CONNECTED, "The program sent a request without being connected", _RECONNECT, _CLIENT, None,
           ("app-not-running", "api-port-mismatch", "client-id-in-use")),
    Notice(505, _K.CLIENT_OUTDATED, "The program received a kind of message it does not know", _UPDATE_CLIENT,
           _CLIENT),
    Notice(506, _K.CLIENT_OUTDATED, "The program and TWS do not share a version of the protocol", _UPDATE_CLIENT,
           _CLIENT, None, ("app-outdated",)),
    Notice(507, _K.NOT_CONNECTED, "The connection was closed while the program was reading", _RECONNECT, _USER,
           "client-id-in-use", ("peer-not-trusted", "scheduled-outage", "app-not-running")),
    Notice(508, _K.NOT_CONNECTED, "The program received a message it could not read", _UPDATE_CLIENT, _CLIENT),
    Notice(509, _K.NOT_CONNECTED, "The socket failed while the program was reading", _RECONNECT, _CLIENT),
    Notice(520, _K.NOT_CONNECTED, "The program could not create a socket",
           "Look for what blocks it on its own machine: rights, a firewall, too many open files.", _CLIENT),
    Notice(579, _K.REQUEST_INVALID, "A text in the request has characters the API does not accept", _CORRECT, _CLIENT),
    Notice(585, _K.REQUEST_INVALID, "FA profiles are no longer supported; FA groups took their place", _CORRECT,
           _CLIENT),
    Notice(588, _K.REQUEST_INVALID, "The program could not encode its request", _CORRECT, _CLIENT),
    Notice(0, _K.RATE_EXCEEDED, "The program is close to the highest allowed rate of messages",
           "Let the program send at most 45 messages per second.", _CLIENT, "message-rate-exceeded"),
    Notice(100, _K.RATE_EXCEEDED, "The program sent more messages per second than allowed",
           "Let the program send at most 45 messages per second.", _CLIENT, "message-rate-exceeded"),
    Notice(320, _K.REQUEST_INVALID, "TWS could not read the request", _CORRECT + " Or: " + _UPDATE_CLIENT, _CLIENT),
    Notice(321, _K.VALIDATION_FAILED, "The request did not pass validation", _READ_TEXT, _CLIENT, None,
           ("read-only-api",)),
    Notice(322, _K.REQUEST_INVALID, "TWS could not process the request", _READ_TEXT, _CLIENT),
    Notice(323, _K.REQUEST_INVALID, "IB's server refused the request", _READ_TEXT, _CLIENT),
    Notice(324, _K.REQUEST_INVALID, "A DDE request was incomplete", _CORRECT, _CLIENT),
    Notice(325, _K.ORDER, "Discretionary orders do not exist for this exchange and order type", _ORDER_ONLY, _CLIENT),
    Notice(330, _K.ACCOUNT_REQUIRED, "Only financial advisors may ask for managed accounts", _CORRECT, _CLIENT),
    Notice(331, _K.ACCOUNT_REQUIRED, "A financial advisor's log-in must use its managed accounts", _NAME_ACCOUNT,
           _CLIENT),
    Notice(344, _K.ACCOUNT_REQUIRED, "The account is not one of a financial advisor", _CORRECT, _CLIENT),
    Notice(435, _K.ACCOUNT_REQUIRED, "An account must be named", _NAME_ACCOUNT, _CLIENT),
    Notice(436, _K.ACCOUNT_REQUIRED, "An allocation must be named for several accounts", _NAME_ACCOUNT, _CLIENT),
    Notice(438, _K.APP_LOCKED, "The application is locked",
           "Unlock TWS, and set it never to lock under Lock and Exit.", _USER),
    Notice(10015, _K.NOT_ALLOWED, "Trading through the API is not allowed for this account",
           "Ask IBKR for the permission.", _USER),
    Notice(10285, _K.CLIENT_OUTDATED, "The API library is too old for fractional sizes: it needs version 163",
           _UPDATE_CLIENT, _CLIENT),
    Notice(10200, _K.ACCOUNT_REQUIRED, "\"All\" accounts cannot be used with this log-in", _NAME_ACCOUNT, _CLIENT),
    Notice(10322, _K.ACCOUNT_REQUIRED, "\"All\" accounts cannot be used with this log-in", _NAME_ACCOUNT, _CLIENT),
    Notice(10357, _K.SETTINGS_UNAVAILABLE, "This application does not let programs read its settings",
           "Read the settings in the application itself.", _INFO),
)  # fmt: skip

_MORE_ROWS: tuple[Notice, ...] = (
    # ── data ──
    Notice(101, _K.LINES_EXHAUSTED, "All market data lines are in use", _FEWER_LINES, _USER, "data-lines-exhausted"),
    Notice(102, _K.REQUEST_INVALID, "The ticker ID is already in use", _CORRECT, _CLIENT),
    Notice(103, _K.ORDER, "The order ID is already in use", _CORRECT, _CLIENT),
    Notice(162, _K.HISTORICAL_REFUSED, "The historical data service refused or ended a request", _READ_TEXT, _CLIENT,
           None, ("pacing-violation", "data-not-subscribed", "competing-session")),
    Notice(165, _K.INFORMATIONAL, "A message of the historical data service about a query", _READ_TEXT, _INFO),
    Notice(166, _K.REQUEST_INVALID, "The contract has expired", _CORRECT, _CLIENT),
    Notice(200, _K.NO_DEFINITION, "No contract fits the request, or several do",
           "Correct the contract. While TWS has no connection to IB's servers this notice means nothing.", _CLIENT,
           None, ("server-link-lost", "data-farm-broken")),
    Notice(300, _K.CANCELLED, "Data to be cancelled was not there", _NOTHING, _INFO),
    Notice(310, _K.CANCELLED, "Market depth to be cancelled was not there", _NOTHING, _INFO),
    Notice(365, _K.CANCELLED, "A scanner to be cancelled was not there", _NOTHING, _INFO),
    Notice(366, _K.CANCELLED, "A historical query to be cancelled was not there", _NOTHING, _INFO),
    Notice(135, _K.CANCELLED, "An order to be cancelled or changed was not there", _NOTHING, _INFO),
    Notice(309, _K.LINES_EXHAUSTED, "All market depth subscriptions are in use (3 by default)", _FEWER_LINES, _USER,
           "data-lines-exhausted"),
    Notice(316, _K.SUBSCRIPTION_LOST, "Market depth has stopped", _RESUBSCRIBE, _TRANSIENT),
    Notice(317, _K.SUBSCRIPTION_LOST, "Market depth was reset", "Empty the book in the program before adding to it.",
           _CLIENT),
    Notice(354, _K.NOT_SUBSCRIBED, "The user has no subscription for this market data", _SUBSCRIBE, _USER,
           "data-not-subscribed"),
    Notice(385, _K.REQUEST_INVALID, "The ID of the scanner is already in use", _CORRECT, _CLIENT),
    Notice(386, _K.REQUEST_INVALID, "The ID of the historical query is already in use", _CORRECT, _CLIENT),
    Notice(420, _K.REAL_TIME_REFUSED, "Real-time bars were refused", _READ_TEXT, _CLIENT, None,
           ("pacing-violation", "data-not-subscribed", "competing-session")),
    Notice(430, _K.NO_DATA, "There are no fundamentals for this contract", "Use another source.", _CLIENT),
    Notice(10358, _K.NO_DATA, "Fundamentals are no longer offered through the API", "Use another source.", _CLIENT),
    Notice(10089, _K.NOT_SUBSCRIBED, "This data needs a further subscription for use through the API", _SUBSCRIBE,
           _USER, "data-not-subscribed"),
    Notice(10090, _K.NOT_SUBSCRIBED, "Part of the requested data is not subscribed", _SUBSCRIBE, _USER,
           "data-not-subscribed"),
    Notice(10091, _K.NOT_SUBSCRIBED, "Part of the requested data needs a further subscription for use through the API",
           _SUBSCRIBE, _USER, "data-not-subscribed"),
    Notice(10092, _K.REQUEST_INVALID, "There is no deep book for this contract", _CORRECT, _CLIENT),
    Notice(10167, _K.DELAYED, "The data is not subscribed, so delayed data is shown",
           "Nothing, if delayed data will do. Else subscribe to the data in Client Portal.", _INFO, "data-delayed"),
    Notice(10168, _K.NOT_SUBSCRIBED, "The data is not subscribed, and delayed data was not asked for", _SUBSCRIBE,
           _USER, "data-not-subscribed"),
    Notice(10186, _K.NOT_SUBSCRIBED, "The data is not subscribed, and delayed data was not asked for", _SUBSCRIBE,
           _USER, "data-not-subscribed"),
    Notice(10187, _K.HISTORICAL_REFUSED, "Historical ticks were refused", _READ_TEXT, _USER, None,
           ("data-not-subscribed", "pacing-violation")),
    Notice(10189, _K.REAL_TIME_REFUSED, "Tick-by-tick data was refused", _READ_TEXT, _USER, None,
           ("data-not-subscribed", "competing-session")),
    Notice(10190, _K.LINES_EXHAUSTED, "All tick-by-tick subscriptions are in use", _FEWER_LINES, _USER,
           "data-lines-exhausted"),
    Notice(10197, _K.COMPETING_SESSION, "The same user is active in another session, which gets the market data",
           "Log out of the other TWS, Client Portal or the mobile app.", _USER, "competing-session"),
    Notice(10276, _K.NOT_ALLOWED, "This news feed is not allowed", "Subscribe to the news for API use.", _USER),
    Notice(10277, _K.NOT_ALLOWED, "This news feed needs a permission", "Subscribe to the news for API use.", _USER),
    Notice(10314, _K.REQUEST_INVALID, "The end date is not in a form TWS accepts",
           "Send it as `yyyymmdd hh:mm:ss zone`, or in UTC as `yyyymmdd-hh:mm:ss`.", _CLIENT),
    Notice(10339, _K.REQUEST_INVALID, "A continuous future takes no end date", _CORRECT, _CLIENT),
    Notice(10346, _K.NOT_ALLOWED, "The instrument is shown elsewhere, so its data cannot be delivered",
           "Close it in the place the notice names.", _USER),
    Notice(2174, _K.REQUEST_INVALID, "A date and time came without its time zone", "Add the time zone.", _CLIENT),
    Notice(2176, _K.CLIENT_OUTDATED, "The API library does not know fractional sizes, so sizes are rounded",
           _UPDATE_CLIENT, _CLIENT),
    Notice(2113, _K.INFORMATIONAL, "A remark on the product: sizes of this bond are nominal", _NOTHING, _INFO),
    Notice(2129, _K.INFORMATIONAL, "A remark on the product: it is indicative only", _NOTHING, _INFO),
    Notice(2130, _K.INFORMATIONAL, "A remark on the product: prices carry a factor", _NOTHING, _INFO),
    # ── orders: shown, never judged ──
    Notice(105, _K.ORDER, "A change does not fit the original order", _ORDER_ONLY, _CLIENT),
    Notice(109, _K.ORDER, "The price is out of the range the precautions allow", _ORDER_ONLY, _USER, None,
           ("precautions-on",)),
    Notice(110, _K.ORDER, "The price does not fit the smallest step of the contract", _ORDER_ONLY, _CLIENT),
    Notice(163, _K.ORDER, "The price is further off than the precautions allow", _ORDER_ONLY, _USER, None,
           ("precautions-on",)),
    Notice(201, _K.ORDER, "An order was rejected", _READ_TEXT, _CLIENT),
    Notice(202, _K.ORDER, "An order was cancelled", _ORDER_ONLY, _INFO),
    Notice(203, _K.ORDER, "This security may not be traded by this account", _READ_TEXT, _USER),
    Notice(329, _K.ORDER, "The type of an order cannot be changed", _ORDER_ONLY, _CLIENT),
    Notice(383, _K.ORDER, "The size is beyond what the precautions allow", _ORDER_ONLY, _USER, None,
           ("precautions-on",)),
    Notice(399, _K.ORDER, "A message about an order", _READ_TEXT, _INFO),
    Notice(404, _K.ORDER, "The order waits until shares can be borrowed for the short sale", _ORDER_ONLY, _INFO),
    Notice(434, _K.ORDER, "The size of an order cannot be zero", _CORRECT, _CLIENT),
    Notice(492, _K.ORDER, "A warning about an order", _READ_TEXT, _INFO),
    Notice(2109, _K.ORDER, "The order ignores \"outside regular trading hours\"", _ORDER_ONLY, _INFO),
    Notice(2111, _K.ORDER, "The times of an algorithmic order were adjusted", _ORDER_ONLY, _INFO),
    Notice(2137, _K.ORDER, "The order crosses another one of your own", _ORDER_ONLY, _INFO),
    Notice(2148, _K.INFORMATIONAL, "A message about the account, such as a margin warning", _READ_TEXT, _INFO),
    Notice(2150, _K.ORDER, "A value derived from the position is not valid", _ORDER_ONLY, _INFO),
    Notice(2168, _K.ORDER, "eTradeOnly is no longer supported and was ignored", _CORRECT, _CLIENT),
    Notice(2169, _K.ORDER, "firmQuoteOnly is no longer supported and was ignored", _CORRECT, _CLIENT),
    Notice(2170, _K.ORDER, "nbboPriceCap is no longer supported and was ignored", _CORRECT, _CLIENT),
    Notice(2181, _K.ORDER, "The order's opting out of smart routing was dropped", _ORDER_ONLY, _INFO),
    Notice(10147, _K.ORDER, "An order to be cancelled was not found", _ORDER_ONLY, _CLIENT),
    Notice(10148, _K.ORDER, "An order cannot be cancelled in its present state", _ORDER_ONLY, _CLIENT),
    Notice(10268, _K.ORDER, "eTradeOnly is no longer supported: the order was refused", _CORRECT, _CLIENT),
    Notice(10269, _K.ORDER, "firmQuoteOnly is no longer supported: the order was refused", _CORRECT, _CLIENT),
    Notice(10270, _K.ORDER, "nbboPriceCap is no longer supported: the order was refused", _CORRECT, _CLIENT),
    Notice(10311, _K.ORDER, "The order goes straight to one exchange, which may cost more", _ORDER_ONLY, _USER, None,
           ("precautions-on",)),
    Notice(10348, _K.ORDER, "The order's opting out of smart routing was refused", _CORRECT, _CLIENT),
    Notice(10349, _K.ORDER, "The time in force was set by the order preset", _ORDER_ONLY, _INFO),
)  # fmt: skip

CATALOGUE: dict[int, Notice] = {notice.code: notice for notice in (*_ROWS, *_MORE_ROWS)}
"""Every notice known by its own number."""

SENDING_ERRORS = range(510, 594)
"""IBKR's clients say these themselves when the socket fails while they write a request."""

WARNINGS = range(2100, 2170)
"""Reserved by IBKR for warnings; the ones without a row of their own say nothing about the connection."""


def sending_error(code: int) -> Notice:
    """The meaning of a number of the sending range."""
    return Notice(code, _K.NOT_CONNECTED, "The program could not send a request: the socket is gone", _RECONNECT,
                  _CLIENT, None, ("app-not-running", "client-id-in-use", "message-rate-exceeded"))  # fmt: skip


def warning(code: int) -> Notice:
    """The meaning of a number of the warning range."""
    return Notice(code, _K.INFORMATIONAL, "A warning that does not concern the connection", _READ_TEXT, _INFO)
