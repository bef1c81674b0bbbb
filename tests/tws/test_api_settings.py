"""The settings codec, held against IBKR's own generated classes: every field, both ways, and every kind of nonsense."""

import re
import struct
from typing import Any

import pytest
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from ibapi.protobuf.ApiPrecautionsConfig_pb2 import ApiPrecautionsConfig
from ibapi.protobuf.ApiSettingsConfig_pb2 import ApiSettingsConfig
from ibapi.protobuf.ConfigRequest_pb2 import ConfigRequest
from ibapi.protobuf.ConfigResponse_pb2 import ConfigResponse as IbkrConfigResponse
from ibapi.protobuf.LockAndExitConfig_pb2 import LockAndExitConfig
from ibapi.protobuf.UpdateConfigRequest_pb2 import UpdateConfigRequest
from ibapi.protobuf.UpdateConfigResponse_pb2 import UpdateConfigResponse

from agent.tws import api_settings
from agent.tws.api_settings import (
    ApiSettings,
    ConfigResponse,
    Configuration,
    LockAndExit,
    Precautions,
    Source,
    UpdateWarning,
    decode_config_response,
    decode_update_response,
    encode_config_request,
    encode_update_request,
)
from agent.tws.api_settings_table import BY_PATH, FIELDS, LOCK_AND_EXIT, PRECAUTIONS, SETTINGS, FieldKind, SettingField
from agent.tws.outside import LONGEST_NAME, clean
from agent.tws.protobuf import WireError, encoded_varint, field, fields
from tests.ibkr_settings import filled, ibkr_group, ibkr_response, set_ibkr, single, values_for

EACH = pytest.mark.parametrize("setting", FIELDS, ids=lambda s: s.name)
GROUPS = pytest.mark.parametrize(
    ("table", "group", "ibkr"),
    [
        (SETTINGS, ApiSettings, ApiSettingsConfig),
        (PRECAUTIONS, Precautions, ApiPrecautionsConfig),
        (LOCK_AND_EXIT, LockAndExit, LockAndExitConfig),
    ],
    ids=["settings", "precautions", "lock-and-exit"],
)
KINDS = {8: FieldKind.FLAG, 5: FieldKind.NUMBER, 9: FieldKind.TEXT}
"""By the type numbers of protobuf's descriptor.proto: TYPE_BOOL, TYPE_INT32, TYPE_STRING."""


# ── the table ───────────────────────────────────────────────────────────────────────────────────


def test_there_are_36_settings_10_precautions_and_3_of_lock_and_exit() -> None:
    assert (len(SETTINGS), len(PRECAUTIONS), len(LOCK_AND_EXIT)) == (36, 10, 3)


@GROUPS
def test_the_table_is_ibkrs(table: tuple[SettingField, ...], group: type, ibkr: Any) -> None:
    theirs = [(f.number, f.name, FieldKind.TEXTS if f.is_repeated else KINDS[f.type]) for f in ibkr.DESCRIPTOR.fields]

    assert [(s.number, s.wire_name, s.kind) for s in table] == theirs
    assert tuple(group.__dataclass_fields__) == tuple(s.name for s in table)  # type: ignore[attr-defined]


@EACH
def test_a_name_is_ibkrs_in_snake_case(setting: SettingField) -> None:
    words = setting.wire_name.replace("PnL", "Pnl")
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z])(?=[0-9])", "_", words).lower()

    assert setting.name == words


def test_the_names_of_the_contract_are_kept() -> None:
    names = {s.wire_name: s.name for s in FIELDS}

    assert names["readOnlyApi"] == "read_only_api"
    assert names["trustedIPs"] == "trusted_ips"
    assert names["prepareDailyPnL"] == "prepare_daily_pnl"
    assert names["bypassRouteMarketableToBBO"] == "bypass_route_marketable_to_bbo"
    assert names["showForexDataIn1_10Pips"] == "show_forex_data_in_1_10_pips"


@EACH
def test_every_setting_is_explained_in_one_sentence(setting: SettingField) -> None:
    sentences = [setting.meaning] + ([setting.given_up] if setting in PRECAUTIONS else [])

    for sentence in sentences:
        assert re.fullmatch(r"[A-Z][^.]{15,130}\.", sentence), sentence
    assert bool(setting.given_up) is (setting in PRECAUTIONS)
    assert setting.title


def test_only_labels_whose_wording_is_not_known_are_left_out() -> None:
    unknown = {"bypass_flagged_accounts_warning", "bypass_route_marketable_to_bbo"}

    assert {s.name for s in FIELDS if not s.label} == unknown


