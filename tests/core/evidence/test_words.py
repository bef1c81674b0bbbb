from dataclasses import replace

import pytest

from agent.core.evidence.words import (
    app_name,
    appointment,
    at,
    clock,
    listed,
    notice_told,
    program,
    quoted,
    size,
)
from agent.core.facts import ApiClient
from agent.core.settings import WantedApplication
from tests.problems.scene import NOW, connection, facts, machine, tws


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([], ""),
        (["usfarm"], "usfarm"),
        (["usfarm", "eufarm"], "usfarm and eufarm"),
        (["usfarm", "usfarm", "eufarm"], "usfarm and eufarm"),
        (["usfarm", "eufarm", "cafarm"], "usfarm, eufarm and cafarm"),
        (["usfarm", "eufarm", "cashfarm", "jfarm"], "usfarm, eufarm and 2 more"),
        (["x" * 40], "x" * 24 + "…"),
        (["x" * 40, "y"], "x" * 13 + "… and 1 more"),
    ],
)
def test_a_list_takes_no_more_room_than_it_has(names: list[str], told: str) -> None:
    assert listed(names, room=25) == told
    assert len(listed(names, room=25)) <= 25


def test_the_words_of_a_notice_lose_accounts_braces_and_line_ends() -> None:
    assert quoted("for account DU1234567\n {x}") == "“for account DU•••567 (x)”"
    assert quoted("  ") == ""
    assert len(quoted("x" * 500)) <= 122


def test_times_are_local_and_a_past_day_is_named() -> None:
    seen = facts()
    shifted = replace(seen, machine=replace(seen.machine, utc_offset=-5 * 3600.0))

    assert clock(seen, NOW.monotonic - 5) == "13:59:55"
    assert clock(shifted, NOW.monotonic - 5) == "08:59:55"
    assert clock(seen, NOW.monotonic - 90_000) == "2026-11-22 13:00:00"
    assert at(seen, NOW.monotonic - 300) == "at 13:55:00"


def test_an_appointment_on_another_day_names_the_day() -> None:
    seen = facts()
    shifted = replace(seen, machine=replace(seen.machine, utc_offset=9 * 3600.0))

    assert appointment(seen, NOW.wall + 3600) == "15:00"
    assert appointment(seen, NOW.wall + 12 * 3600) == "Tuesday 02:00"
    assert appointment(shifted, NOW.wall + 3600) == "Tuesday 00:00"


def test_the_application_is_named_after_what_runs_then_after_what_is_wanted() -> None:
    anything = connection(application=WantedApplication.ANY)

    assert app_name(facts(machine(tws()), wants=anything)) == "TWS"
    assert app_name(facts(machine(), wants=anything)) == "TWS or IB Gateway"
    assert app_name(facts(machine(tws()))) == "IB Gateway"


def test_a_program_is_named_as_well_as_the_system_allows() -> None:
    assert program(ApiClient(port=4002, pid=991, name="quantower")) == "quantower (pid 991)"
    assert program(ApiClient(port=4002, peer="192.0.2.7")) == "a program at 192.0.2.7"
    assert program(ApiClient(port=4002)) == "a program without a name"


def test_memory_is_told_in_units_that_are_easy_to_read() -> None:
    assert size(768 * 2**20) == "768 MiB"
    assert size(4 * 2**30) == "4.0 GiB"


def test_a_notice_is_told_with_its_words_where_it_has_some() -> None:
    assert notice_told(354, "not subscribed for U7654321") == "notice 354: “not subscribed for U•••321”"
    assert notice_told(10167, " ") == "notice 10167"
