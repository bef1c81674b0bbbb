"""The log as JSON lines: what is in them, that nothing private is, and that people can read them."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.cli import log
from agent.runtime.json_lines import as_text
from agent.runtime.logs import set_up_logs
from agent.tws.privacy import Private

HERE = Private(homes=("/srv/anna",), names=("anna",))


def written(folder: Path, *records: tuple[str, dict[str, Any]], as_json: bool = True) -> list[str]:
    """The lines of the log of these records: message and further arguments of each."""
    root = logging.getLogger()
    others, level = list(root.handlers), root.level
    for other in others:
        root.removeHandler(other)
    try:
        with set_up_logs(folder / "gatelight.log", 0, HERE, json=as_json):
            for message, more in records:
                logging.getLogger("agent.test").warning(message, **more)
    finally:
        for other in others:
            root.addHandler(other)
        root.setLevel(level)
    return (folder / "gatelight.log").read_text(encoding="utf-8").splitlines()


def test_each_record_is_one_object_on_a_line_of_its_own(tmp_path: Path) -> None:
    about = {"connection": "Köln", "code": "app-frozen"}
    before = datetime.now(UTC)
    lines = written(tmp_path, ('two\nlines “and” a quote "', {"extra": about}), ("alone", {}))
    said = [json.loads(line) for line in lines]

    assert [list(one) for one in said] == [
        ["time", "level", "logger", "message", "connection", "code"],
        ["time", "level", "logger", "message"],
    ]
    assert said[0]["message"] == 'two\n    lines “and” a quote "'
    assert said[0].items() >= about.items()
    assert said[1].items() >= {"level": "warning", "logger": "agent.test", "message": "alone"}.items()
    assert said[1]["time"].endswith("Z")
    # Milliseconds are cut off.
    assert (datetime.fromisoformat(said[1]["time"]) - before).total_seconds() + 0.001 >= 0


def test_what_is_private_is_masked_in_every_field(tmp_path: Path) -> None:
    try:
        raise ValueError("U7654321 of anna")
    except ValueError:
        trace = {"exc_info": True}
        about = {"connection": "U7654321 at /srv/anna", "code": "of anna"}
        lines = written(tmp_path, ("U7654321 in /srv/anna", {"extra": about, **trace}))

    assert len(lines) == 1
    assert "traceback" in json.loads(lines[0])
    assert [word for word in ("7654321", "anna") if word in lines[0]] == []


class Broken:
    def __str__(self) -> str:
        raise ValueError


def test_a_record_that_cannot_be_cleaned_is_about_nothing(tmp_path: Path) -> None:
    (line,) = written(tmp_path, ("x", {"extra": {"connection": Broken()}}))

    assert set(json.loads(line)) == {"time", "level", "logger", "message"}


@pytest.mark.parametrize("trace", [False, True])
def test_people_read_the_same_of_both_forms(tmp_path: Path, trace: bool) -> None:
    told: list[str] = []
    record = (
        "it was so",
        {"extra": {"connection": "Paper"}, "exc_info": ValueError("of the check") if trace else None},
    )
    for name, as_json in (("text", False), ("json", True)):
        (tmp_path / name).mkdir()
        written(tmp_path / name, record, as_json=as_json)
        lines: list[str] = []
        log.command(tmp_path / name / "gatelight.log", lines.append, follow=False)
        told.append("\n".join(lines))

    # Each begins with the time of its own record.
    assert told[0].split(" ", 2)[2] == told[1].split(" ", 2)[2]
    assert "WARNING agent.test: it was so" in told[1]
    assert ("ValueError: of the check" in told[1]) is trace


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-29 10:00:00.000+00:00 INFO    agent: as ever",
        '{"time": ',
        '{"time": "soon", "level": "info", "logger": "agent", "message": "x"}',
        '{"time": 3, "level": "info", "logger": "agent", "message": "x"}',
        '{"time": "2026-11-29T10:00:00.000Z"}',
        '{"time": "2026-11-29T10:00:00.000Z", "level": 3, "logger": "agent", "message": "x"}',
    ],
)
def test_any_other_line_stays_as_it_is(line: str) -> None:
    assert as_text(line) == line
