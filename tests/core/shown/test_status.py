import json
import re
from dataclasses import replace
from typing import Any

import pytest

from agent.core.as_json import rfc3339
from agent.core.problem import Severity
from agent.core.session_facts import Phase, ServerLink
from agent.core.shown.checklist import Row, RowState
from agent.core.shown.display import IconState
from agent.core.shown.status import (
    ShownApplication,
    ShownConnection,
    ShownProblem,
    ShownProgram,
    Status,
    status_to_json,
    worst_first,
)
from agent.problems import PROBLEMS
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.farms import Farm, FarmKind, FarmStatus
from tests.core.test_fix import OFFER

AT = 1795442400.75
PROBLEM = ShownProblem(
    code="api-port-mismatch",
    severity="error",
    title="IB Gateway uses port 4002, not 4001",
    text="Programs that connect to port 4001 find nobody there.",
    evidence=("IB Gateway 10.45 (pid 3117) listens on 4002",),
    steps=("Open Configure, Settings, API.",),
    since=AT,
    visible=True,
    fixes=(OFFER,),
)
FULL = ShownConnection(
    name="Paper Gateway",
    host="127.0.0.1",
    port=4002,
    overall=IconState.CONNECTED,
    phase="connected",
    since=AT,
    application=ShownApplication("gateway", "10.45", 3117, AT - 60, (4002,)),
    client_id=7341,
    server_version=178,
    latency=0.00123456789,
    trading_mode="paper",
    accounts=("DU1234567", "DF7654321", "U12345"),
    server_link="up",
    link_words="connected",
    farms=(Farm("usfarm", FarmKind.MARKET_DATA, FarmStatus.OK),),
    programs=(ShownProgram(991, "quantower", AT), ShownProgram(None, "unknown", AT)),
    problems=(PROBLEM,),
)
BARE = ShownConnection("TWS", "127.0.0.1", None, IconState.WAITING, "idle", AT)
STATUS = Status("0.1.0", 4242, AT, connections=(FULL, BARE))

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
OVERALL = ("problem", "warning", "unknown", "connecting", "waiting", "maintenance", "paused", "connected")
"""Worst first."""
PHASES = {"idle", "connecting", "connected", "backing-off", "blocked"}
FARM_KINDS = {"market-data", "historical", "security-definition"}
FARM_STATES = {"ok", "broken", "inactive", "connecting"}


class Shape:
    """Holds a JSON object to its keys: required ones, allowed ones, and what each may be."""

    def __init__(self, required: dict[str, Any], optional: dict[str, Any] | None = None) -> None:
        self.required, self.optional = required, optional or {}

    def check(self, value: object, path: str) -> None:
        assert isinstance(value, dict), path
        assert set(self.required) <= set(value), f"{path}: missing {set(self.required) - set(value)}"
        known = {**self.required, **self.optional}
        assert set(value) <= set(known), f"{path}: unknown {set(value) - set(known)}"
        for key, inner in value.items():
            check(known[key], inner, f"{path}.{key}")


def check(rule: Any, value: object, path: str) -> None:
    """A rule is a Shape, a one-element list (a list of such), a set of allowed values, a pattern or types."""
    if isinstance(rule, Shape):
        rule.check(value, path)
    elif isinstance(rule, list):
        assert isinstance(value, list), path
        for n, one in enumerate(value):
            check(rule[0], one, f"{path}[{n}]")
    elif isinstance(rule, set | tuple) and all(isinstance(r, str) for r in rule):
        assert value in rule, f"{path}: {value!r}"
    elif isinstance(rule, re.Pattern):
        assert isinstance(value, str), path
        assert rule.fullmatch(value), f"{path}: {value!r}"
    else:
        assert isinstance(value, rule), f"{path}: {value!r}"
        assert not isinstance(value, bool) or rule is bool, f"{path}: {value!r}"