def test_a_setting_is_found_by_what_the_application_calls_it() -> None:
    assert BY_PATH["configuration.api.settings.loggingLevel"].name == "logging_level"
    assert BY_PATH["configuration.api.precautions.bypassBondWarning"].name == "bypass_bond_warning"
    assert BY_PATH["configuration.lockAndExit.autoLogoffTime"].name == "auto_logoff_time"
    assert len(BY_PATH) == 49


# ── reading what IBKR's classes write ───────────────────────────────────────────────────────────


@EACH
def test_each_setting_alone_is_read(setting: SettingField) -> None:
    for value in values_for(setting):
        response = decode_config_response(ibkr_response(single(setting, value)).SerializeToString())

        assert response.value(setting) == value
        assert response.present == (setting,)


@pytest.mark.parametrize("flags", [True, False])
def test_all_settings_together_are_read(flags: bool) -> None:
    whole = filled(flags)
    response = decode_config_response(ibkr_response(whole, req_id=77).SerializeToString())

    assert response == ConfigResponse(whole.settings, whole.precautions, whole.lock_and_exit, 77)
    assert len(response.present) == 49


def test_nothing_reported_is_nothing_known() -> None:
    assert decode_config_response(b"") == ConfigResponse()
    assert ConfigResponse().present == ()
    assert ConfigResponse().to_json() == {"settings": {}, "precautions": {}, "lock_and_exit": {}}


def test_prompts_and_order_settings_are_passed_over() -> None:
    message = ibkr_response(filled(True))
    for number in range(600):
        message.messages.add(id=number, title="Title", message="<html>…</html>" * 20, enabled=True)
    message.orders.smartRouting.defaultAlgorithm = "SMART"

    assert len(decode_config_response(message.SerializeToString()).present) == 49


def test_json_names_what_is_known_and_nothing_else() -> None:
    known = Configuration(
        ApiSettings(read_only_api=False, socket_port=4002, trusted_ips=("127.0.0.1",)),
        Precautions(bypass_order_precautions=True),
        LockAndExit(auto_logoff_time="11:45"),
    )

    assert known.to_json() == {
        "settings": {"read_only_api": False, "socket_port": 4002, "trusted_ips": ["127.0.0.1"]},
        "precautions": {"bypass_order_precautions": True},
        "lock_and_exit": {"auto_logoff_time": "11:45"},
    }


@given(st.data())
def test_it_reads_what_ibkrs_classes_read(data: st.DataObject) -> None:
    message = IbkrConfigResponse()
    for setting in data.draw(st.lists(st.sampled_from(FIELDS), unique=True)):
        set_ibkr(message, setting, data.draw(DRAWN[setting.kind]))

    response = decode_config_response(message.SerializeToString())

    for setting in FIELDS:
        group = ibkr_group(message, setting)
        theirs: Any = getattr(group, setting.wire_name)
        if setting.kind is FieldKind.TEXTS:
            assert response.value(setting) == (tuple(shown(text) for text in theirs) or None)
        else:
            assert response.value(setting) == (shown(theirs) if group.HasField(setting.wire_name) else None)


def shown(value: Any) -> Any:
    """A value as Gatelight keeps it: texts of an application are texts from outside."""
    return clean(value, LONGEST_NAME) if isinstance(value, str) else value


DRAWN: dict[FieldKind, st.SearchStrategy[Any]] = {
    FieldKind.FLAG: st.booleans(),
    FieldKind.NUMBER: st.integers(-(2**31), 2**31 - 1),
    FieldKind.TEXT: st.text(max_size=40),
    FieldKind.TEXTS: st.lists(st.text(max_size=20), max_size=5),
}


# ── nonsense ────────────────────────────────────────────────────────────────────────────────────


@EACH
@pytest.mark.parametrize("wire_type", [0, 1, 2, 5])
def test_a_setting_of_a_wrong_wire_type_is_absent_and_spoils_no_other(setting: SettingField, wire_type: int) -> None:
    is_text = setting.kind in (FieldKind.TEXT, FieldKind.TEXTS)
    raw = {0: encoded_varint(5), 1: b"AAAAAAAA", 2: encoded_varint(3) + b"abc", 5: b"AAAA"}[wire_type]
    other = next(s for s in FIELDS if s.group == setting.group and s is not setting and s.kind is not FieldKind.TEXTS)
    message = ibkr_response(single(other, values_for(other)[0]))

    group = ibkr_group(message, setting)
    response = decode_config_response(
        nested(setting, encoded_varint(setting.number << 3 | wire_type) + raw + group.SerializeToString())
    )

    assert response.value(other) == values_for(other)[0]
    assert (response.value(setting) is not None) is (wire_type == (2 if is_text else 0))


