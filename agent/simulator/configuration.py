"""The settings of the simulated TWS that reqConfig tells and updateConfig changes, as values and as messages."""

import ipaddress
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.tws.api_settings import ApiSettings, Configuration, LockAndExit, Precautions
from agent.tws.api_settings_table import FIELDS
from agent.tws.schema import Field, Values, WireValue, encode, parse_table, raw_field, varint

CONFIGURATION_SCHEMA = parse_table(
    """
    LockAndExitConfig: 1 auto_logoff_time str, 2 auto_logoff_period str, 3 auto_logoff_type str
    MessageConfig: 1 id int, 2 title str, 3 message str, 4 default_action str, 5 enabled bool
    ApiPrecautionsConfig: 1 bypass_order_precautions bool, 2 bypass_bond_warning bool,\
        3 bypass_negative_yield_confirmation bool, 4 bypass_called_bond_warning bool,\
        5 bypass_same_action_pair_trade_warning bool, 6 bypass_flagged_accounts_warning bool,\
        7 bypass_price_based_volatility_warning bool, 8 bypass_redirect_order_warning bool,\
        9 bypass_no_overfill_protection bool, 10 bypass_route_marketable_to_bbo bool
    ApiSettingsConfig: 1 read_only_api bool, 2 total_quantity_for_mutual_funds bool,\
        3 download_open_orders_on_connection bool, 4 include_virtual_fx_positions bool, 5 prepare_daily_pnl bool,\
        6 send_status_updates_for_volatility_orders bool, 7 encode_api_messages str, 8 socket_port int,\
        9 use_negative_auto_range bool, 10 create_api_message_log_file bool, 11 include_market_data_in_log_file bool,\
        12 expose_trading_schedule_to_api bool, 13 split_insured_deposit_from_cash_balance bool,\
        14 send_zero_positions_for_today_only bool, 15 let_api_account_requests_switch_subscription bool,\
        16 use_account_groups_with_allocation_methods bool, 17 logging_level str, 18 master_client_id int,\
        19 bulk_data_timeout int, 20 component_exch_separator str, 21 show_forex_data_in_1_10_pips bool,\
        22 allow_forex_trading_in_1_10_pips bool, 23 round_account_values_to_nearest_whole_number bool,\
        24 send_market_data_in_lots_for_us_stocks bool, 25 show_advanced_order_reject_in_ui bool,\
        26 reject_messages_above_max_rate bool, 27 maintain_connection_on_incorrect_fields bool,\
        28 compatibility_mode_nasdaq_stocks bool, 29 send_instrument_timezone str,\
        30 send_forex_data_in_compatibility_mode bool, 31 maintain_and_resubmit_orders_on_reconnect bool,\
        32 historical_data_max_size int, 33 auto_report_netting_event_contract_trades bool,\
        34 option_exercise_request_type str, 35 allow_localhost_only bool, 36 trusted_ips str*
    ApiConfig: 1 precautions ApiPrecautionsConfig, 2 settings ApiSettingsConfig
    OrdersSmartRoutingConfig: 1 seek_price_improvement bool, 2 pre_open_reroute bool,\
        3 do_not_route_to_dark_pools bool, 4 default_algorithm str
    OrdersConfig: 1 smart_routing OrdersSmartRoutingConfig
    ConfigResponse: 1 request_id int, 2 lock_and_exit LockAndExitConfig, 3 prompts MessageConfig*, 4 api ApiConfig,\
        5 orders OrdersConfig
    UpdateConfigWarning: 1 message_id int, 2 title str, 3 message str
    UpdateConfigResponse: 1 request_id int, 2 status str, 3 message str, 4 changed_fields str*, 5 errors str*,\
        6 warnings UpdateConfigWarning*
    ReqUpdateConfig: 1 request_id int, 2 lock_and_exit LockAndExitConfig, 3 prompts MessageConfig*, 4 api ApiConfig,\
        5 orders OrdersConfig, 6 accepted_warnings UpdateConfigWarning*, 7 reset_order_ids bool
    """.replace("\\\n", " ")
)
"""Field numbers of IBKR's configuration messages."""

