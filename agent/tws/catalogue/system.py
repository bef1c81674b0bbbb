"""Notices about TWS itself and its warnings: 1100 and up, 2100 and up.

IBKR keeps 2100 to 2169 for warnings; one without a row here is not known to be harmless.
"""

from agent.tws.catalogue.kinds import (
    CORRECT,
    NOTHING,
    ORDER_ONLY,
    READ_TEXT,
    UPDATE_CLIENT,
    WAIT,
    IbCode,
    NoticeClass,
    NoticeKind,
)

_K = NoticeKind
_TRANSIENT, _USER, _CLIENT, _INFO = NoticeClass

SYSTEM: tuple[IbCode, ...] = (
    # ── TWS and IB's servers ──
    IbCode(1100, _K.LINK_LOST, "TWS has lost its connection to IB’s servers",
           "Wait some minutes. If it lasts longer than ten minutes outside a reset window, check internet and VPN.",
           _TRANSIENT, "server-link-lost", ("scheduled-outage", "network-down", "competing-session")),
    IbCode(1101, _K.LINK_RESTORED_DATA_LOST, "TWS is connected to IB’s servers again, data subscriptions are gone",
           "Let your programs subscribe to their data again, or restart them.", _CLIENT, "data-lost"),
    IbCode(1102, _K.LINK_RESTORED, "TWS is connected to IB’s servers again, data subscriptions were kept",
           NOTHING, _INFO),
    IbCode(1300, _K.PORT_CHANGED, "The API port was changed in the settings, and this connection is being dropped",
           "Use the new port, which the notice names, in your programs.", _USER, "api-port-mismatch"),
    IbCode(2110, _K.LINK_LOST, "TWS has no connection to IB’s servers and will restore it by itself",
           "Wait some minutes. If it lasts longer than ten minutes outside a reset window, check internet and VPN.",
           _TRANSIENT, "server-link-lost", ("scheduled-outage", "network-down")),
    # ── data farms ──
    IbCode(2103, _K.FARM_BROKEN, "The connection to a market data farm is broken: no quotes from that farm", WAIT,
           _TRANSIENT, "data-farm-broken", ("scheduled-outage",)),
    IbCode(2104, _K.FARM_OK, "The connection to a market data farm is OK", NOTHING, _INFO),
    IbCode(2105, _K.FARM_BROKEN, "The connection to a historical data (HMDS) farm is broken: no history from it",
           WAIT, _TRANSIENT, "data-farm-broken", ("scheduled-outage",)),
    IbCode(2106, _K.FARM_OK, "The connection to a historical data (HMDS) farm is OK", NOTHING, _INFO),
    IbCode(2107, _K.FARM_INACTIVE, "A historical data (HMDS) farm is idle and wakes up when history is asked for",
           NOTHING, _INFO),
    IbCode(2108, _K.FARM_INACTIVE, "A market data farm is idle and wakes up when data is asked for", NOTHING, _INFO),
    IbCode(2119, _K.FARM_CONNECTING, "TWS is connecting to a market data farm", NOTHING, _INFO),
    IbCode(2157, _K.FARM_BROKEN, "The connection to a security definition farm is broken: contract look-ups may fail",
           WAIT, _TRANSIENT, "data-farm-broken", ("scheduled-outage",)),
    IbCode(2158, _K.FARM_OK, "The connection to a security definition farm is OK", NOTHING, _INFO),
    # ── before the session ──
    IbCode(2139, _K.PAPER_DISCLAIMER, "The paper trading disclaimer has not been accepted yet",
           "Click “I understand and accept” in the window “This is not a brokerage account” of TWS or IB Gateway.",
           _USER, "session-not-ready", ("api-silent",)),
    # ── account and data ──
    IbCode(2100, _K.INFORMATIONAL, "A newer request took over the account updates", NOTHING, _INFO),
    IbCode(2101, _K.REQUEST_INVALID, "Account updates were refused: another program receives those of another account",
           "Use reqAccountUpdatesMulti in the program.", _CLIENT),
    IbCode(2152, _K.NOT_SUBSCRIBED, "Market depth is permitted for some exchanges only: the notice lists which",
           "Subscribe to the depth of the exchanges it names as missing, or use the others.", _USER, None,
           ("data-not-subscribed",)),
    IbCode(2113, _K.INFORMATIONAL, "A remark on the product: sizes of this bond are nominal", NOTHING, _INFO),
    IbCode(2129, _K.INFORMATIONAL, "A remark on the product: it is indicative only", NOTHING, _INFO),
    IbCode(2130, _K.INFORMATIONAL, "A remark on the product: prices carry a factor", NOTHING, _INFO),
    IbCode(2174, _K.REQUEST_INVALID, "A date and time came without its time zone", "Add the time zone.", _CLIENT),
    IbCode(2176, _K.CLIENT_OUTDATED, "The API library does not know fractional sizes, so sizes are rounded",
           UPDATE_CLIENT, _CLIENT),
    IbCode(2148, _K.INFORMATIONAL, "A warning that IB’s own tables do not explain", READ_TEXT, _INFO),
    # ── orders: shown, never judged ──
    IbCode(2102, _K.ORDER, "The order cannot be changed while it is still being processed", "Try again.", _CLIENT),
    IbCode(2109, _K.ORDER, "The order ignores “outside regular trading hours”", ORDER_ONLY, _INFO),
    IbCode(2111, _K.ORDER, "The times of an algorithmic order were adjusted", ORDER_ONLY, _INFO),
    IbCode(2137, _K.ORDER, "The order crosses another one of your own", ORDER_ONLY, _INFO),
    IbCode(2150, _K.ORDER, "A value derived from the position is not valid", ORDER_ONLY, _INFO),
    IbCode(2168, _K.ORDER, "eTradeOnly is no longer supported and was ignored", CORRECT, _CLIENT),
    IbCode(2169, _K.ORDER, "firmQuoteOnly is no longer supported and was ignored", CORRECT, _CLIENT),
    IbCode(2170, _K.ORDER, "nbboPriceCap is no longer supported and was ignored", CORRECT, _CLIENT),
    IbCode(2181, _K.ORDER, "The order’s opting out of smart routing was dropped", ORDER_ONLY, _INFO),
)  # fmt: skip
"""Each number with its own meaning; numbers that are alike in all else stand together."""
