"""What the .msi runs around an update, with a note in memory and real agents; `tests/installers` has the whole."""

import json
import sys
from pathlib import Path

import psutil
import pytest

from agent.cli import around_update
from agent.cli.around_update import NOTE_SECONDS, REMOVE, REPLACE, UPDATE, end_agent, to_start
from agent.cli.life import stop_agent
from agent.errors import AgentNotRunning
from agent.runtime.paths import Places, find_places
from agent.simulator.free_ports import free_port
from tests.commands import PATIENCE, Place, paper_file
from tests.faults.conftest import place

__all__ = ["place"]

HERE = Path(psutil.Process().exe()).parent
WHEN = 1_000_000.0


class Note:
    """A note that was left, or not."""

    def __init__(self, text: str | None = None) -> None:
        self.text = text

    def leave(self, text: str) -> None:
        self.text = text

    def take(self) -> str | None:
        text, self.text = self.text, None
        return text


def places_of(place: Place) -> Places:
    return find_places(place.config, place.data, environ={})


def noted(*arguments: str, when: float = WHEN) -> str:
    return json.dumps({"when": when, "arguments": arguments})


@pytest.mark.parametrize("word", [UPDATE, REPLACE, REMOVE])
def test_an_agent_is_ended_and_what_starts_it_again_is_noted_unless_it_is_removed(place: Place, word: str) -> None:
    place.config.write_text(paper_file(free_port()))
    note = Note()
    with place.agent() as process:
        end_agent(word, places_of(place), note, HERE)
        assert process.wait(PATIENCE) == 0

    if word == REMOVE:
        assert note.text is None
    else:
        again = to_start(note.text, json.loads(note.text or "")["when"])
        assert again == ["run", "--autostart", *place.options, "--no-tray"]


def test_the_agent_of_another_installation_goes_on(place: Place, tmp_path: Path) -> None:
    place.config.write_text(paper_file(free_port()))
    note = Note()
    with place.agent() as process:
        for word in (UPDATE, REPLACE, REMOVE):
            end_agent(word, places_of(place), note, tmp_path)
        place.await_agent(process)

    assert note.text is None


def test_an_update_forgets_the_note_of_an_earlier_one_and_its_own_stays_until_its_end(place: Place) -> None:
    """The removal of the earlier version, a part of the update, finds no agent any more."""
    note = Note(noted("run"))
    end_agent(UPDATE, places_of(place), note, HERE)
    assert note.text is None

    note.leave(noted("run"))
    end_agent(REPLACE, places_of(place), note, HERE)
    assert note.text == noted("run")


def test_an_agent_that_only_starts_is_told_until_it_hears(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Places] = []

    def hears_late(places: Places) -> dict[str, object]:
        told.append(places)
        if len(told) < 3:
            raise AgentNotRunning("not yet")
        return stop_agent(places)

    monkeypatch.setattr(around_update, "stop_agent", hears_late)
    monkeypatch.setattr(around_update, "_BETWEEN", 0.01)
    place.config.write_text(paper_file(free_port()))
    note = Note()
    with place.agent() as process:
        end_agent(UPDATE, places_of(place), note, HERE)
        assert process.wait(PATIENCE) == 0

    assert (len(told), note.text is None) == (3, False)


@pytest.mark.parametrize(
    ("note", "again"),
    [
        (None, None),
        ("", None),
        ("nonsense", None),
        ("[]", None),
        (json.dumps({"when": WHEN}), None),
        (json.dumps({"when": "soon", "arguments": ["run"]}), None),
        (noted("run", "--no-tray"), ["run", "--no-tray"]),
        (noted("run", when=WHEN - NOTE_SECONDS + 1), ["run"]),
        (noted("run", when=WHEN - NOTE_SECONDS - 1), None),
        (noted("run", when=WHEN + 1), None),
        # Of a version that has other options, or something else than an agent.
        (noted("run", "--later"), ["run", "--autostart"]),
        (noted("stop"), ["run", "--autostart"]),
        (noted("--help"), ["run", "--autostart"]),
        (noted(), ["run", "--autostart"]),
    ],
)
def test_what_a_note_asks_to_start(note: str | None, again: list[str] | None) -> None:
    assert to_start(note, WHEN) == again


@pytest.mark.skipif(sys.platform == "win32", reason="there it is possible")
def test_what_goes_wrong_ends_without_a_word(capfd: pytest.CaptureFixture[str]) -> None:
    """A windowed program would show it in a window, and a silent installation would wait."""
    assert around_update.around_update("again") == 1
    assert capfd.readouterr() == ("", "")
