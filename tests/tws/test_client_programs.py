"""The programs that connect to the TWS API: how they are known, and what is said about each."""

import re

import pytest

from agent.tws.client_programs import (
    CLIENT_PROGRAMS,
    OTHER,
    PROCESS_NAMES,
    ClientProgram,
    plain_name,
    program_named,
    program_of,
)

HOST, PORT, FIRST, SECOND = "127.0.0.1", 4002, 11, 12


@pytest.mark.parametrize("program", CLIENT_PROGRAMS, ids=lambda program: program.id)
def test_each_says_where_host_port_and_client_id_are_typed(program: ClientProgram) -> None:
    steps = program.steps_for(HOST, PORT, FIRST, SECOND)
    text = " ".join(steps)

    assert re.search(r"[{}]\w|\w[{}]", text) is None
    assert HOST in text
    assert str(PORT) in text
    assert (str(FIRST) in text) is program.asks_id
    assert all(step[0].isupper() and step[-1] in ".`)" for step in steps)


def test_what_is_filled_in_is_what_was_given() -> None:
    assert (
        program_of("ib_async")
        .steps_for("gate.example", 7497, 5, 6)[0]
        .endswith("`ib.connect('gate.example', 7497, clientId=5)`")
    )
    assert "client ID 6" in program_of("multicharts").steps_for(HOST, PORT, 5, 6)[1]


def test_ids_and_names_have_one_owner() -> None:
    names = [name for program in CLIENT_PROGRAMS for name in (*program.processes, *program.on_port)]

    assert len({program.id for program in CLIENT_PROGRAMS}) == len(CLIENT_PROGRAMS)
    assert len(set(names)) == len(names)
    assert all(name == name.lower() and not name.endswith(".exe") for name in names)
    assert program_of("nothing of the kind") is program_of(None) is OTHER
    assert CLIENT_PROGRAMS[-1] is OTHER


@pytest.mark.parametrize(
    ("process", "id"),
    [
        ("Starter.exe", "quantower"),
        ("Quantower", "quantower"),
        ("NinjaTrader.exe", "ninjatrader"),
        ("MultiCharts64.exe", "multicharts"),
        ("EXCEL.EXE", "excel"),
        ("python3.12", None),
        ("java", None),
        ("", None),
    ],
)
def test_a_program_is_known_by_its_process(process: str, id: str | None) -> None:
    found = program_named(process)

    assert (found and found.id) == id


def test_a_name_that_others_have_too_tells_only_on_a_port() -> None:
    assert program_named("starter") is not None
    assert {"ninjatrader", "ninjatrader.exe"} <= PROCESS_NAMES
    assert not {"starter", "starter.exe", "broker", "broker.exe"} & PROCESS_NAMES


def test_the_ending_of_a_file_is_no_part_of_a_name() -> None:
    assert [plain_name(name) for name in ("EXCEL.EXE", "mybot.exe", "python3")] == ["EXCEL", "mybot", "python3"]


def test_the_user_s_own_begins_a_sentence() -> None:
    assert program_of("quantower").yours == "Quantower"
    assert program_of("ib_async").yours == "Your Python program with ib_async or ib_insync"
    assert program_of("ibrokers").yours == "Your R program with IBrokers"
    assert OTHER.yours == "Your program"
