"""The settings of TWS or IB Gateway as its API reports them: values, and the messages that ask for and change them.

Absent (None) always means "not reported", never "off". Reading any bytes ends soon and raises nothing but `WireError`.
A single field that makes no sense counts as absent; the other fields are still read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias, TypeGuard, TypeVar, assert_never

from agent.tws.api_settings_table import FIELDS, LOCK_AND_EXIT, PRECAUTIONS, SETTINGS, FieldKind, Group, SettingField
from agent.tws.outside import FromOutside, OutsideName, OutsideText, RawText
from agent.tws.protobuf import Fixed, Value, WireError, as_signed, field, fields
from agent.tws.settings_files import minute_of_day

CONFIG_SINCE = 219
"""Server version from which on the settings can be asked for (TWS 10.43)."""
UPDATE_CONFIG_SINCE = 221
"""Server version from which on they can be changed (TWS 10.44)."""
LONGEST_ANSWER = 2 * 1024 * 1024
"""Bytes. Besides the settings the answer holds several hundred message prompts, some 100 KiB."""

_MOST_PROMPTS = 5_000
"""Fields of the outermost message, which holds the message prompts too."""
_MOST_FIELDS = 1_000
"""Fields of one group. The largest group has 36 settings, and trusted IPs are a field each."""
_LONGEST_TEXT = 4_096
"""Bytes of one text. No setting has a longer one: it counts as not reported."""
_LEAST_NUMBER, _LARGEST_NUMBER = -(2**31), 2**31 - 1
_LOCK_AND_EXIT, _API = 2, 4
"""Field numbers in ConfigResponse and UpdateConfigRequest alike."""
_API_PRECAUTIONS, _API_SETTINGS = 1, 2
_ACCEPTED_WARNINGS = 6

SettingValue: TypeAlias = bool | int | str | tuple[str, ...]
JsonObject: TypeAlias = dict[str, Any]


class Source(StrEnum):
    """How the settings became known (`api_settings.source` of `status --json`)."""

    API = "api"
    INFERRED = "inferred"
    """From another message of the application, such as notice 321 about Read-Only API."""
    UNKNOWN = "unknown"


# ── values ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ApiSettings(FromOutside):
    """API > Settings; what each means stands in `api_settings_table.SETTINGS`."""

    read_only_api: bool | None = None
    total_quantity_for_mutual_funds: bool | None = None
    download_open_orders_on_connection: bool | None = None
    include_virtual_fx_positions: bool | None = None
    prepare_daily_pnl: bool | None = None
    send_status_updates_for_volatility_orders: bool | None = None
    encode_api_messages: OutsideName | None = None
    socket_port: int | None = None
    use_negative_auto_range: bool | None = None
    create_api_message_log_file: bool | None = None
    include_market_data_in_log_file: bool | None = None
    expose_trading_schedule_to_api: bool | None = None
    split_insured_deposit_from_cash_balance: bool | None = None
    send_zero_positions_for_today_only: bool | None = None
    let_api_account_requests_switch_subscription: bool | None = None
    use_account_groups_with_allocation_methods: bool | None = None
    logging_level: OutsideName | None = None
    master_client_id: int | None = None
    bulk_data_timeout: int | None = None
    """Seconds."""
    component_exch_separator: OutsideName | None = None
    show_forex_data_in_1_10_pips: bool | None = None
    allow_forex_trading_in_1_10_pips: bool | None = None
    round_account_values_to_nearest_whole_number: bool | None = None
    send_market_data_in_lots_for_us_stocks: bool | None = None
    show_advanced_order_reject_in_ui: bool | None = None
    reject_messages_above_max_rate: bool | None = None
    maintain_connection_on_incorrect_fields: bool | None = None
    compatibility_mode_nasdaq_stocks: bool | None = None
    send_instrument_timezone: OutsideName | None = None
    send_forex_data_in_compatibility_mode: bool | None = None
    maintain_and_resubmit_orders_on_reconnect: bool | None = None
    historical_data_max_size: int | None = None
    """Megabytes."""
    auto_report_netting_event_contract_trades: bool | None = None
    option_exercise_request_type: OutsideName | None = None
    allow_localhost_only: bool | None = None
    trusted_ips: tuple[OutsideName, ...] | None = None
    """Never empty when read: the message does not tell an empty list from one that was not reported."""


@dataclass(frozen=True, slots=True)
class Precautions:
    """API > Precautions: True means bypassed; `api_settings_table.PRECAUTIONS` says what that gives up."""

    bypass_order_precautions: bool | None = None
    bypass_bond_warning: bool | None = None
    bypass_negative_yield_confirmation: bool | None = None
    bypass_called_bond_warning: bool | None = None
    bypass_same_action_pair_trade_warning: bool | None = None
    bypass_flagged_accounts_warning: bool | None = None
    bypass_price_based_volatility_warning: bool | None = None
    bypass_redirect_order_warning: bool | None = None
    bypass_no_overfill_protection: bool | None = None
    bypass_route_marketable_to_bbo: bool | None = None


_TIME_OF_DAY = re.compile(r"([0-9]{1,2}):([0-9]{2})", re.ASCII)
_HALVES = {"": "", "AM": "A", "PM": "P"}


@dataclass(frozen=True, slots=True)
class LockAndExit(FromOutside):
    """Lock and Exit: the daily log-off or restart."""

    auto_logoff_time: OutsideName | None = None
    """Hours and minutes, like "11:45"."""
    auto_logoff_period: OutsideName | None = None
    """"AM" or "PM"."""
    auto_logoff_type: OutsideName | None = None
    """"restart", or something that says log-off."""

    @property
    def minutes_after_midnight(self) -> int | None:
        """The time of it on the application's machine; None where the time was not reported in a known form."""
        found = _TIME_OF_DAY.fullmatch((self.auto_logoff_time or "").strip())
        half = _HALVES.get((self.auto_logoff_period or "").strip().upper())
        return None if found is None or half is None else minute_of_day(int(found[1]), int(found[2]), half)

    @property
    def restarts(self) -> bool | None:
        """True: Auto restart; False: Auto logoff; None where the type was not reported in a known form."""
        words = (self.auto_logoff_type or "").strip().lower().replace(" ", "").replace("-", "").replace("_", "")
        if "restart" in words:
            return True
        return False if "logoff" in words or "logout" in words else None