PROBLEM_SHAPE = Shape(
    {
        "code": {p.code for p in PROBLEMS},
        "severity": {"info", "warning", "error"},
        "title": str,
        "text": str,
        "evidence": [str],
        "steps": [str],
        "since": TIME,
        "visible": bool,
        "snoozed_until": (str, type(None)),
        "fixes": [Shape({"id": str, "label": str})],
    },
    {"undelivered": bool, "first_seen": bool},
)
CONNECTION_SHAPE = Shape(
    {
        "name": str,
        "host": str,
        "overall": OVERALL,
        "phase": PHASES,
        "since": TIME,
        "trading_mode": {"live", "paper", "unknown"},
        "accounts": [str],
        "server_link": {"up", "down", "unknown"},
        "farms": [Shape({"name": str, "kind": FARM_KINDS, "status": FARM_STATES})],
        "api_settings": Shape({"source": {"api", "inferred", "unknown"}}),
        "problems": [PROBLEM_SHAPE],
    },
    {
        "port": int,
        "application": Shape(
            {"kind": {"tws", "gateway", "unknown"}, "pid": int, "started": TIME, "listening": [int]},
            {"version": str},
        ),
        "client_id": int,
        "server_version": int,
        "latency_s": float,
        "application_unseen": str,
        "waits_for": {"TWS", "IB Gateway", "TWS or IB Gateway"},
        "watched": bool,
        "watched_again": TIME,
        "programs": [Shape({"since": TIME, "name": str}, {"pid": int, "peer": str, "script": str})],
        "programs_ignored": [str],
        "undecided": [Shape({"code": {p.code for p in PROBLEMS}, "reason": str})],
        "next_attempt": TIME,
    },
)
SCHEMA = Shape(
    {
        "schema": int,
        "agent": Shape({"version": str, "pid": int, "started": TIME}),
        "overall": OVERALL,
        "connections": [CONNECTION_SHAPE],
    },
    {"paused_until": str},
)


def hold_to_schema(shown: dict[str, Any]) -> None:
    check(SCHEMA, json.loads(json.dumps(shown)), "status")
    assert shown["schema"] == 1


def test_the_json_has_the_promised_shape() -> None:
    hold_to_schema(status_to_json(STATUS))
    hold_to_schema(status_to_json(Status("0", 1, AT)))
    hold_to_schema(status_to_json(replace(STATUS, paused_until=AT)))
    undecided = replace(BARE, undecided=(("api-silent", "no attempt yet"),), retry_at=AT)
    hold_to_schema(status_to_json(replace(STATUS, connections=(undecided,))))


def test_what_is_not_watched_and_the_script_of_a_program_are_in_the_json() -> None:
    bot = replace(FULL, programs=(ShownProgram(991, "python3", AT, script="bot.py"),), ignored=("quantower",))
    shown = status_to_json(replace(STATUS, connections=(bot,)))
    hold_to_schema(shown)

    assert shown["connections"][0]["programs"][0]["script"] == "bot.py"
    assert shown["connections"][0]["programs_ignored"] == ["quantower"]
    assert "script" not in status_to_json(STATUS)["connections"][0]["programs"][0]


def test_a_notice_that_no_channel_took_is_told_in_the_json() -> None:
    problem = replace(STATUS.connections[0].problems[0], told=False)
    shown = status_to_json(replace(STATUS, connections=(replace(STATUS.connections[0], problems=(problem,)),)))
    hold_to_schema(shown)

    assert shown["connections"][0]["problems"][0]["undelivered"] is True
    assert "undelivered" not in status_to_json(STATUS)["connections"][0]["problems"][0]


