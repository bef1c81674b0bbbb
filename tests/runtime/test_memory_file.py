"""What the agent remembers, on a disk that may have been torn."""

import json
import logging
import math
import random
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.memory import (
    ChangeKept,
    DayKept,
    Memory,
    PortKept,
    ProgramId,
    ProgramKept,
    SeenRunning,
    Served,
    ServedBefore,
    ShownBefore,
    Snoozed,
    Stopped,
    Told,
    ToldThere,
    UpdateNotes,
    WaitingNotice,
    WellKept,
)
from agent.core.state_machine.port_programs import MOST_PROGRAMS
from agent.core.state_machine.timetable import DAYS_KEPT
from agent.runtime.memory_file import LATEST, LONGEST_FILE, MOST_REPEATS, MemoryFile
from tests.runtime.made_up_world import MadeUpWorld, running, state_of

FULL = Memory(
    taken_back_by="0.1.0",
    told=(
        Told("Paper Gateway", "api-silent", 1.0, 2.0, 3, "TWS does not answer", unshown=True, began=True),
        Told("Ünïcode “x”", "data-farm-broken:usfarm", 4.5, 5.5, taken_back=True),
    ),
    snoozed=(Snoozed("", "login-due", 1_900_000_000.25),),
    paused_until=1_800_000_000.5,
    shown=(
        ShownBefore("Paper Gateway", "api-silent", 1.0, "error", ("app", "port"), ("IB Gateway", "4002"), began=True),
        ShownBefore("", "config-invalid", 2.0, "warning"),
    ),
    running=(SeenRunning("IB Gateway", "gateway", implicit=True), SeenRunning("Live TWS", "tws", 2020, well=True)),
    stopped=(Stopped("Live TWS", 3.0, None, 4.0), Stopped("日本", None, 1_800_000_100.0)),
    served=(
        ServedBefore("Paper Gateway", Served(4002, "ssh", 700)),
        ServedBefore("Live TWS", Served(7496, application=True)),
    ),
    ports=(
        PortKept(
            "Paper Gateway",
            4002,
            "3117/1800000000",
            (DayKept(20_514, (1 << 96) - 1),),
            (
                ProgramKept(
                    ProgramId("python3", "bot.py", "f00ba4"),
                    20_500,
                    (DayKept(20_514, 1 << 95),),
                    there=False,
                    pid=991,
                    lost_at=1_800_000_000.5,
                    lost_port=4001,
                    missing_since=1_800_000_300.5,
                    slowest=42.5,
                    ignored=True,
                ),
                ProgramKept(ProgramId(peer="192.0.2.7"), 20_514, there=True),
            ),
        ),
        PortKept("Remote", 4001),
    ),
    well=(
        WellKept(
            "Paper Gateway",
            "gateway",
            ("version", "accounts"),
            ("10.50", "DU•••567"),
            (ChangeKept("version", "10.45", "10.50", 1_800_000_000.5),),
        ),
    ),
    welcomed=True,
    updates=UpdateNotes("https://example.org", 1_800_000_200.0, 1_800_000_000.5, "0.3.0", "https://example.org/x"),
    summary_said=1_800_000_200.0,
    told_there=(ToldThere("Phone", "Paper Gateway", "api-silent", 1.0, 2, "TWS does not answer", crowd=0.5),),
    waiting=(
        WaitingNotice("Phone", "x/y", 2.0, "info", "It is well", "Well.", over=True, crowd=1.5, ended="It is bad"),
    ),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.json"


@pytest.mark.parametrize(
    "memory", [Memory(), FULL, Memory(paused_until=math.inf), Memory(paused_until=0.0)], ids=["empty", "full", "∞", "0"]
)
def test_what_was_kept_is_read_again(memory: Memory, path: Path) -> None:
    MemoryFile(path).write(memory)

    assert MemoryFile(path).read() == memory
    assert [p.name for p in path.parent.iterdir()] == ["memory.json"]


TIMES = st.floats(min_value=0, max_value=LATEST, allow_nan=False)


@given(
    st.builds(
        Memory,
        told=st.lists(
            st.builds(Told, st.text(), st.text(), TIMES, TIMES, st.integers(0, MOST_REPEATS)), max_size=4
        ).map(tuple),
        snoozed=st.lists(st.builds(Snoozed, st.text(), st.text(), TIMES), max_size=4).map(tuple),
        paused_until=st.none() | st.just(math.inf) | TIMES,
        stopped=st.lists(st.builds(Stopped, st.text(), st.none() | TIMES, st.none() | TIMES, TIMES), max_size=4).map(
            tuple
        ),
        welcomed=st.booleans(),
        summary_said=st.none() | TIMES,
    )
)
def test_any_memory_survives(memory: Memory) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        file = MemoryFile(Path(folder) / "memory.json")
        file.write(memory)

        assert file.read() == memory


def test_a_file_of_an_earlier_version_is_read_and_has_nothing_shown(path: Path) -> None:
    MemoryFile(path).write(FULL)
    kept = json.loads(path.read_text())
    del kept["shown"], kept["running"], kept["updates"], kept["summary_said"]
    path.write_text(json.dumps(kept))

    earlier = replace(FULL, shown=(), running=(), updates=UpdateNotes(), summary_said=None)
    assert MemoryFile(path).read() == earlier


def test_what_an_earlier_version_kept_of_connections_that_are_not_watched_is_read(path: Path) -> None:
    path.write_text(json.dumps({**good(), "disconnected": ["x", "y"], "returning": [{"connection": "y", "at": 9.0}]}))
    read = MemoryFile(path).read()

    assert read.stopped == (Stopped("x", None), Stopped("y", None, 9.0))
    # Its user knows Gatelight.
    assert read.welcomed


def test_without_a_file_nothing_is_remembered_and_nothing_complained_about(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert MemoryFile(path).read() == Memory()
    assert caplog.records == []


def good() -> dict[str, Any]:
    return {
        "format": 1,
        "told": [{"connection": "x", "key": "k", "since": 1.0, "at": 2.0, "repeats": 0}],
        "snoozed": [{"connection": "", "code": "c", "until": 3.0}],
        "paused_until": None,
        "disconnected": ["x"],
    }


def broken(*changes: tuple[list[Any], Any]) -> str:
    kept = good()
    for place, value in changes:
        target: Any = kept
        for step in place[:-1]:
            target = target[step]
        target[place[-1]] = value
    return json.dumps(kept)


def test_what_is_remembered_of_a_hundred_connections_is_read_again(tmp_path: Path) -> None:
    days = tuple(DayKept(20_500 + n, (1 << 96) - 1) for n in range(DAYS_KEPT))
    who = (ProgramId("python3", f"strategy_{n:02}.py", "0123456789ab") for n in range(MOST_PROGRAMS))
    programs = tuple(ProgramKept(one, 20_500 * 96, days, there=True, pid=1000) for one in who)
    names = [f"connection-{n:03}" for n in range(100)]
    memory = Memory(ports=tuple(PortKept(name, 4002, "3117/1800000000", days, programs) for name in names))
    file = tmp_path / "memory.json"
    before = MemoryFile(file)
    before.write(memory)
    while before.unkept:
        threading.Event().wait(0.01)
    before.close()

    assert MemoryFile(file).read() == memory
    assert file.stat().st_size < LONGEST_FILE / 3


SHOWN = {"connection": "x", "key": "k", "since": 1.0, "severity": "error", "names": ["app"], "values": ["TWS"]}
TORN = {
    "empty": "",
    "half": json.dumps(good())[:40],
    "zeros": "\0" * 100,
    "list": "[]",
    "number": "7",
    "null": "null",
    "deep": "[" * 100_000,
    "long": " " * (LONGEST_FILE + 1),
    "no format": "{}",
    "another format": broken((["format"], 2)),
    "told is a number": broken((["told"], 5)),
    "told is a word": broken((["told"], "abc")),
    "told holds a word": broken((["told", 0], "abc")),
    "told holds a list": broken((["told", 0], [1, 2, 3, 4, 5])),
    "time is a word": broken((["told", 0, "at"], "soon")),
    "time is true": broken((["told", 0, "since"], True)),
    "time is not a number": broken((["told", 0, "since"], math.nan)),
    "time is endless": broken((["snoozed", 0, "until"], math.inf)),
    "time is negative": broken((["snoozed", 0, "until"], -1)),
    "time is beyond": broken((["paused_until"], 1e300)),
    "pause is a word": broken((["paused_until"], "later")),
    "pause is false": broken((["paused_until"], False)),
    "repeats without end": broken((["told", 0, "repeats"], 10**40)),
    "repeats are half": broken((["told", 0, "repeats"], 0.5)),
    "key is a number": broken((["told", 0, "key"], 5)),
    "code is null": broken((["snoozed", 0, "code"], None)),
    "severity is none": broken((["shown"], [{**SHOWN, "severity": "dire"}])),
    "words without values": broken((["shown"], [{**SHOWN, "values": []}])),
    "values are numbers": broken((["shown"], [{**SHOWN, "values": [5]}])),
    "shown is a word": broken((["shown"], "abc")),
    "kind is none": broken((["running"], [{"connection": "x", "kind": "toaster", "pid": None, "implicit": True}])),
    "pid is a word": broken((["running"], [{"connection": "x", "kind": "tws", "pid": "1", "implicit": True}])),
    "names are numbers": broken((["disconnected"], [1, 2])),
    "names are a word": broken((["disconnected"], "Paper")),
}


@pytest.mark.parametrize("text", TORN.values(), ids=TORN)
def test_what_cannot_be_understood_starts_anew_and_is_said_once(
    text: str, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text(text)

    assert MemoryFile(path).read() == Memory(welcomed=True)
    assert len(caplog.records) == 1
    assert "starts anew" in caplog.text
    assert caplog.records[0].exc_info is None


def test_bytes_that_are_no_text_and_a_folder_start_anew(path: Path, tmp_path: Path) -> None:
    path.write_bytes(random.Random(7).randbytes(500))
    folder = tmp_path / "folder"
    folder.mkdir()

    assert MemoryFile(path).read() == Memory(welcomed=True)
    assert MemoryFile(folder).read() == Memory(welcomed=True)


def test_a_file_cut_off_anywhere_never_stops_the_agent(path: Path) -> None:
    MemoryFile(path).write(FULL)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])

        assert MemoryFile(path).read() == Memory(welcomed=True)


def test_unknown_additions_of_a_later_version_do_not_matter(path: Path) -> None:
    kept = {**good(), "later": 1}
    kept["told"][0]["later"] = 2
    path.write_text(json.dumps(kept))

    assert MemoryFile(path).read().stopped == (Stopped("x", None),)


def test_a_disk_that_refuses_is_said_once_until_it_takes_again(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    # Not even an administrator can write a file where there is no folder.
    folder = tmp_path / "data"
    file = MemoryFile(folder / path.name)
    for _ in range(3):
        file.write(FULL)
    first, why = len(caplog.records), file.unkept
    folder.mkdir()
    file.write(FULL)
    kept = file.unkept
    taken = file.read()
    shutil.rmtree(folder)
    file.write(Memory())

    assert (first, len(caplog.records)) == (1, 2)
    assert taken == FULL
    assert (why, kept, file.unkept) == ("No such file or directory", "", "No such file or directory")


@pytest.fixture
def torn(path: Path) -> MemoryFile:
    path.write_text(broken((["told", 0, "at"], "soon")))
    return MemoryFile(path)


async def test_an_agent_remembers_only_times_it_can_compare(torn: MemoryFile) -> None:
    world = MadeUpWorld(gateway=False)
    async with running(world, state_of(memory=torn.read())):
        await world.until(lambda w: "app-not-running" in w.codes)

    assert world.notices


def test_who_served_is_not_read_from_what_is_no_such_thing(path: Path) -> None:
    MemoryFile(path).write(FULL)
    kept = json.loads(path.read_text())
    kept["served"][0]["served"]["application"] = 1
    path.write_text(json.dumps(kept))

    assert MemoryFile(path).read() == Memory(welcomed=True)