def nested(setting: SettingField, body: bytes) -> bytes:
    """A ConfigResponse with one group, given as bytes."""
    if setting in LOCK_AND_EXIT:
        return field(2, body)
    return field(4, field(1 if setting in PRECAUTIONS else 2, body))


@pytest.mark.parametrize("number", [2**31, 2**32 + 4002, -(2**31) - 1, 2**63])
def test_a_number_that_does_not_fit_is_absent(number: int) -> None:
    port = SETTINGS[7]

    assert decode_config_response(nested(port, field(8, number))).settings.socket_port is None


@pytest.mark.parametrize("text", [b"\xff\xfe", b"x" * 5000])
def test_text_that_is_none_is_absent(text: bytes) -> None:
    level, trusted = SETTINGS[16], SETTINGS[35]

    assert decode_config_response(nested(level, field(17, text))).settings.logging_level is None
    response = decode_config_response(nested(trusted, field(36, "127.0.0.1") + field(36, text)))
    assert response.settings.trusted_ips is None


def test_groups_that_are_no_messages_are_not_reported() -> None:
    for body in (field(4, 7) + field(2, 7), field(4, field(1, 7) + field(2, 7)), fixed(4) + fixed(2)):
        assert decode_config_response(body) == ConfigResponse()


def fixed(number: int) -> bytes:
    return encoded_varint(number << 3 | 1) + struct.pack("<Q", 0x0A0A0A0A0A0A0A0A)


def test_unknown_fields_are_passed_over_on_every_level() -> None:
    strange = field(900, 1) + field(901, "text") + fixed(902) + encoded_varint(903 << 3 | 5) + b"abcd"
    settings = strange + field(1, 1) + strange
    api = strange + field(2, settings) + strange

    response = decode_config_response(strange + field(4, api) + field(1, 5) + strange)

    assert response == ConfigResponse(ApiSettings(read_only_api=True), request_id=5)


def test_a_message_in_pieces_is_one_message_as_for_ibkrs_classes() -> None:
    body = b"".join(
        field(4, field(2, field(number, value))) for number, value in ((1, 1), (8, 4001), (8, 4002), (17, "detail"))
    )
    theirs = IbkrConfigResponse.FromString(body).api.settings

    response = decode_config_response(body)

    assert response.settings == ApiSettings(read_only_api=True, socket_port=4002, logging_level="detail")
    assert (theirs.readOnlyApi, theirs.socketPort, theirs.loggingLevel) == (True, 4002, "detail")


@pytest.mark.parametrize(
    "body",
    [
        b"\x22\x7f",
        field(4, field(2, b"\x08")),
        field(4, field(1, b"\x0b")),
        field(2, b"\x00\x00"),
        bytes(api_settings.LONGEST_ANSWER + 1),
        field(3, b"") * 5001,
        field(4, field(2, field(900, 1) * 1001)),
    ],
    ids=[
        "cut off",
        "broken setting",
        "broken precaution",
        "field 0",
        "too long",
        "too many prompts",
        "too many fields",
    ],
)
def test_a_broken_message_is_an_error_of_its_own(body: bytes) -> None:
    with pytest.raises(WireError):
        decode_config_response(body)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    for read in (decode_config_response, decode_update_response):
        try:
            found = read(body)
        except WireError:
            continue
        assert isinstance(found, (ConfigResponse, api_settings.UpdateResponse))


@given(st.binary(max_size=80), st.integers(0, 3000), st.integers(0, 200))
def test_damaged_answers_raise_nothing_else(noise: bytes, at: int, cut: int) -> None:
    whole = ibkr_response(filled(True)).SerializeToString()
    at %= len(whole)
    damaged = whole[:at] + noise + whole[at + cut :]

    try:
        response = decode_config_response(damaged)
    except WireError:
        return

    for setting in response.present:
        value = response.value(setting)
        wanted = {FieldKind.FLAG: bool, FieldKind.NUMBER: int, FieldKind.TEXT: str, FieldKind.TEXTS: tuple}[
            setting.kind
        ]
        assert type(value) is wanted

    try:
        theirs = IbkrConfigResponse.FromString(damaged)
    except DecodeError:
        return
    for setting in response.present:
        read = getattr(ibkr_group(theirs, setting), setting.wire_name)
        match setting.kind:
            case FieldKind.TEXT:
                read = clean(read, LONGEST_NAME)
            case FieldKind.TEXTS:
                read = tuple(clean(text, LONGEST_NAME) for text in read)
        assert response.value(setting) == read


