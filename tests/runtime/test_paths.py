"""Where the agent keeps things."""

import errno
import os
import stat
import sys
from pathlib import Path

import platformdirs
import pytest

from agent.errors import DataFolderError, UsageError
from agent.runtime.paths import data_folder_error, find_places, make_data_folder


def test_without_a_word_the_operating_system_decides() -> None:
    places = find_places(environ={})

    assert places.config == platformdirs.user_config_path("gatelight", appauthor=False) / "config.toml"
    assert places.data == platformdirs.user_data_path("gatelight", appauthor=False)
    assert places.log == platformdirs.user_log_path("gatelight", appauthor=False)
    assert not places.config_named


def test_with_a_data_folder_everything_lies_inside_it(tmp_path: Path) -> None:
    places = find_places(data_dir=tmp_path, environ={})

    for inside in (places.log, places.log_file, places.lock, places.pid, places.control):
        assert inside.is_relative_to(tmp_path)
    assert places.config == platformdirs.user_config_path("gatelight", appauthor=False) / "config.toml"


def test_options_come_before_the_environment(tmp_path: Path) -> None:
    there = Path("/env").absolute()
    environ = {"GATELIGHT_CONFIG": str(there / "c.toml"), "GATELIGHT_DATA_DIR": str(there / "data")}

    from_environment = find_places(environ=environ)
    from_options = find_places(config=tmp_path / "c.toml", data_dir=str(tmp_path), environ=environ)

    assert (from_environment.config, from_environment.data) == (there / "c.toml", there / "data")
    assert from_environment.config_named
    assert (from_options.config, from_options.data) == (tmp_path / "c.toml", tmp_path)


def test_empty_variables_count_as_not_set() -> None:
    assert find_places(environ={"GATELIGHT_CONFIG": "", "GATELIGHT_DATA_DIR": ""}) == find_places(environ={})


def test_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    places = find_places(config="c.toml", data_dir="~/d", environ={})

    assert places.config == tmp_path / "c.toml"
    assert places.data == Path.home() / "d"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows guesses the home folder of any user")
def test_the_home_of_nobody_is_one_sentence() -> None:
    with pytest.raises(UsageError, match="who does not exist: write the full path"):
        find_places(data_dir="~nobody-of-this-name/d", environ={})


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that is in use stays there on Windows")
def test_a_relative_path_in_a_folder_that_was_removed_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    with pytest.raises(UsageError, match=r"^c\.toml is nowhere, since the current folder was removed: write the full"):
        find_places("c.toml", environ={})


@pytest.mark.skipif(sys.platform == "win32", reason="the home folder as on Linux and macOS")
@pytest.mark.parametrize("home", [None, "here"])
def test_a_user_without_a_home_folder_is_told_how_to_name_one(
    home: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pwd

    def nobody(_: int) -> None:
        raise KeyError

    # As in a container that runs as a number.
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.delenv("HOME") if home is None else monkeypatch.setenv("HOME", home)

    with pytest.raises(UsageError, match="home folder of this user is not known: set the environment variable HOME"):
        find_places(environ={})


def test_finding_places_creates_nothing(tmp_path: Path) -> None:
    find_places(data_dir=tmp_path / "new", environ={})

    assert not (tmp_path / "new").exists()


def test_a_missing_data_folder_is_made_for_this_user_alone(tmp_path: Path) -> None:
    places = find_places(data_dir=tmp_path / "a" / "b", environ={})

    make_data_folder(places)
    make_data_folder(places)

    assert places.data.is_dir()
    assert list(places.data.iterdir()) == []
    if sys.platform != "win32":
        assert stat.S_IMODE(places.data.stat().st_mode) == 0o700


def test_a_data_folder_below_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(
            DataFolderError, match=r"cannot be used \(.+\): move away what stands in its place, or name"
        ):
            make_data_folder(find_places(data_dir=folder, environ={}))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody can write to")
def test_a_data_folder_that_cannot_be_written_is_one_sentence() -> None:
    # Its rights say that it can be written, as with a disk that was mounted read-only.
    assert os.access("/proc/self", os.X_OK)

    with pytest.raises(DataFolderError, match="cannot be used"):
        make_data_folder(find_places(data_dir="/proc/self", environ={}))


def test_a_full_disk_has_another_remedy_than_a_folder_that_is_not_ours() -> None:
    full = data_folder_error(Path("/data"), OSError(errno.ENOSPC, "No space left on device"))

    assert str(full).startswith(
        f"The data folder {Path('/data')} cannot be used (No space left on device): make room on its disk,"
    )
