"""What notice numbers mean, and what little their texts are asked."""

import re

import ibapi.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tws.farms import Farm, FarmKind, FarmStatus
from agent.tws.notices import (
    CATALOGUE,
    NoticeClass,
    NoticeKind,
    farm_of,
    farms_of_restored,
    is_noise_while_link_down,
    kind_of,
    kind_of_farm,
    lookup,
    new_port,
    problem_of,
    read_notice,
)

LINK = (1100, 1101, 1102, 1300, 2110, 2103, 2104, 2119, 2108, 2105, 2106, 2107, 2157, 2158, 2100, 2101, 2102)
LINK_AND_DATA = (10182, 10225, 10328)
SESSION = (326, 327, 357, 501, 502, 503, 504, 505, 506, 507, 508, 509, 520, 510, 531, 540, 542, 550, 578, 587, 588)
SESSION_MORE = (592, 593, 100, 0, 320, 321, 322, 323, 324, 325, 330, 331, 344, 435, 436, 438, 10015, 10285, 10322)
SESSION_LAST = (10200, 10357)
DATA = (101, 102, 103, 162, 165, 166, 200, 300, 310, 365, 366, 135, 309, 316, 317, 354, 385, 386, 420, 430, 10358)
DATA_MORE = (10089, 10090, 10091, 10092, 10167, 10168, 10186, 10187, 10189, 10190, 10197, 10276, 10277, 10314, 10339)
DATA_LAST = (10346, 2174, 2176, 2113, 2129, 2130)
ORDERS = (2109, 2111, 2137, 2150, 2168, 2169, 2170, 10268, 10269, 10270, 2181, 10348, 2148, 201, 202, 203, 399)
ORDERS_MORE = (10147, 10148, 10311, 10349, 105, 110, 329, 404, 434, 492, 109, 163, 383)

PROBLEMS = frozenset(
    [
        "config-invalid",
        "agent-cannot-see",
        "network-down",
        "app-not-installed",
        "app-not-running",
        "wrong-application",
        "wrong-product",
        "app-starting",
        "login-pending",
        "restart-stuck",
        "api-disabled",
        "api-port-mismatch",
        "api-port-taken",
        "several-apps",
        "container-not-ready",
        "host-unresolvable",
        "host-unreachable",
        "peer-not-trusted",
        "api-silent",
        "api-wedged",
        "not-tws",
        "session-not-ready",
        "client-id-in-use",
        "too-many-clients",
        "app-outdated",
        "read-only-api",
        "precautions-on",
        "trading-mode-mismatch",
        "app-frozen",
        "server-link-lost",
        "data-lost",
        "data-farm-broken",
        "competing-session",
        "data-not-subscribed",
        "data-delayed",
        "pacing-violation",
        "message-rate-exceeded",
        "data-lines-exhausted",
        "app-memory-low",
        "connection-unstable",
        "clock-off",
        "scheduled-outage",
        "login-due",
        "restart-at-risk",
        "app-changed",
        "program-missing",
    ]
)

PACING = "Historical Market Data Service error message:API historical data query pacing violation"
OTHER_IP = "Historical Market Data Service error message:Trading TWS session is connected from a different IP address"


# ── the catalogue ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "code",
    [c for codes in (LINK, LINK_AND_DATA, SESSION, SESSION_MORE, SESSION_LAST, DATA, DATA_MORE) for c in codes]
    + [c for codes in (DATA_LAST, ORDERS, ORDERS_MORE) for c in codes],
)
def test_every_documented_number_is_known(code: int) -> None:
    notice = lookup(code)

    assert notice is not None
    assert notice.code == code


@pytest.mark.parametrize("notice", CATALOGUE.values(), ids=lambda n: str(n.code))
def test_every_notice_is_told_in_short_plain_words(notice) -> None:  # type: ignore[no-untyped-def]
    assert 10 <= len(notice.meaning) <= 110
    assert not notice.meaning.endswith(".")
    assert notice.what_to_do.endswith(".")
    assert not re.search(r"\b(?:simply|just|please)\b", notice.meaning + notice.what_to_do, re.IGNORECASE)


@pytest.mark.parametrize("notice", CATALOGUE.values(), ids=lambda n: str(n.code))
def test_every_problem_named_exists(notice) -> None:  # type: ignore[no-untyped-def]
    named = {code for code in (notice.problem, *notice.others) if code}

    assert named <= PROBLEMS
    assert notice.problem not in notice.others


IBKRS_TABLE = (
    "100-107 109-111 113-126 129 131-148 151-168 200-203 300-317 319-449 481 501-589 1100-1102 1300 "
    "2100-2111 2119 2130 2137 2152 2158 2168 2169 10000-10003 10005-10027 10089-10091 10147 10148 10186 10187 10189 "
    "10197 10225 10230 10231 10233-10254 10268-10270 10276-10312 10314-10319 10321 10322 10324-10347"
)
"""The numbers in IBKR's table of message codes (2025); those of ranges are written out there one by one."""