DEFAULT_CONFIGURATION = Configuration(
    ApiSettings(
        total_quantity_for_mutual_funds=False,
        download_open_orders_on_connection=True,
        include_virtual_fx_positions=True,
        prepare_daily_pnl=True,
        send_status_updates_for_volatility_orders=False,
        encode_api_messages="ascii7",
        use_negative_auto_range=False,
        create_api_message_log_file=False,
        include_market_data_in_log_file=False,
        expose_trading_schedule_to_api=False,
        split_insured_deposit_from_cash_balance=False,
        send_zero_positions_for_today_only=False,
        let_api_account_requests_switch_subscription=False,
        use_account_groups_with_allocation_methods=True,
        logging_level="error",
        bulk_data_timeout=30,
        component_exch_separator=" ",
        show_forex_data_in_1_10_pips=False,
        allow_forex_trading_in_1_10_pips=False,
        round_account_values_to_nearest_whole_number=False,
        send_market_data_in_lots_for_us_stocks=False,
        show_advanced_order_reject_in_ui=False,
        reject_messages_above_max_rate=True,
        maintain_connection_on_incorrect_fields=False,
        compatibility_mode_nasdaq_stocks=False,
        send_instrument_timezone="instrument",
        send_forex_data_in_compatibility_mode=False,
        maintain_and_resubmit_orders_on_reconnect=True,
        historical_data_max_size=16,
        auto_report_netting_event_contract_trades=True,
        option_exercise_request_type="editable",
        allow_localhost_only=True,
        trusted_ips=("127.0.0.1",),
    ),
    Precautions(**dict.fromkeys(Precautions.__dataclass_fields__, True)),
    LockAndExit("11:45", "PM", "restart"),
)
"""The settings of a fresh installation, as far as they are known, but with every precaution bypassed, as the guides of
trading programs ask. Read-Only API and the socket port are missing here: they are told as they are in force."""

SETTINGS_OF_FAULT = {
    "precautions-on": Configuration(
        precautions=Precautions(**dict.fromkeys(Precautions.__dataclass_fields__, False)),
    ),
    "auto-logoff": Configuration(lock_and_exit=LockAndExit(auto_logoff_type="logoff")),
}
"""The settings that some faults impose until a change of these settings."""

PROMPTS: tuple[Values, ...] = (
    {
        "id": 3,
        "title": "Simultaneous market data limit exceeded",
        "message": "<html>You have requested data for %s instruments simultaneously.</html>",
        "default_action": "Hidden",
        "enabled": False,
    },
    {"id": 131, "title": "Mandatory cap price", "default_action": "Show", "enabled": True},
    {"id": 11001, "title": "Exchange-specific warning: LMTDOWN", "default_action": "Hidden", "enabled": True},
)
"""Message prompts: part of every answer, and of no use to Gatelight."""

WARNING: Values = {
    "message_id": 131,
    "title": "Changed by an API client",
    "message": "An API client wants to change the settings of this application.",
}
"""The warning that a client must accept under the fault `config-warnings`."""

LOCALHOST = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
"""Addresses of this machine. The rest of 127.0.0.0/8 does not count, so it can stand for other machines."""

_TIME_OF_DAY = re.compile(r"(0?[1-9]|1[0-2]):[0-5][0-9]")
_PORTS = range(1, 65536)


# ── values ──────────────────────────────────────────────────────────────────────────────────────


def merged(base: Configuration, changes: Configuration) -> tuple[Configuration, tuple[str, ...]]:
    """The configuration after a change, and the paths of the settings that have changed."""
    different = [s for s in changes.present if changes.value(s) != base.value(s)]
    groups = {
        group: replace(getattr(base, group), **{s.name: changes.value(s) for s in different if s.group == group})
        for group in ("settings", "precautions", "lock_and_exit")
    }
    return Configuration(**groups), tuple(s.path for s in different)


def objections(changes: Configuration) -> tuple[str, ...]:
    """The paths of the settings that cannot take their new value."""
    return tuple(s.path for s in changes.present if not s.writable or not _fits(s.name, changes.value(s)))


