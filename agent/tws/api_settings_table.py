"""Every setting of TWS and IB Gateway that the API reports, as one table: number, name, kind, label, meaning.

Numbers and names are those of IBKR's ApiSettingsConfig, ApiPrecautionsConfig and LockAndExitConfig; labels are as the
application shows them under API > Settings, API > Precautions, and Lock and Exit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FieldKind(StrEnum):
    """The kind of a setting's value; it decides how the value is written."""

    FLAG = "flag"
    """A box, ticked or not; a varint."""
    NUMBER = "number"
    """A 32-bit whole number; a varint."""
    TEXT = "text"
    """Length-delimited."""
    TEXTS = "texts"
    """Any number of texts, each a field of its own."""


class Group(StrEnum):
    """The three groups of settings; the values are their keys in `status --json`."""

    SETTINGS = "settings"
    PRECAUTIONS = "precautions"
    LOCK_AND_EXIT = "lock_and_exit"


_PATHS = {
    Group.SETTINGS: "configuration.api.settings.",
    Group.PRECAUTIONS: "configuration.api.precautions.",
    Group.LOCK_AND_EXIT: "configuration.lockAndExit.",
}
"""The beginning of a setting's path in reports of changes and errors (IBKR's protobuf reference)."""


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting."""

    group: Group
    number: int
    """Field number in its protobuf message."""
    wire_name: str
    """IBKR's own name."""
    name: str
    """The same in snake_case: attribute and JSON key."""
    kind: FieldKind
    label: str
    """As the application shows it; " / " between radio buttons. Empty where its wording is not known."""
    meaning: str
    """What it does, in one sentence."""
    given_up: str = ""
    """Precautions only: what the user gives up by bypassing it, in one sentence."""
    about: str = ""
    """What a box is about, where its label is not known."""
    writable: bool = True
    """False: it cannot be changed through the API."""

    @property
    def path(self) -> str:
        """Its name in the application's reports of changes, like configuration.api.settings.socketPort."""
        return _PATHS[self.group] + self.wire_name

    @property
    def title(self) -> str:
        """The label, or words for it where the label is not known."""
        return self.label or f"Box about {self.about}"

    @property
    def named(self) -> str:
        """The setting within a sentence: its label in quotation marks, or words for it."""
        return f"“{self.label}”" if self.label else f"the box about {self.about}"


def _setting(
    number: int, wire_name: str, name: str, kind: FieldKind, label: str, meaning: str, *, writable: bool = True
) -> SettingField:
    return SettingField(Group.SETTINGS, number, wire_name, name, kind, label, meaning, writable=writable)


def _precaution(
    number: int, wire_name: str, name: str, label: str, meaning: str, given_up: str, *, about: str = ""
) -> SettingField:
    return SettingField(Group.PRECAUTIONS, number, wire_name, name, FieldKind.FLAG, label, meaning, given_up, about)


_FLAG, _NUMBER, _TEXT, _TEXTS = FieldKind.FLAG, FieldKind.NUMBER, FieldKind.TEXT, FieldKind.TEXTS