def in_ibkrs_table() -> list[int]:
    pairs = [part.partition("-") for part in IBKRS_TABLE.split()]
    return [code for first, _, last in pairs for code in range(int(first), int(last or first) + 1)]


def test_every_number_of_ibkrs_table_has_a_meaning_of_its_own() -> None:
    assert [code for code in in_ibkrs_table() if code not in CATALOGUE] == []


def test_every_number_that_ibkrs_own_library_gives_is_the_programs_affair() -> None:
    pairs = [value for value in vars(ibapi.errors).values() if isinstance(value, ibapi.errors.CodeMsgPair)]
    kinds = {pair.errorCode: getattr(lookup(pair.errorCode), "klass", None) for pair in pairs}

    assert len(kinds) > 80
    assert {code: klass for code, klass in kinds.items() if klass not in (NoticeClass.CLIENT, NoticeClass.USER)} == {}


@pytest.mark.parametrize("code", [2112, 2120, 2138, 2140, 2149, 2159, 2167, 10004, 10150, 10320, 595])
def test_a_number_between_known_ones_is_not_known_for_that(code: int) -> None:
    assert lookup(code) is None


@pytest.mark.parametrize("code", [2139, 10141])
def test_a_disclaimer_that_was_not_accepted_is_for_the_user(code: int) -> None:
    notice = lookup(code)

    assert notice is not None
    assert (notice.kind, notice.klass) == (NoticeKind.PAPER_DISCLAIMER, NoticeClass.USER)
    assert notice.problem == "session-not-ready"


def test_depth_without_permission_is_no_mere_information() -> None:
    notice = lookup(2152)

    assert notice is not None
    assert (notice.kind, notice.klass) == (NoticeKind.NOT_SUBSCRIBED, NoticeClass.USER)


@pytest.mark.parametrize("code", [-1, 1, 99, 500, 594, 1099, 2171, 4001, 4002, 7496, 7497, 10061, 20000, 2147483647])
def test_other_numbers_are_not_known(code: int) -> None:
    assert lookup(code) is None
    assert kind_of(code, "Connectivity has been lost") is None
    assert read_notice(code, "") is None


@pytest.mark.parametrize("code", [1102, 2104, 2106, 2107, 2108, 2158])
def test_good_news_is_told_apart(code: int) -> None:
    notice = lookup(code)

    assert notice is not None
    assert notice.kind.good_news
    assert notice.klass is NoticeClass.INFORMATION
    assert notice.problem is None


@pytest.mark.parametrize("code", [1100, 1101, 2103, 2105, 2110, 2157, 326, 10197, 2119])
def test_bad_news_is_not_good_news(code: int) -> None:
    notice = lookup(code)

    assert notice is not None
    assert not notice.kind.good_news


def test_three_notices_mean_nothing_while_the_link_is_down() -> None:
    assert [code for code in range(11_000) if is_noise_while_link_down(code)] == [162, 200, 354]