def test_everything_that_is_known_is_in_the_json() -> None:
    connection = status_to_json(STATUS)["connections"][0]

    assert connection == {
        "name": "Paper Gateway",
        "host": "127.0.0.1",
        "port": 4002,
        "overall": "connected",
        "application": {
            "kind": "gateway",
            "version": "10.45",
            "pid": 3117,
            "started": "2026-11-23T13:59:00Z",
            "listening": [4002],
        },
        "phase": "connected",
        "since": "2026-11-23T14:00:00Z",
        "client_id": 7341,
        "server_version": 178,
        "latency_s": 0.001235,
        "trading_mode": "paper",
        "accounts": ["DU•••567", "DF•••321", "U•••345"],
        "server_link": "up",
        "farms": [{"name": "usfarm", "kind": "market-data", "status": "ok"}],
        "programs": [
            {"pid": 991, "name": "quantower", "since": "2026-11-23T14:00:00Z"},
            {"name": "unknown", "since": "2026-11-23T14:00:00Z"},
        ],
        "api_settings": {"source": "unknown"},
        "problems": [
            {
                "code": "api-port-mismatch",
                "severity": "error",
                "title": "IB Gateway uses port 4002, not 4001",
                "text": "Programs that connect to port 4001 find nobody there.",
                "evidence": ["IB Gateway 10.45 (pid 3117) listens on 4002"],
                "steps": ["Open Configure, Settings, API."],
                "since": "2026-11-23T14:00:00Z",
                "visible": True,
                "snoozed_until": None,
                "fixes": [{"id": "use-port", "label": "Use port 4002"}],
            }
        ],
    }


def test_what_is_not_known_is_absent_or_unknown() -> None:
    shown = status_to_json(STATUS)["connections"][1]

    assert shown["server_link"] == shown["trading_mode"] == "unknown"
    assert shown["accounts"] == []
    for key in ("port", "application", "client_id", "server_version", "latency_s", "programs", "next_attempt"):
        assert key not in shown


def test_no_programs_is_not_the_same_as_not_knowing_them() -> None:
    assert (
        status_to_json(replace(STATUS, connections=(replace(BARE, programs=()),)))["connections"][0]["programs"] == []
    )


def test_accounts_are_masked_unless_asked_for() -> None:
    masked, plain = json.dumps(status_to_json(STATUS)), status_to_json(STATUS, show_accounts=True)

    assert not any(account in masked for account in FULL.accounts)
    assert plain["connections"][0]["accounts"] == list(FULL.accounts)
    assert not any(account in repr(STATUS) for account in FULL.accounts)


def test_a_snooze_and_a_pause_tell_until_when() -> None:
    snoozed = replace(FULL, problems=(replace(PROBLEM, snoozed_until=AT + 3600),))
    shown = status_to_json(replace(STATUS, connections=(snoozed,), paused_until=AT + 60))

    assert shown["connections"][0]["problems"][0]["snoozed_until"] == "2026-11-23T15:00:00Z"
    assert shown["paused_until"] == "2026-11-23T14:01:00Z"
    assert status_to_json(replace(STATUS, paused_until=float("inf")))["paused_until"] == "resume"
    assert "paused_until" not in status_to_json(STATUS)


def test_the_words_of_the_code_are_the_words_of_the_contract() -> None:
    assert tuple(state.value for state in IconState) == OVERALL
    assert {p.value for p in Phase} == PHASES
    assert {k.value for k in ApplicationKind} == {"tws", "gateway", "unknown"}
    assert {m.value for m in TradingMode} == {"live", "paper", "unknown"}
    assert {s.value for s in ServerLink} == {"up", "down", "unknown"}
    assert {k.value for k in FarmKind} == FARM_KINDS
    assert {s.value for s in FarmStatus} == FARM_STATES
    assert [s.value for s in Severity] == ["info", "warning", "error"]


@pytest.mark.parametrize("better", range(8))
@pytest.mark.parametrize("worse", range(8))
def test_overall_is_the_worst_of_the_connections(better: int, worse: int) -> None:
    states = tuple(IconState)
    both = (replace(BARE, overall=states[better]), replace(BARE, overall=states[worse]))

    assert replace(STATUS, connections=both).overall is states[min(better, worse)]
    assert Status("0", 1, AT).overall is IconState.WAITING