SETTINGS: tuple[SettingField, ...] = (
    _setting(1, "readOnlyApi", "read_only_api", _FLAG, "Read-Only API",
             "API programs can read data but can neither place nor cancel orders, nor ask for open ones.",
             # IBKR: read-only access has to be switched off by hand before the API can change anything.
             writable=False),
    _setting(2, "totalQuantityForMutualFunds", "total_quantity_for_mutual_funds", _FLAG,
             "TotalQuantity field may be used to transmit monetary value for BUY orders for mutual funds",
             "The quantity of an order to buy a mutual fund may be an amount of money."),
    _setting(3, "downloadOpenOrdersOnConnection", "download_open_orders_on_connection", _FLAG,
             "Download open orders on connection",
             "A program is sent its open orders as soon as it connects."),
    _setting(4, "includeVirtualFxPositions", "include_virtual_fx_positions", _FLAG,
             "Include virtual FX positions when sending portfolio",
             "Currency positions that only result from trades are sent with the portfolio."),
    _setting(5, "prepareDailyPnL", "prepare_daily_pnl", _FLAG, "Prepare DailyPnL when downloading positions",
             "The profit and loss of the day is worked out together with the positions."),
    _setting(6, "sendStatusUpdatesForVolatilityOrders", "send_status_updates_for_volatility_orders", _FLAG,
             'Send status updates for Volatility orders with "Continuous Update" flag',
             "Volatility orders that are updated all the time report their status each time."),
    _setting(7, "encodeApiMessages", "encode_api_messages", _TEXT, "Encode API messages, instrument names",
             "How letters beyond plain English are written in messages to API programs."),
    _setting(8, "socketPort", "socket_port", _NUMBER, "Socket port", "The port on which API programs connect."),
    _setting(9, "useNegativeAutoRange", "use_negative_auto_range", _FLAG,
             "Use negative numbers to bind automatic orders",
             "Orders entered by hand get negative numbers when a program takes them over."),
    _setting(10, "createApiMessageLogFile", "create_api_message_log_file", _FLAG, "Create API message log file",
             "The application writes what passes between it and API programs to a file."),
    _setting(11, "includeMarketDataInLogFile", "include_market_data_in_log_file", _FLAG,
             "Include market data in API log file", "That file also holds the market data, and becomes large."),
    _setting(12, "exposeTradingScheduleToApi", "expose_trading_schedule_to_api", _FLAG,
             "Expose entire trading schedule to API",
             "Programs are told all trading hours of an instrument, not only the next ones."),
    _setting(13, "splitInsuredDepositFromCashBalance", "split_insured_deposit_from_cash_balance", _FLAG,
             "Split Insured Deposit from Cash Balance",
             "Cash swept into insured deposits is reported apart from the cash balance."),
    _setting(14, "sendZeroPositionsForTodayOnly", "send_zero_positions_for_today_only", _FLAG,
             "Send zero positions for today’s opening positions only",
             "Positions that are closed are only reported if they were open at the start of the day."),
    _setting(15, "letApiAccountRequestsSwitchSubscription", "let_api_account_requests_switch_subscription", _FLAG,
             "Let API account requests switch user-visible account subscription",
             "A program that asks for another account also changes the account on the screen."),
    _setting(16, "useAccountGroupsWithAllocationMethods", "use_account_groups_with_allocation_methods", _FLAG,
             "Use Account Groups with Allocation Methods",
             "Advisors’ account groups and allocation profiles are one and the same for API programs."),
    _setting(17, "loggingLevel", "logging_level", _TEXT, "Logging Level",
             "How much the application writes to its log about the API."),
    _setting(18, "masterClientId", "master_client_id", _NUMBER, "Master API client ID",
             "The program with this client ID is told about the orders of all programs."),
    _setting(19, "bulkDataTimeout", "bulk_data_timeout", _NUMBER, "Timeout to send bulk data to API",
             "How many seconds the application waits for a program that is slow to take large answers."),
    _setting(20, "componentExchSeparator", "component_exch_separator", _TEXT, "Component Exch. Separator",
             "The sign between exchange and component exchange in the names sent to programs."),
    _setting(21, "showForexDataIn1_10Pips", "show_forex_data_in_1_10_pips", _FLAG, "Show Forex data in 1/10 pips",
             "Currency prices are shown with a tenth of a pip."),
    _setting(22, "allowForexTradingIn1_10Pips", "allow_forex_trading_in_1_10_pips", _FLAG,
             "Allow Forex trading in 1/10 pips", "Currency orders may have prices with a tenth of a pip."),
    _setting(23, "roundAccountValuesToNearestWholeNumber", "round_account_values_to_nearest_whole_number", _FLAG,
             "Round Account values to nearest whole number", "Account values are sent without decimals."),
    _setting(24, "sendMarketDataInLotsForUsStocks", "send_market_data_in_lots_for_us_stocks", _FLAG,
             "Send market data in lots for US stocks for dual-mode API clients",
             "Sizes in market data of US stocks count lots instead of shares."),
    _setting(25, "showAdvancedOrderRejectInUi", "show_advanced_order_reject_in_ui", _FLAG,
             "Show advanced order reject in UI always",
             "A rejected order that offers a choice opens a window in the application, even if a program sent it."),
    _setting(26, "rejectMessagesAboveMaxRate", "reject_messages_above_max_rate", _FLAG,
             "Reject messages above maximum allowed message rate vs applying pacing",
             "Messages beyond the allowed rate are refused; otherwise they are slowed down."),
    _setting(27, "maintainConnectionOnIncorrectFields", "maintain_connection_on_incorrect_fields", _FLAG,
             "Maintain connection upon receiving incorrectly formatted fields",
             "A program that sends a malformed field is not disconnected for it."),
    _setting(28, "compatibilityModeNasdaqStocks", "compatibility_mode_nasdaq_stocks", _FLAG,
             "Compatibility Mode: Send ISLAND for US Stocks trading on NASDAQ",
             "Programs are told the old exchange name ISLAND instead of NASDAQ."),
    _setting(29, "sendInstrumentTimezone", "send_instrument_timezone", _TEXT,
             "Send instrument-specific attributes for dual-mode API client in",
             "The time zone in which dates and times of an instrument are sent."),
    _setting(30, "sendForexDataInCompatibilityMode", "send_forex_data_in_compatibility_mode", _FLAG,
             "Send Forex market data in compatibility mode in integer units",
             "Sizes in market data of currencies are whole units, as older programs expect."),
    _setting(31, "maintainAndResubmitOrdersOnReconnect", "maintain_and_resubmit_orders_on_reconnect", _FLAG,
             "Maintain and resubmit orders when connection is restored",
             "Orders sent while the link to IB’s servers is down are kept, and sent when it is back."),
    _setting(32, "historicalDataMaxSize", "historical_data_max_size", _NUMBER,
             "Split historical data into parts with size of (in MB)",
             "Large answers with historical data are sent in parts of this many megabytes."),
    _setting(33, "autoReportNettingEventContractTrades", "auto_report_netting_event_contract_trades", _FLAG,
             "Automatically report Netting Event Contract trades",
             "Trades that result from netting event contracts are reported to programs."),
    _setting(34, "optionExerciseRequestType", "option_exercise_request_type", _TEXT, "Option exercise requests are",
             "Whether a request to exercise an option can be changed until the deadline or is final at once."),
    _setting(35, "allowLocalhostOnly", "allow_localhost_only", _FLAG, "Allow connections from localhost only",
             "Only programs on the machine of the application can connect; all others are turned away."),
    _setting(36, "trustedIPs", "trusted_ips", _TEXTS, "Trusted IPs",
             "Addresses from which programs can connect without being asked for; single ones, no networks."),
)  # fmt: skip
"""API > Settings."""