# ── texts that split a number ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("code", "text", "kind", "problem"),
    [
        (162, PACING, NoticeKind.PACING, "pacing-violation"),
        (162, OTHER_IP, NoticeKind.COMPETING_SESSION, "competing-session"),
        (162, "HMDS query returned no data: AAPL@SMART Trades", NoticeKind.NO_DATA, None),
        (162, "No historical market data for AAPL/STK@SMART Last 1d", NoticeKind.NO_DATA, None),
        (162, "API historical data query cancelled: 12", NoticeKind.CANCELLED, None),
        (162, "No market data permissions for ISLAND STK", NoticeKind.NOT_SUBSCRIBED, "data-not-subscribed"),
        (162, "No market data during competing live session", NoticeKind.COMPETING_SESSION, "competing-session"),
        (162, "Historical data request for 5 was not found", NoticeKind.REQUEST_INVALID, None),
        (162, "Invalid step: 1", NoticeKind.REQUEST_INVALID, None),
        (162, "历史市场数据服务错误信息", NoticeKind.HISTORICAL_REFUSED, None),
        (
            420,
            "Invalid Real-time Query:Historical data request pacing violation",
            NoticeKind.PACING,
            "pacing-violation",
        ),
        (
            420,
            "Invalid Real-time Query:No market data permissions for ISLAND",
            NoticeKind.NOT_SUBSCRIBED,
            "data-not-subscribed",
        ),
        (
            420,
            "Trading TWS session is connected from a different IP address",
            NoticeKind.COMPETING_SESSION,
            "competing-session",
        ),
        (420, "", NoticeKind.REAL_TIME_REFUSED, None),
        (
            10187,
            "Failed to request historical ticks:No market data permissions for NYSE",
            NoticeKind.NOT_SUBSCRIBED,
            "data-not-subscribed",
        ),
        (10187, "Failed to request historical ticks:No data", NoticeKind.NO_DATA, None),
        (
            10189,
            "Failed to request tick-by-tick data:Trading TWS session is connected from a different IP address",
            NoticeKind.COMPETING_SESSION,
            "competing-session",
        ),
        (
            10189,
            "Failed to request tick-by-tick data.BidAsk tick-by-tick requires subscription",
            NoticeKind.NOT_SUBSCRIBED,
            "data-not-subscribed",
        ),
        (
            321,
            "Error validating request.-'bN' : cause - The API interface is currently in Read-Only mode.",
            NoticeKind.READ_ONLY,
            "read-only-api",
        ),
        (
            321,
            "Error validating request:-'b_' : cause - The API interface is currently in Read-Only mode.",
            NoticeKind.READ_ONLY,
            "read-only-api",
        ),
        (321, "Fehler: Die API-Schnittstelle ist schreibgeschützt", NoticeKind.READ_ONLY, "read-only-api"),
        (321, "Error validating request.-'cq' : cause - Invalid account code", NoticeKind.ACCOUNT_REQUIRED, None),
        (
            321,
            "Error validating request:-'rd' : cause - You must specify an account.",
            NoticeKind.ACCOUNT_REQUIRED,
            None,
        ),
        (
            321,
            "Error validating request.-'bK' : cause - Please enter a valid security type",
            NoticeKind.VALIDATION_FAILED,
            None,
        ),
        (322, "Error processing request.-'bQ' : cause - Duplicate ticker id", NoticeKind.REQUEST_INVALID, None),
        (
            322,
            "Error processing request: Max number of tick-by-tick requests has been reached.",
            NoticeKind.LINES_EXHAUSTED,
            "data-lines-exhausted",
        ),
        (1100, "pacing violation, different IP address, Read-Only", NoticeKind.LINK_LOST, "server-link-lost"),
        (10197, "No market data during competing live session", NoticeKind.COMPETING_SESSION, "competing-session"),
    ],
)
def test_the_text_splits_the_few_numbers_that_mean_several_things(
    code: int, text: str, kind: NoticeKind, problem: str | None
) -> None:
    notice = read_notice(code, text)

    assert kind_of(code, text) is kind
    assert problem_of(code, text) == problem
    assert notice is not None
    assert notice.kind is kind


def test_a_refined_notice_tells_what_the_text_told() -> None:
    notice = read_notice(162, PACING)

    assert notice is not None
    assert "pacing" in notice.meaning
    assert notice.klass is NoticeClass.CLIENT
    assert notice.others == ()


@given(code=st.integers(0, 11_000), text=st.text(max_size=60))
def test_no_text_breaks_the_reading(code: int, text: str) -> None:
    notice = read_notice(code, text)
    farm_of(code, text)
    farms_of_restored(text)
    port = new_port(text)

    assert (notice is None) == (lookup(code) is None)
    assert port is None or 0 < port < 65536


# ── farms ───────────────────────────────────────────────────────────────────────────────────────

MARKET, HISTORY, DEFINITION = FarmKind.MARKET_DATA, FarmKind.HISTORICAL, FarmKind.SECURITY_DEFINITION
INACTIVE = "connection is inactive but should be available upon demand."