@dataclass(frozen=True, slots=True)
class Configuration:
    """Some of the settings: those that are known, or those that a request changes."""

    settings: ApiSettings = ApiSettings()
    precautions: Precautions = Precautions()
    lock_and_exit: LockAndExit = LockAndExit()

    def value(self, setting: SettingField) -> SettingValue | None:
        """One setting's value; None where it is unknown, or stays as it is."""
        found: SettingValue | None = getattr(getattr(self, setting.group.value), setting.name)
        return found

    @property
    def present(self) -> tuple[SettingField, ...]:
        """The settings that have a value."""
        return tuple(setting for setting in FIELDS if self.value(setting) is not None)

    def to_json(self) -> JsonObject:
        """The settings that have a value, by group and name, as in `api_settings` of `status --json`."""
        found: JsonObject = {group.value: {} for group in Group}
        for setting in self.present:
            value = self.value(setting)
            found[setting.group.value][setting.name] = list(value) if isinstance(value, tuple) else value
        return found


@dataclass(frozen=True, slots=True)
class ConfigResponse(Configuration):
    """The settings as the application reported them."""

    request_id: int | None = None
    source: Source = Source.API


@dataclass(frozen=True, slots=True)
class UpdateWarning(FromOutside):
    """A warning that the application wants accepted before it makes a change."""

    message_id: int | None = None
    title: RawText = ""
    """An accepted warning is sent back with title and message as they came."""
    message: RawText = ""


@dataclass(frozen=True, slots=True)
class UpdateResponse(FromOutside):
    """The application's answer to a request to change settings."""

    request_id: int | None = None
    status: OutsideName = ""
    """"success" or "error" in IBKR's documentation."""
    message: OutsideText = ""
    changed_fields: tuple[OutsideName, ...] = ()
    """Paths like configuration.api.settings.socketPort; `api_settings_table.BY_PATH` knows them."""
    errors: tuple[OutsideText, ...] = ()
    """Paths of the settings that are wrong, or sentences."""
    warnings: tuple[UpdateWarning, ...] = ()
    """Nothing is changed as long as one of them is not accepted."""

    @property
    def succeeded(self) -> bool:
        """Whether the application says that the change was made."""
        return self.status.strip().lower() == "success"

    @property
    def failed(self) -> bool:
        """Whether the application says that the change was not made."""
        return self.status.strip().lower() == "error"


# ── reading ─────────────────────────────────────────────────────────────────────────────────────


def decode_config_response(body: bytes) -> ConfigResponse:
    """Read a ConfigResponse. WireError where the message, or one of the three groups in it, is broken."""
    found = _message(body, _MOST_PROMPTS)
    api = _message(_joined(found, _API))
    return ConfigResponse(
        settings=_group(ApiSettings, SETTINGS, _joined(api, _API_SETTINGS)),
        precautions=_group(Precautions, PRECAUTIONS, _joined(api, _API_PRECAUTIONS)),
        lock_and_exit=_group(LockAndExit, LOCK_AND_EXIT, _joined(found, _LOCK_AND_EXIT)),
        request_id=_number(found.get(1, ())),
    )