def configuration_of(values: Mapping[str, Any]) -> Configuration:
    """A configuration from its three groups by name, as in JSON. ValueError for an unknown setting."""
    known = {(s.group.value, s.name) for s in FIELDS}
    for group, found in values.items():
        for name in found:
            if (group, name) not in known:
                raise ValueError(f"there is no setting {name!r} in {group!r}")
    settings = dict(values.get("settings", {}))
    if "trusted_ips" in settings:
        settings["trusted_ips"] = tuple(settings["trusted_ips"])
    return Configuration(
        ApiSettings(**settings),
        Precautions(**values.get("precautions", {})),
        LockAndExit(**values.get("lock_and_exit", {})),
    )


def wanted_changes(asked: Values) -> Configuration:
    """The changes that an updateConfig asks for."""
    api = asked.get("api", {})
    groups = dict(api) if isinstance(api, Mapping) else {}
    return configuration_of({**groups, "lock_and_exit": asked.get("lock_and_exit", {})})


def accepted_warnings(asked: Values) -> frozenset[WireValue]:
    """The IDs of the warnings that an updateConfig accepts."""
    listed = asked.get("accepted_warnings", ())
    items = listed if isinstance(listed, Sequence) and not isinstance(listed, str) else ()
    return frozenset(item.get("message_id", 0) for item in items if isinstance(item, Mapping))


def response_values(request_id: int, configuration: Configuration) -> Values:
    """A ConfigResponse."""
    groups = configuration.to_json()
    return {
        "request_id": request_id,
        "lock_and_exit": groups["lock_and_exit"],
        "prompts": PROMPTS,
        "api": {"precautions": groups["precautions"], "settings": groups["settings"]},
        "orders": {"smart_routing": {"seek_price_improvement": False, "default_algorithm": "SMART"}},
    }


def _fits(name: str, value: object) -> bool:
    match name, value:
        case "socket_port", int(port):
            return port in _PORTS
        case (("master_client_id" | "bulk_data_timeout" | "historical_data_max_size"), int(number)):
            return number >= 0
        case "trusted_ips", tuple(addresses):
            return all(_is_address(address) for address in addresses)
        case "auto_logoff_time", str(time):
            return _TIME_OF_DAY.fullmatch(time) is not None
        case "auto_logoff_period", str(period):
            return period in ("AM", "PM")
        case "auto_logoff_type", str(kind):
            return kind in ("restart", "logoff")
        case _:
            return True


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


# ── messages that are not as they should be ─────────────────────────────────────────────────────

_STRANGE = 900
"""Field numbers from here on have no meaning."""


def with_unknown_fields(message: str, values: Values) -> bytes:
    """A message with fields of a later version before and after the known fields, in each of its parts."""
    before = raw_field(_STRANGE, 2**64 - 1) + raw_field(_STRANGE + 1, "from a later version")
    after = _fixed(_STRANGE + 2, 8) + _fixed(_STRANGE + 3, 4) + raw_field(_STRANGE + 4, raw_field(1, 1))
    return before + _rebuilt(message, values, with_unknown_fields, _as_known) + after


def with_wrong_types(message: str, values: Values) -> bytes:
    """A message in which every plain field with an even number has a wrong type."""
    return _rebuilt(message, values, with_wrong_types, _as_something_else)


def _rebuilt(message: str, values: Values, nested: Any, plain: Any) -> bytes:
    out = b""
    for part in CONFIGURATION_SCHEMA[message]:
        if part.name not in values:
            continue
        value: Any = values[part.name]
        for item in value if part.repeated else (value,):
            if part.kind in CONFIGURATION_SCHEMA:
                out += raw_field(part.number, nested(part.kind, item))
            else:
                out += plain(part, item)
    return out


def _as_known(part: Field, value: WireValue) -> bytes:
    single = replace(part, repeated=False)
    return encode("It", {part.name: value}, {"It": (single,)})


def _as_something_else(part: Field, value: WireValue) -> bytes:
    if part.number % 2:
        return _as_known(part, value)
    if part.number % 4 == 0:
        return _fixed(part.number, 8)
    return raw_field(part.number, 4711 if part.kind == "str" else "not a number")


def _fixed(number: int, size: int) -> bytes:
    return varint(number << 3 | (1 if size == 8 else 5)) + struct.pack("<Q", 0x2020202020202020)[:size]