@pytest.mark.parametrize(
    ("code", "text", "farm"),
    [
        (2104, "Market data farm connection is OK:usfarm", Farm("usfarm", MARKET, FarmStatus.OK)),
        (2103, "Market data farm connection is broken:usfarm.nj", Farm("usfarm.nj", MARKET, FarmStatus.BROKEN)),
        (2119, "Market data farm is connecting:usopt", Farm("usopt", MARKET, FarmStatus.CONNECTING)),
        (2105, "HMDS data farm connection is broken:ushmds", Farm("ushmds", HISTORY, FarmStatus.BROKEN)),
        (2106, "HMDS data farm connection is OK:ushmds2a", Farm("ushmds2a", HISTORY, FarmStatus.OK)),
        (2107, f"HMDS data farm {INACTIVE}ushmds", Farm("ushmds", HISTORY, FarmStatus.INACTIVE)),
        (2107, f"HMDS data farm {INACTIVE}ushmds.us", Farm("ushmds.us", HISTORY, FarmStatus.INACTIVE)),
        (2108, f"Market data farm {INACTIVE}usfarm.nj", Farm("usfarm.nj", MARKET, FarmStatus.INACTIVE)),
        (2108, f"Market data farm {INACTIVE} usfarm.nj", Farm("usfarm.nj", MARKET, FarmStatus.INACTIVE)),
        (2108, "Market data farm is inactive:usfarm.nj", Farm("usfarm.nj", MARKET, FarmStatus.INACTIVE)),
        (2157, "Sec-def data farm connection is broken:secdefil", Farm("secdefil", DEFINITION, FarmStatus.BROKEN)),
        (2158, "Sec-def data farm connection is OK:secdefeu.", Farm("secdefeu", DEFINITION, FarmStatus.OK)),
        (2104, "市场数据农场连接正常：usfarm", Farm("usfarm", MARKET, FarmStatus.OK)),
        (2104, "市场数据农场连接正常usfarm", Farm("usfarm", MARKET, FarmStatus.OK)),
        (2107, "HMDS数据农场连接不活动，但应按需提供。ushmds", Farm("ushmds", HISTORY, FarmStatus.INACTIVE)),
        (
            2108,
            "Marktdatenfarm inaktiv, aber auf Anfrage verfügbar.usfarm",
            Farm("usfarm", MARKET, FarmStatus.INACTIVE),
        ),
        (2104, "La conexión con la granja de datos está bien:cashfarm ", Farm("cashfarm", MARKET, FarmStatus.OK)),
        (2104, "Market data farm connection is OK:usbond>", Farm("usbond", MARKET, FarmStatus.OK)),
        (2104, "", Farm("unnamed", MARKET, FarmStatus.OK)),
    ],
)
def test_the_farm_is_the_last_thing_in_the_text_in_any_language(code: int, text: str, farm: Farm) -> None:
    assert farm_of(code, text) == farm


@pytest.mark.parametrize("code", [1100, 1102, 2110, 2109, 200])
def test_other_notices_name_no_farm(code: int) -> None:
    assert farm_of(code, "Market data farm connection is OK:usfarm") is None


def names(farms: tuple[Farm, ...], status: FarmStatus) -> list[str]:
    return [farm.name for farm in farms if farm.status is status]


def test_a_restored_link_lists_all_farms_as_connected() -> None:
    farms = farms_of_restored(
        "Connectivity between IB and Trader Workstation has been restored - data maintained. "
        "All data farms are connected: usfuture; eufarm; cashfarm; eufarmnj; usfarm.nj; euhmds; ushmds; secdefeu."
    )

    assert names(farms, FarmStatus.OK) == [
        "usfuture", "eufarm", "cashfarm", "eufarmnj", "usfarm.nj", "euhmds", "ushmds", "secdefeu"
    ]  # fmt: skip
    assert [farm.kind for farm in farms[-3:]] == [HISTORY, HISTORY, DEFINITION]


def test_a_restored_link_may_have_farms_that_are_not_connected() -> None:
    farms = farms_of_restored(
        "Connectivity between IBKR and Trader Workstation has been restored - data maintained. The following farms "
        "are connected: usfarm; cashfarm. The following farms are not connected: ushmds; secdefil."
    )

    assert names(farms, FarmStatus.OK) == ["usfarm", "cashfarm"]
    assert names(farms, FarmStatus.BROKEN) == ["ushmds", "secdefil"]


def test_a_list_of_farms_that_are_not_connected_may_stand_alone() -> None:
    farms = farms_of_restored("… restored - data maintained. The following farms are not connected: usfarm.")

    assert names(farms, FarmStatus.BROKEN) == ["usfarm"]


def test_a_translated_inventory_is_told_apart_by_order() -> None:
    farms = farms_of_restored("连接已恢复 - 数据已保留。以下农场已连接：usfarm; cashfarm。以下农场未连接：ushmds。")

    assert names(farms, FarmStatus.OK) == ["usfarm", "cashfarm"]
    assert names(farms, FarmStatus.BROKEN) == ["ushmds"]


def test_a_restored_link_may_list_nothing() -> None:
    assert farms_of_restored("Connectivity between IB and TWS has been restored - data maintained.") == ()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("usfarm", MARKET),
        ("usopt.us", MARKET),
        ("ushmds2a", HISTORY),
        ("cashhmds", HISTORY),
        ("fundfarm", HISTORY),
        ("secdefnj", DEFINITION),
        ("SecDefHK", DEFINITION),
    ],
)
def test_the_name_tells_what_a_farm_serves(name: str, kind: FarmKind) -> None:
    assert kind_of_farm(name) is kind


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("Socket port was reset, this connection is dropped. Please reconnect on the new port - 7498", 7498),
        ("Socket port was reset.\nPlease reconnect on the new port -4002.", 4002),
        ("套接字端口已重置，请在新端口7497上重新连接", 7497),
        ("Port 4001 is no more, use 4003", 4003),
        ("reconnect on the new port - 70000", None),
        ("reconnect on the new port - 0", None),
        ("reconnect on the new port", None),
        ("", None),
    ],
)
def test_the_new_port_is_read_from_the_text(text: str, port: int | None) -> None:
    assert new_port(text) == port
