"""Settings as IBKR's generated classes hold them, and values that tell every field from every other."""

from typing import Any

from ibapi.protobuf.ConfigResponse_pb2 import ConfigResponse as IbkrConfigResponse

from agent.tws.api_settings import Configuration, SettingValue
from agent.tws.api_settings_table import FIELDS, FieldKind, Group, SettingField


def values_for(setting: SettingField) -> tuple[SettingValue, ...]:
    """Values a field is tried with; the empty ones too, for being reported as off is not being left out."""
    match setting.kind:
        case FieldKind.FLAG:
            return (True, False)
        case FieldKind.NUMBER:
            return (4000 + setting.number, 0, -1, 2**31 - 1, -(2**31))
        case FieldKind.TEXT:
            return (f"{setting.name} – ü", "")
        case FieldKind.TEXTS:
            return (("192.0.2.1",), ("127.0.0.1", "2001:db8::1", "192.0.2.7"))


def single(setting: SettingField, value: Any) -> Configuration:
    """A configuration of one field."""
    return configured({setting: value})


def configured(values: dict[SettingField, Any]) -> Configuration:
    """A configuration of some fields."""
    groups: dict[str, Any] = {}
    empty = Configuration()
    for group in Group:
        mine = {s.name: value for s, value in values.items() if s.group is group}
        groups[group.value] = type(getattr(empty, group.value))(**mine)
    return Configuration(**groups)


def filled(flags: bool, read_only: bool | None = True) -> Configuration:
    """Every field set: flags alike, numbers and texts each different."""
    values = {
        s: flags if s.kind is FieldKind.FLAG else values_for(s)[-1 if s.kind is FieldKind.TEXTS else 0] for s in FIELDS
    }
    values[FIELDS[0]] = flags if read_only else None  # type: ignore[assignment]
    return configured(values)


def ibkr_group(message: Any, setting: SettingField) -> Any:
    """The part of IBKR's ConfigResponse or UpdateConfigRequest that holds a field."""
    match setting.group:
        case Group.SETTINGS:
            return message.api.settings
        case Group.PRECAUTIONS:
            return message.api.precautions
        case Group.LOCK_AND_EXIT:
            return message.lockAndExit


def set_ibkr(message: Any, setting: SettingField, value: Any) -> None:
    """Set one field of IBKR's ConfigResponse or UpdateConfigRequest."""
    group = ibkr_group(message, setting)
    if setting.kind is FieldKind.TEXTS:
        group.trustedIPs.extend(value)
    else:
        setattr(group, setting.wire_name, value)


def ibkr_response(configuration: Configuration, req_id: int = 1) -> Any:
    """IBKR's ConfigResponse with this configuration."""
    message = IbkrConfigResponse(reqId=req_id)
    for setting in configuration.present:
        set_ibkr(message, setting, configuration.value(setting))
    return message
