"""`gatelight bundle`: lists what it holds first, shows a file that is asked for, and writes only after a yes."""

import errno
import io
import json
import os
import socket
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agent.app import bundle as bundle_module
from agent.app.bundle import write_bundle
from agent.cli import bundle as command_module
from agent.cli.bundle import command
from agent.errors import CouldNotFindOut, GatelightError
from agent.history.recording.recorder import RECORDING_FOLDER
from agent.runtime.paths import Places, find_places
from tests.commands import Place, simulated
from tests.faults.conftest import place
from tests.recorded_day import RecordedDay

__all__ = ["place"]

NOW = datetime(2026, 11, 24, 12, 0).astimezone()
NAME = "gatelight-bundle-20261124-120000.zip"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    def nothing(*_: Any, **__: Any) -> Any:
        raise CouldNotFindOut("The look could not be completed.")

    monkeypatch.setattr(command_module, "examine", nothing)
    monkeypatch.chdir(tmp_path)
    found = find_places(tmp_path / "config.toml", tmp_path / "data", environ={})
    found.data.mkdir()
    found.config.write_text("")
    return found


class Typed(io.StringIO):
    def isatty(self) -> bool:
        return True


def made(
    places: Places, *, out_file: str | None = None, typed: str | None = None, yes: bool = False
) -> tuple[list[str], list[str]]:
    """What was printed, and what was said; `typed` at a terminal, or there is none."""
    out: list[str] = []
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        if typed is not None:
            patch.setattr(sys, "stdin", Typed(typed))
            patch.setattr(sys, "stderr", Typed())
        assert command(places, out_file, yes=yes, out=out.append, say=said.append, now=lambda: NOW) == 0
    return out, said


def test_it_is_listed_and_written_where_no_question_can_be_asked(places: Places) -> None:
    out, said = made(places)
    (archive,) = Path.cwd().glob("*.zip")

    assert out == [str(archive)] == [str(Path.cwd() / NAME)]
    listed = [line.split()[0] for line in said if line.startswith("  ")]
    assert listed == ["about.txt", "configuration.toml", "doctor.json", "history.json"]
    assert zipfile.ZipFile(archive).namelist() == listed
    assert json.loads(zipfile.ZipFile(archive).read("doctor.json")) == {"error": "The look could not be completed."}
    if os.name != "nt":
        assert archive.stat().st_mode & 0o777 == 0o600


def test_a_no_writes_nothing(places: Places) -> None:
    for no in ("n\n", "no\n", ""):
        out, said = made(places, typed=no)
        assert (out, said[-1]) == ([], "Nothing was written.")
    assert list(Path.cwd().glob("*.zip")) == []


def test_a_file_is_read_before_the_yes(places: Places) -> None:
    out, said = made(places, typed="about.txt\nwhat\n\n")

    assert out[0].startswith("Gatelight ")
    assert "In the place of what is private:" in out[0]
    assert out[1:] == [str(Path.cwd() / NAME)]
    assert said[-1] == "Type y, n or one of about.txt, configuration.toml, doctor.json, history.json."


def test_with_yes_nothing_is_asked(places: Places) -> None:
    out, _ = made(places, typed="n\n", yes=True)

    assert out == [str(Path.cwd() / NAME)]


def test_it_goes_where_the_user_wants_it(places: Places, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    assert made(places, out_file="x.zip")[0] == [str(tmp_path / "x.zip")]
    assert made(places, out_file="folder")[0] == [str(tmp_path / "folder" / NAME)]


def test_a_file_that_is_there_is_not_replaced(places: Places, tmp_path: Path) -> None:
    there = tmp_path / "there.zip"
    there.write_text("mine")
    with pytest.raises(GatelightError) as no:
        made(places, out_file=str(there))

    assert str(no.value) == f"{there} is there already: name another file with --out."
    assert there.read_text() == "mine"


def test_a_folder_that_is_not_there_is_said_before_the_look(places: Places, tmp_path: Path) -> None:
    with pytest.raises(GatelightError) as no:
        made(places, out_file="none/x.zip")

    assert str(no.value) == (
        "The bundle cannot be written to none/x.zip (No such file or directory): "
        "name a file in another folder with --out."
    )


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bundle_module, "replace_file", full)
    with pytest.raises(GatelightError) as no:
        write_bundle(tmp_path / "x.zip", b"x")

    assert str(no.value) == (
        f"The bundle cannot be written to {tmp_path / 'x.zip'} (No space left on device): make room on its disk."
    )


def test_a_configuration_that_cannot_be_used_is_told_in_it(places: Places) -> None:
    places.config.write_text('[checks]\nlook_every = "soon"\n[notifications]\nremote = [7, "ntfy://h1dden"]\n')
    made(places)
    text = zipfile.ZipFile(Path.cwd() / NAME).read("configuration.toml").decode()

    assert text.startswith("# ")
    assert "look_every" in text
    assert "h1dden" not in text


def test_the_recording_is_in_it_and_can_be_replayed(places: Places) -> None:
    day = RecordedDay()
    day.start()
    day.run(60.0)
    (places.data / RECORDING_FOLDER).mkdir()
    (places.data / RECORDING_FOLDER / "00000001.jsonl").write_text(day.lines())
    made(places)
    from agent.cli.replay import command as replay

    out: list[str] = []
    said: list[str] = []
    assert replay(str(Path.cwd() / NAME), out.append, said.append) == 0

    assert out[0] == "# an agent of Gatelight 0.1.0 on linux"
    assert any("Paper Gateway: connected" in line for line in out)
    assert said[0].startswith(f"{len(day.steps)} steps, 0 notices.")


def test_of_a_running_agent_everything_is_in_it(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place.config.write_text(f'[[connections]]\nname = "Paper"\nport = {port}\n')
    with simulated(port), place.agent() as agent:
        place.until(lambda c: c["phase"] == "connected", agent)
        done = place.do("bundle", "--out", "b.zip")
    replayed = place.do("replay", "b.zip")
    with zipfile.ZipFile(place.folder / "b.zip") as archive:
        told = {name: archive.read(name).decode() for name in archive.namelist()}

    assert (done.status, done.out.strip()) == (0, str(place.folder / "b.zip"))
    assert list(told) == [
        *("about.txt", "configuration.toml", "doctor.json", "status.json", "history.json", "recording.jsonl")
    ]
    assert [json.loads(told[name])["overall"] for name in ("doctor.json", "status.json")] == ["connected"] * 2
    assert '"is":"SessionReady"' in told["recording.jsonl"]
    assert [word for word in ("DU1234567", str(Path.home())) if word in "".join(told.values())] == []
    assert (replayed.status, "Traceback" in replayed.err) == (0, False)
    assert "> Paper: connected" in replayed.out