def decode_update_response(body: bytes) -> UpdateResponse:
    """Read an UpdateConfigResponse. WireError where the message, or a warning in it, is broken."""
    found = _message(body)
    return UpdateResponse(
        request_id=_number(found.get(1, ())),
        status=_text(found.get(2, ())) or "",
        message=_text(found.get(3, ())) or "",
        changed_fields=_texts(found.get(4, ())) or (),
        errors=_texts(found.get(5, ())) or (),
        warnings=tuple(_warning(raw) for raw in found.get(6, ()) if _is_delimited(raw)),
    )


_Read: TypeAlias = dict[int, list[Value]]
_G = TypeVar("_G", ApiSettings, Precautions, LockAndExit)


def _message(body: bytes, most: int = _MOST_FIELDS) -> _Read:
    if len(body) > LONGEST_ANSWER:
        raise WireError(f"an answer of {len(body)} bytes is too long for settings")
    return fields(body, most)


def _joined(found: _Read, number: int) -> bytes:
    # Protobuf merges a message that comes in pieces; joining the pieces has that effect.
    return b"".join(filter(_is_delimited, found.get(number, ())))


def _group(group: type[_G], table: Sequence[SettingField], body: bytes) -> _G:
    found = _message(body)
    values = {setting.name: _value(setting.kind, found.get(setting.number, ())) for setting in table}
    return group(**values)  # type: ignore[arg-type]


def _value(kind: FieldKind, sent: Sequence[Value]) -> SettingValue | None:
    match kind:
        case FieldKind.FLAG:
            raw = sent[-1] if sent else None
            return raw != 0 if isinstance(raw, int) else None
        case FieldKind.NUMBER:
            return _number(sent)
        case FieldKind.TEXT:
            return _text(sent)
        case FieldKind.TEXTS:
            return _texts(sent)
        case unknown:
            assert_never(unknown)


def _number(sent: Sequence[Value]) -> int | None:
    raw = sent[-1] if sent else None
    if not isinstance(raw, int):
        return None
    value = as_signed(raw)
    return value if _LEAST_NUMBER <= value <= _LARGEST_NUMBER else None


def _text(sent: Sequence[Value]) -> str | None:
    raw = sent[-1] if sent else None
    if raw is None or not _is_delimited(raw) or len(raw) > _LONGEST_TEXT:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _texts(sent: Sequence[Value]) -> tuple[str, ...] | None:
    read = [_text((raw,)) for raw in sent]
    texts = tuple(text for text in read if text is not None)
    # Part of a list would be taken for the whole list.
    return texts if texts and len(texts) == len(read) else None


def _is_delimited(raw: Value) -> TypeGuard[bytes]:
    return isinstance(raw, bytes) and not isinstance(raw, Fixed)


def _warning(raw: bytes) -> UpdateWarning:
    found = _message(raw)
    return UpdateWarning(_number(found.get(1, ())), _text(found.get(2, ())) or "", _text(found.get(3, ())) or "")


# ── writing ─────────────────────────────────────────────────────────────────────────────────────


def encode_config_request(req_id: int) -> bytes:
    """The body of a ConfigRequest."""
    return field(1, req_id)


def encode_update_request(req_id: int, changes: Configuration, accepted: Sequence[UpdateWarning] = ()) -> bytes:
    """The body of an UpdateConfigRequest that changes what `changes` holds and nothing else.

    ValueError where `changes` is empty, holds a setting that only the application can change, or a value that no
    message can express.
    """
    if not changes.present:
        raise ValueError("there is nothing to change")
    body = field(1, req_id)
    lock_and_exit = _fields_of(changes, LOCK_AND_EXIT)
    precautions, settings = _fields_of(changes, PRECAUTIONS), _fields_of(changes, SETTINGS)
    body += field(_LOCK_AND_EXIT, lock_and_exit) if lock_and_exit else b""
    api = field(_API_PRECAUTIONS, precautions) if precautions else b""
    api += field(_API_SETTINGS, settings) if settings else b""
    body += field(_API, api) if api else b""
    return body + b"".join(field(_ACCEPTED_WARNINGS, _accepted(warning)) for warning in accepted)


def _fields_of(changes: Configuration, table: Sequence[SettingField]) -> bytes:
    return b"".join(_written(setting, value) for setting in table if (value := changes.value(setting)) is not None)


def _written(setting: SettingField, value: SettingValue) -> bytes:
    if not setting.writable:
        raise ValueError(f"{setting.title} can only be changed in the application itself")
    match value:
        case tuple():
            if not value:
                raise ValueError(f"the API has no way to make the list {setting.title} empty")
            return b"".join(field(setting.number, text) for text in value)
        case int() if not _LEAST_NUMBER <= value <= _LARGEST_NUMBER:
            raise ValueError(f"{setting.title} cannot be {value}")
        case _:
            return field(setting.number, value)


def _accepted(warning: UpdateWarning) -> bytes:
    body = field(1, warning.message_id) if warning.message_id is not None else b""
    body += field(2, warning.title) if warning.title else b""
    return body + (field(3, warning.message) if warning.message else b"")
