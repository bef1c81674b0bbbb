"""`gatelight history`: what an agent wrote is told, for people, spreadsheets and programs."""

import csv
import io
import json
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from agent.cli.history import command
from agent.core.effects import Happened, MarkKind
from agent.core.shown.calendar import newest_source
from agent.errors import GatelightError
from agent.history.spans import Changes, Mark, Span, SpanKind, daily_span
from agent.history.store import HISTORY_SCHEMA, Store
from agent.history.writer import HISTORY_FILE
from agent.runtime.paths import Places, find_places
from agent.tws.coming import DailyEnd, KnownFrom
from tests.commands import Place, simulated
from tests.faults.conftest import place

__all__ = ["place"]

NOW = datetime(2026, 11, 24, 12, 0).astimezone()
MORNING = NOW.timestamp() - 3 * 3600
WELL, ILL = (Span("Paper", SpanKind.STATE, what) for what in ("connected", "problem"))
FROZEN = Span("Paper", SpanKind.PROBLEM, "app-frozen", "error", "=HYPERLINK(“IB Gateway does not answer”)")
RUN = Span("", SpanKind.RUN, "0.1.0")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return find_places(None, tmp_path, environ={})


@pytest.fixture
def morning(places: Places) -> Places:
    store = Store(places.data / HISTORY_FILE)
    hour = 3600.0
    store.write(
        [
            Changes(
                MORNING, begun=((RUN, MORNING), (WELL, MORNING), (Span("Paper", SpanKind.PROGRAM, "bot"), MORNING))
            ),
            Changes(MORNING + hour, ended=(WELL,), begun=((ILL, MORNING + hour), (FROZEN, MORNING + hour))),
            Changes(
                MORNING + 1.5 * hour,
                ended=(ILL, FROZEN),
                ends={FROZEN: "over"},
                begun=((WELL, MORNING + 1.5 * hour),),
                marks=(Mark(MORNING + hour, Happened(MarkKind.SILENT, "Paper", "app-frozen", "quiet hours")),),
            ),
        ]
    )
    store.close()
    return places


def told(places: Places, *, back: int = 7, as_csv: bool = False, as_json: bool = False) -> str:
    said: list[str] = []
    status = command(
        places, back=back, as_csv=as_csv, as_json=as_json, out=said.append, say=said.append, now=lambda: NOW
    )
    assert status == 0
    return "\n".join(said)


def test_people_read_days_and_the_longest_problems(morning: Places) -> None:
    text, comes, rest = told(morning).partition("  What comes")

    assert text == (
        "Paper\n"
        "  Wed 18 Nov to Mon 23 Nov  not watched\n"
        "  Tue 24 Nov  66.67 % well: well 1 h, problem 30 min, not watched 10 h 30 min\n"
        "  What took the time:\n"
        "  - Not watched: Gatelight did not run: 1 h 30 min\n"
        "  - The application: 30 min\n"
        "  Longest outages:\n"
        "  1. Tue 24 Nov 10:00, 30 min: =HYPERLINK(“IB Gateway does not answer”) (bot connected)\n"
    )
    assert comes
    assert rest.partition("What happened:")[2] == (
        "\n"
        "  - Tue 24 Nov 09:00  Gatelight 0.1.0 ran until Tue 24 Nov 10:30\n"
        "  - Tue 24 Nov 10:00  Paper: =HYPERLINK(“IB Gateway does not answer”), 30 min (over)"
    )


def test_people_read_what_comes_and_how_it_is_known(morning: Places) -> None:
    text = told(morning).partition("  What comes")[2]
    heading, *lines = text.partition("What happened:")[0].rstrip().splitlines()

    # The agent wrote last an hour and a half before.
    assert heading == ", as last known on Tue 24 Nov 10:30:"
    days = [line for line in lines if line.startswith("  - ")]
    assert any("IB resets its European servers" in day for day in days)
    assert sum("IB ends all log-ins" in day for day in days) == 1
    assert any("Which of IB’s servers this log-in is on is not known" in line for line in lines)
    assert any("When the application restarts every day is not known" in line for line in lines)
    assert lines[-1].startswith("Reset windows are from IB’s system-status page as of ")