def test_a_field_of_fixed_width_is_no_text_anywhere() -> None:
    from agent.tws.protobuf import decoded_text

    with pytest.raises(WireError):
        decoded_text(fields(fixed(1)), 1)


# ── writing what IBKR's classes read ────────────────────────────────────────────────────────────


def test_the_request_for_the_configuration_is_ibkrs() -> None:
    assert encode_config_request(77) == ConfigRequest(reqId=77).SerializeToString()


@pytest.mark.parametrize("setting", [s for s in FIELDS if s.writable], ids=lambda s: s.name)
def test_each_change_alone_is_read_by_ibkrs_classes_as_meant(setting: SettingField) -> None:
    for value in values_for(setting):
        sent = UpdateConfigRequest.FromString(encode_update_request(5, single(setting, value)))
        wanted = UpdateConfigRequest(reqId=5)
        set_ibkr(wanted, setting, value)

        assert sent == wanted


@pytest.mark.parametrize("flags", [True, False])
def test_all_changes_together_are_read_by_ibkrs_classes_as_meant(flags: bool) -> None:
    whole = filled(flags, read_only=None)
    warnings = (UpdateWarning(131, "Title", "Message"), UpdateWarning(520))

    sent = UpdateConfigRequest.FromString(encode_update_request(6, whole, warnings))

    wanted = UpdateConfigRequest(reqId=6)
    for setting in whole.present:
        set_ibkr(wanted, setting, whole.value(setting))
    wanted.acceptedWarnings.add(messageId=131, title="Title", message="Message")
    wanted.acceptedWarnings.add(messageId=520)
    assert sent == wanted
    assert len(whole.present) == 48


@pytest.mark.parametrize("on", [True, False])
def test_read_only_api_is_never_sent(on: bool) -> None:
    with pytest.raises(ValueError, match="Read-Only API can only be changed in the application"):
        encode_update_request(1, Configuration(ApiSettings(read_only_api=on, socket_port=4002)))


def test_what_cannot_be_said_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ValueError, match="nothing to change"):
        encode_update_request(1, Configuration())
    with pytest.raises(ValueError, match="no way to make the list Trusted IPs empty"):
        encode_update_request(1, Configuration(ApiSettings(trusted_ips=())))
    with pytest.raises(ValueError, match="Master API client ID cannot be 2147483648"):
        encode_update_request(1, Configuration(ApiSettings(master_client_id=2**31)))


def test_the_answer_to_a_change_is_read() -> None:
    theirs = UpdateConfigResponse(
        reqId=9,
        status="success",
        message="Configuration updated",
        changedFields=["configuration.api.settings.loggingLevel", "configuration.api.settings.socketPort"],
        errors=["configuration.lockAndExit.autoLogoffTime"],
    )
    theirs.warnings.add(messageId=131, title="Title", message="Message")
    theirs.warnings.add()

    answer = decode_update_response(theirs.SerializeToString())

    assert (answer.request_id, answer.status, answer.message) == (9, "success", "Configuration updated")
    assert answer.changed_fields == tuple(theirs.changedFields)
    assert answer.errors == ("configuration.lockAndExit.autoLogoffTime",)
    assert answer.warnings == (UpdateWarning(131, "Title", "Message"), UpdateWarning())
    assert (answer.succeeded, answer.failed) == (True, False)
    assert decode_update_response(b"").status == ""


# ── lock and exit ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("time", "period", "minutes"),
    [
        ("11:45", "PM", 23 * 60 + 45),
        ("12:07", "AM", 7),
        ("12:00", "PM", 720),
        ("1:05", "am", 65),
        ("23:45", None, 23 * 60 + 45),
        ("00:10", "", 10),
        ("23:45", "PM", None),
        ("0:10", "AM", None),
        ("24:00", None, None),
        ("11:60", "PM", None),
        ("11:45", "abends", None),
        ("quarter to twelve", "PM", None),
        (None, "PM", None),
    ],
)
def test_the_time_of_the_daily_restart(time: str | None, period: str | None, minutes: int | None) -> None:
    assert LockAndExit(time, period).minutes_after_midnight == minutes


@pytest.mark.parametrize(
    ("kind", "restarts"),
    [
        ("restart", True),
        ("Auto restart", True),
        ("logoff", False),
        ("Auto Log-off", False),
        ("logout", False),
        ("", None),
        ("neither", None),
        (None, None),
    ],
)
def test_whether_it_restarts(kind: str | None, restarts: bool | None) -> None:
    assert LockAndExit(auto_logoff_type=kind).restarts is restarts


def test_settings_from_the_api_say_so() -> None:
    assert decode_config_response(b"").source is Source.API
    assert {s.value for s in Source} == {"api", "inferred", "unknown"}