def test_a_problem_is_shown_when_it_is_visible_and_more_than_information() -> None:
    def shows(**change: Any) -> bool:
        return replace(STATUS, connections=(replace(FULL, problems=(replace(PROBLEM, **change),)),)).shows_problem

    assert shows()
    assert shows(severity="warning")
    assert not shows(severity="info")
    assert not shows(visible=False)


def test_the_worst_problem_is_an_error_before_a_warning_and_of_equals_the_first() -> None:
    several = replace(PROBLEM, code="several-apps", severity="warning")
    later = replace(PROBLEM, code="api-silent")
    hint = replace(PROBLEM, code="login-due", severity="info")
    hidden = replace(PROBLEM, code="not-tws", visible=False)
    connection = replace(FULL, overall=IconState.PROBLEM, problems=(hint, hidden, several, PROBLEM, later))

    assert connection.worst == PROBLEM
    assert replace(STATUS, connections=(BARE, connection)).worst == ("Paper Gateway", "api-port-mismatch")
    assert replace(FULL, problems=(hint, hidden)).worst is None
    assert Status("0", 1, AT).worst is None


def test_times_are_cut_to_the_second_and_in_utc() -> None:
    assert rfc3339(0.999) == "1970-01-01T00:00:00Z"


def test_the_members_keep_their_order_to_the_byte() -> None:
    """Programs that compare whole answers see no difference between two versions."""
    row = Row("API > Settings", "Read-Only API", "off", "on", "asked", RowState.DIFFERS)
    shown = replace(FULL, checklist=(row,), problems=(), farms=(), accounts=())

    assert json.dumps(status_to_json(replace(STATUS, connections=(shown,)), thorough=True)["connections"][0]) == (
        '{"name": "Paper Gateway", "host": "127.0.0.1", "port": 4002, "overall": "connected", "application": '
        '{"kind": "gateway", "version": "10.45", "pid": 3117, "started": "2026-11-23T13:59:00Z", "listening": [4002]}, '
        '"phase": "connected", "since": "2026-11-23T14:00:00Z", "client_id": 7341, "server_version": 178, '
        '"latency_s": 0.001235, "trading_mode": "paper", "accounts": [], "server_link": "up", "farms": [], '
        '"programs": [{"pid": 991, "name": "quantower", "since": "2026-11-23T14:00:00Z"}, '
        '{"name": "unknown", "since": "2026-11-23T14:00:00Z"}], "api_settings": {"source": "unknown"}, "checklist": '
        '[{"place": "API > Settings", "label": "Read-Only API", "wanted": "off", "found": "on", "how": "asked", '
        '"state": "differs"}], "problems": []}'
    )


def test_problems_come_worst_first_and_of_equals_the_newest() -> None:
    hint = replace(PROBLEM, code="login-due", severity="info", since=AT + 9)
    warning = replace(PROBLEM, code="several-apps", severity="warning", since=AT + 8)
    newer = replace(PROBLEM, code="app-frozen", since=AT + 1)
    waiting = replace(PROBLEM, code="not-tws", visible=False, since=AT + 7)

    ordered = worst_first((hint, PROBLEM, waiting, warning, newer))

    assert [p.code for p in ordered] == ["app-frozen", "api-port-mismatch", "several-apps", "login-due", "not-tws"]
    assert replace(FULL, problems=(PROBLEM, newer)).worst == newer


def test_a_problem_of_which_only_the_first_sight_is_known_says_so() -> None:
    shown = status_to_json(replace(STATUS, connections=(replace(FULL, problems=(replace(PROBLEM, began=False),)),)))
    hold_to_schema(shown)

    assert shown["connections"][0]["problems"][0]["first_seen"] is True
    assert "first_seen" not in status_to_json(STATUS)["connections"][0]["problems"][0]


def test_why_an_application_cannot_be_seen_is_told() -> None:
    elsewhere = replace(BARE, unseen="it is on tws.example, and cannot be seen from here")
    shown = status_to_json(replace(STATUS, connections=(elsewhere,)))
    hold_to_schema(shown)

    assert shown["connections"][0]["application_unseen"].startswith("it is on tws.example")
