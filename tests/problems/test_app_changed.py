from dataclasses import replace

import pytest

from agent.core.alerts.ending import ending_of
from agent.core.facts import Facts, Missing
from agent.core.memory import ChangeKept
from agent.core.problem import Absent, Present, Severity
from agent.core.settings import Intent
from agent.problems.app_changed import APP_CHANGED
from agent.tws.api_settings_table import FIELDS
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, backing_off, connection, facts, machine

VERSION = ChangeKept("version", "10.45", "10.50", NOW.wall - 3600)
PORT = ChangeKept("port", "4001", "4002", NOW.wall - 1800)


def changed(*changes: ChangeKept, missing: tuple[Missing, ...] = ()) -> Facts:
    return replace(facts(), changes=changes, missing=missing)


def test_it_says_what_was_and_what_is(judge: Judge) -> None:
    verdict = judge(APP_CHANGED, changed(VERSION, PORT))

    assert isinstance(verdict, Present)
    assert verdict.args["what"] == "version and API port"
    assert verdict.args["changes"] == "version 10.45 → 10.50 and API port 4001 → 4002"
    assert verdict.evidence == (
        "version: 10.45 before, 10.50 since 13:00",
        "API port: 4001 before, 4002 since 13:30",
    )
    assert verdict.severity is None
    assert verdict.since == NOW.monotonic - 3600


def test_a_port_that_moved_away_from_programs_is_a_warning_that_names_them(judge: Judge) -> None:
    bot = Missing("quantower", NOW.wall - 300, 991, lost_at=NOW.wall - 1800, port_before=4001, runs=True)
    verdict = judge(APP_CHANGED, changed(PORT, missing=(bot,)))

    assert isinstance(verdict, Present)
    assert verdict.severity is Severity.WARNING
    assert verdict.case == "cut-off"
    assert verdict.args["then"] == "Still at the old port, and cut off: quantower."
    assert verdict.evidence[1].startswith("quantower, pid 991, was connected to port 4001 until 13:30:00")


def test_a_program_that_is_missed_for_another_reason_is_not_cut_off(judge: Judge) -> None:
    bot = Missing("quantower", NOW.wall - 300, 991, lost_at=NOW.wall - 1800)
    verdict = judge(APP_CHANGED, changed(VERSION, missing=(bot,)))

    assert isinstance(verdict, Present)
    assert verdict.severity is None


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_setting_has_words(judge: Judge, field: object) -> None:
    what = f"{field.group.value}.{field.name}"  # type: ignore[attr-defined]
    verdict = judge(APP_CHANGED, changed(ChangeKept(what, "auto restart", "restart", NOW.wall)))

    assert isinstance(verdict, Present)
    assert verdict.args["what"] == "a setting"
    assert what not in verdict.args["changes"] + verdict.evidence[0]
    assert field.name not in verdict.evidence[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("what", "now"),
    [
        ("settings.read_only_api", "ticked"),
        ("precautions.bypass_bond_warning", "not ticked"),
        ("lock_and_exit.auto_logoff_type", "logoff"),
    ],
)
def test_what_is_a_problem_of_its_own_is_told_there(judge: Judge, what: str, now: str) -> None:
    assert judge(APP_CHANGED, changed(ChangeKept(what, "restart", now, NOW.wall))) == Absent()
    assert judge(APP_CHANGED, changed(ChangeKept(what, now, "restart", NOW.wall))) == Absent()


def test_a_precaution_is_told_where_nothing_else_tells_it(judge: Judge) -> None:
    reads = replace(
        changed(ChangeKept("precautions.bypass_bond_warning", "ticked", "not ticked", NOW.wall)),
        connection=connection(intent=Intent.DATA),
    )

    assert isinstance(judge(APP_CHANGED, reads), Present)


def test_all_settings_at_once_fit_into_a_notice(judge: Judge) -> None:
    every = (ChangeKept(f"{f.group.value}.{f.name}", "x" * 300, "restart" * 40, NOW.wall) for f in FIELDS)
    bots = tuple(Missing("p" * 100, NOW.wall, 9, lost_at=NOW.wall, port_before=4001) for _ in range(9))

    assert isinstance(judge(APP_CHANGED, changed(VERSION, PORT, *every, missing=bots)), Present)


def test_without_a_change_it_is_absent(judge: Judge) -> None:
    assert judge(APP_CHANGED, facts()) == Absent()


def test_its_end_is_that_it_is_as_before() -> None:
    news = ending_of(APP_CHANGED, "", facts())

    assert news is not None
    assert news.title == "IB Gateway is as it was before"
    assert ending_of(APP_CHANGED, "", changed(VERSION)) is None
    assert ending_of(APP_CHANGED, "", facts(machine(), backing_off())) is None