def test_an_agent_that_was_killed_a_moment_ago_is_not_said_to_run(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(places.data / HISTORY_FILE)
    store.write([Changes(MORNING, begun=((RUN, MORNING), (WELL, MORNING))), Changes(NOW.timestamp() - 60)])
    store.close()
    command(places, back=1, as_csv=False, as_json=False, out=print, say=print, now=lambda: NOW)
    told = capsys.readouterr().out

    assert "well 2 h 59 min, not watched 9 h 1 min" in told
    assert "Gatelight 0.1.0 ran until Tue 24 Nov 11:59" in told


def test_programs_read_what_comes(morning: Places) -> None:
    answer = json.loads(told(morning, back=1, as_json=True))
    ahead = answer["connections"][0]["ahead"]

    assert answer["until"] < answer["ahead_until"]
    assert answer["reset_windows"]["as_of"] == str(newest_source())
    assert "region" not in ahead
    assert "daily" not in ahead
    assert datetime.fromisoformat(ahead["as_of"]).timestamp() == MORNING + 1.5 * 3600
    assert {one["kind"] for one in ahead["coming"]} == {"reset", "weekend", "log-in"}
    assert all("ends" in one for one in ahead["coming"] if one["kind"] != "log-in")
    assert answer["connections"][0]["causes"] == [
        {
            "cause": "Gatelight not running",
            "title": "Not watched: Gatelight did not run",
            "problems": [],
            "seconds": 5400.0,
            "count": 1,
            "longest": 5400.0,
        },
        {
            "cause": "application",
            "title": "The application",
            "problems": [FROZEN.title],
            "seconds": 1800.0,
            "count": 1,
            "longest": 1800.0,
        },
    ]


def members(told: object) -> Iterator[str]:
    """The names of all members of a JSON value."""
    if isinstance(told, dict):
        yield from told
    for one in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
        yield from members(one)


def test_every_member_is_documented(morning: Places) -> None:
    store = Store(morning.data / HISTORY_FILE)
    daily = daily_span("Paper", DailyEnd(30, restarts=True, known_from=KnownFrom.API), own_clock=False)
    region = Span("Paper", SpanKind.REGION, "asia", KnownFrom.FILE)
    store.write([Changes(MORNING + 5400, begun=((daily, MORNING), (region, MORNING)))])
    store.close()
    page = (Path(__file__).parents[2] / "agent" / "cli" / "README.md").read_text(encoding="utf-8")
    found = set(members(json.loads(told(morning, back=1, as_json=True))))

    assert {"coming", "region", "daily", "causes", "as_of"} <= found
    assert [name for name in sorted(found) if f"{name}`" not in page and f"{name}[" not in page] == []


def test_programs_read_the_same_as_json(morning: Places) -> None:
    answer = json.loads(told(morning, back=1, as_json=True))
    (connection,) = answer["connections"]

    assert answer["schema"] == 1
    assert connection["name"] == "Paper"
    assert connection["days"] == [
        {
            "date": "2026-11-24",
            "seconds": {"not_watched": 37800.0, "well": 3600.0, "problem": 1800.0},
            "well": 0.666667,
        }
    ]
    assert [(o["code"], o["seconds"], o["programs"]) for o in connection["outages"]] == [
        ("app-frozen", 1800.0, ["bot"])
    ]
    assert [(e["kind"], e["code"], e["detail"]) for e in answer["events"]] == [("silent", "app-frozen", "quiet hours")]


def test_a_spreadsheet_takes_no_cell_for_a_formula(morning: Places) -> None:
    head, *rows = csv.reader(io.StringIO(told(morning, as_csv=True)))

    assert head[:4] == ["began", "ended", "seconds", "connection"]
    assert [row[5] for row in rows] == ["0.1.0", "app-frozen"]
    assert rows[1][7] == "'=HYPERLINK(“IB Gateway does not answer”)"


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("a;=HYPERLINK(1)", "a;'=HYPERLINK(1)"),
        ("a; \t@SUM(1)", "a; \t'@SUM(1)"),
        ("a,+1|-1", "a,'+1|'-1"),
        ("＝1", "'＝1"),
        ("a=b; c-d, 1", "a=b; c-d, 1"),
    ],
)
def test_where_a_semicolon_ends_a_cell_there_is_no_formula_either(places: Places, name: str, cell: str) -> None:
    store = Store(places.data / HISTORY_FILE)
    store.write([Changes(MORNING, begun=((Span("Paper", SpanKind.PROBLEM, "app-frozen", "error", name), MORNING),))])
    store.close()
    _, row = csv.reader(io.StringIO(told(places, as_csv=True)))

    assert row[7] == cell


def test_without_a_history_nothing_is_made(places: Places) -> None:
    assert told(places) == "Nothing has been kept yet: the history begins when the agent runs."
    assert json.loads(told(places, as_json=True))["connections"] == []
    assert not list(places.data.iterdir())


def test_a_history_that_cannot_be_read_is_one_sentence(places: Places) -> None:
    (places.data / HISTORY_FILE).write_text("no database " * 1000)

    with pytest.raises(GatelightError, match="cannot be read"):
        told(places)


def test_the_history_of_a_later_version_is_left_to_it(morning: Places) -> None:
    store = Store(morning.data / HISTORY_FILE)
    store._db.execute(f"PRAGMA user_version = {HISTORY_SCHEMA + 1}")
    store.close()

    with pytest.raises(GatelightError, match="later version"):
        told(morning)


def test_what_an_agent_saw_is_in_its_history(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place.config.write_text(f'[[connections]]\nname = "Paper"\nport = {port}\n')
    with place.agent() as agent:
        with simulated(port):
            place.until(lambda c: c["phase"] == "connected", agent)
            beside = place.do("history", "--json")
        place.until(lambda c: c["phase"] != "connected", agent)
    (connection,) = json.loads(place.do("history", "--json").out)["connections"]

    assert json.loads(beside.out)["schema"] == 1
    assert connection["name"] == "Paper"
    assert connection["days"][-1]["seconds"]["well"] > 0
    assert place.do("history").out.count("ran until") == 1