PRECAUTIONS: tuple[SettingField, ...] = (
    _precaution(1, "bypassOrderPrecautions", "bypass_order_precautions", "Bypass Order Precautions for API Orders",
                "API orders are not held against the precautionary limits on size, value and price.",
                "An order of a program that is far too large or far from the market price goes out unquestioned."),
    _precaution(2, "bypassBondWarning", "bypass_bond_warning", "Bypass Bond warning for API Orders.",
                "API orders for bonds go out without the warning about bonds.",
                "A program trades a bond without a word about its particular risks beforehand."),
    _precaution(3, "bypassNegativeYieldConfirmation", "bypass_negative_yield_confirmation",
                "Bypass negative yield to worst confirmation for API Orders.",
                "API orders for bonds with a negative yield to worst need no confirmation.",
                "A program can buy a bond that is bound to lose money if it is redeemed at the worst time."),
    _precaution(4, "bypassCalledBondWarning", "bypass_called_bond_warning",
                "Bypass Called Bond warning for API Orders",
                "API orders for bonds that have been called go out without a warning.",
                "A program can buy a bond that the issuer is already paying back."),
    _precaution(5, "bypassSameActionPairTradeWarning", "bypass_same_action_pair_trade_warning",
                'Bypass "same action pair trade" warning for API orders.',
                "A pair trade whose two sides go the same way goes out without a warning.",
                "A pair trade that buys both sides, or sells both, by mistake goes out unquestioned."),
    _precaution(6, "bypassFlaggedAccountsWarning", "bypass_flagged_accounts_warning", "",
                "API orders for accounts that are flagged go out without a warning.",
                "A program can trade in an account that was marked as needing attention first.",
                about="accounts that are flagged"),
    _precaution(7, "bypassPriceBasedVolatilityWarning", "bypass_price_based_volatility_warning",
                "Bypass price-based volatility risk warning for API Orders.",
                "Price-based API orders go out without the warning about the risk of volatility.",
                "An order may be filled at a price far from the one last seen, without a warning."),
    _precaution(8, "bypassRedirectOrderWarning", "bypass_redirect_order_warning",
                "Bypass Redirect Order warning for Stock API Orders",
                "API orders for stocks may be sent to another exchange without a warning.",
                "A stock order can go to another exchange than the program named, without a word about it."),
    _precaution(9, "bypassNoOverfillProtection", "bypass_no_overfill_protection",
                "Bypass No Overfill Protection precaution for destinations where implied natively.",
                "API orders go out although the destination does not protect them from being filled too often.",
                "Linked orders can be filled together for more than was meant, without a warning beforehand."),
    _precaution(10, "bypassRouteMarketableToBBO", "bypass_route_marketable_to_bbo", "",
                "Marketable API orders routed to the best bid or offer go out without a warning.",
                "An order that trades at once can go straight to the best quote, and pay its fees, unquestioned.",
                about="orders routed to the best bid or offer"),
)  # fmt: skip
"""API > Precautions. Each bypasses a safety prompt, which no program can answer."""

LOCK_AND_EXIT: tuple[SettingField, ...] = (
    SettingField(Group.LOCK_AND_EXIT, 1, "autoLogoffTime", "auto_logoff_time", _TEXT,
                 "Set Auto Log Off Time (HH:MM) / Set Auto Restart Time (HH:MM)",
                 "When the application logs off or restarts every day, in the time of its machine."),
    SettingField(Group.LOCK_AND_EXIT, 2, "autoLogoffPeriod", "auto_logoff_period", _TEXT, "AM / PM",
                 "Whether that time is in the first or the second half of the day."),
    SettingField(Group.LOCK_AND_EXIT, 3, "autoLogoffType", "auto_logoff_type", _TEXT, "Auto logoff / Auto restart",
                 "Whether the application ends at that time, or starts again without a new log-in."),
)  # fmt: skip
"""Lock and Exit."""

FIELDS: tuple[SettingField, ...] = (*SETTINGS, *PRECAUTIONS, *LOCK_AND_EXIT)
"""All of them."""

BY_PATH: Mapping[str, SettingField] = {field.path: field for field in FIELDS}
"""By path."""
