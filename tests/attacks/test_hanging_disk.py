"""A disk that hangs, a pipe where a file belongs, a log that another program takes away: nothing stops the agent."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agent.cli import run as run_command
from agent.config.reading import load
from agent.core.clock import Moment
from agent.core.facts import Unknown
from agent.core.memory import Memory, Stopped
from agent.errors import ConfigError, GatelightError
from agent.observers import settings_files
from agent.platforms.autostart.entry import AutostartError
from agent.platforms.autostart.linux import XdgAutostart
from agent.platforms.files import NotRegular, TooLarge, read_file, replace_file, replace_own_file
from agent.platforms.folders import NotOurs
from agent.runtime import aside, logs, memory_file
from agent.runtime.aside import Worker, within
from agent.runtime.logs import set_up_logs
from agent.runtime.memory_file import MemoryFile
from agent.runtime.paths import find_places
from agent.runtime.schedule import Schedule
from agent.tws.applications import Application, ApplicationKind
from agent.tws.privacy import Private
from tests.attacks.other_user import OTHER, needs_users

LONG = 20.0


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Every file operation hangs, until the event is set."""
    goes_on = threading.Event()
    fsync = os.fsync

    def hang(descriptor: int) -> None:
        goes_on.wait(LONG)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", hang)
    yield goes_on
    goes_on.set()


def test_a_memory_that_cannot_be_written_holds_nothing_up_and_the_latest_is_kept(
    hanging: threading.Event, tmp_path: Path
) -> None:
    file = MemoryFile(tmp_path / "memory.json")
    for number in range(aside.MOST_WAITING + 10):
        file.write(Memory(stopped=(Stopped(str(number), None),)))
    assert not (tmp_path / "memory.json").exists()

    hanging.set()
    while file.read().stopped != (Stopped(str(aside.MOST_WAITING + 9), None),):
        assert file._worker._thread is not None
        file._worker._thread.join(0.01)


def test_a_log_on_a_hanging_disk_holds_nothing_up_and_says_what_was_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    goes_on, real = threading.Event(), os.fstat

    def hang(descriptor: int) -> os.stat_result:
        goes_on.wait(LONG)
        return real(descriptor)

    log = tmp_path / "x.log"
    made = set_up_logs(log, private=Private(), tell=lambda _: None)
    with made:
        logging.getLogger("agent.x").info("before")
        with monkeypatch.context() as patched:
            patched.setattr(os, "fstat", hang)
            for number in range(aside.MOST_WAITING + 10):
                logging.getLogger("agent.x").info("record %d", number)
            goes_on.set()
    text = log.read_text()

    assert "before" in text
    assert "record 0" in text


def test_a_log_that_was_deleted_or_moved_away_is_begun_anew(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    with set_up_logs(log, private=Private(), tell=lambda _: None):
        logging.getLogger("agent.x").info("one")
        log.rename(tmp_path / "x.log.1")
        logging.getLogger("agent.x").info("two")
        log.unlink()
        logging.getLogger("agent.x").info("three")

    assert "one" in (tmp_path / "x.log.1").read_text()
    assert "three" in log.read_text()
    assert "two" not in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_a_log_is_a_file_of_its_own(kind: str, tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    if kind == "pipe":
        os.mkfifo(log)
    else:
        (tmp_path / "victim").write_text("")
        log.symlink_to(tmp_path / "victim")
    said: list[str] = []
    with set_up_logs(log, private=Private(), tell=said.append):
        logging.getLogger("agent.x").info("nothing to see")

    assert len(said) == 1
    assert "cannot be written" in said[0]
    assert kind == "pipe" or (tmp_path / "victim").read_text() == ""


@pytest.mark.parametrize("name", ["config.toml", "memory.json"])
def test_a_pipe_where_a_file_belongs_is_refused_at_once(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)

    with pytest.raises(NotRegular):
        read_file(tmp_path / name, 100)
    with pytest.raises(ConfigError, match="is not a file"):
        load(tmp_path / name)
    assert MemoryFile(tmp_path / name).read() == Memory(welcomed=True)


def test_a_file_larger_than_meant_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"12345")

    assert read_file(tmp_path / "x", 5) == b"12345"
    with pytest.raises(TooLarge):
        read_file(tmp_path / "x", 4)


@pytest.mark.parametrize(
    ("mode", "put"), [(0o600, replace_file), (0o644, partial(replace_file, mode=0o644)), (0o600, replace_own_file)]
)
def test_a_file_is_replaced_whole_with_its_mode_and_leaves_no_draft(
    mode: int, put: Callable[[Path, bytes], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x"
    put(file, b"old")
    real = os.fsync

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            put(file, b"new")

    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"old", mode)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert os.fsync is real


@pytest.mark.parametrize("put", [replace_file, replace_own_file])
def test_what_need_not_last_never_waits_for_the_disk(
    put: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(_: int) -> None:
        raise AssertionError("it waits for the disk")

    monkeypatch.setattr(os, "fsync", hangs)
    put(tmp_path / "x", b"old", lasting=False)
    put(tmp_path / "x", b"new", lasting=False)

    assert (tmp_path / "x").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@needs_users
def test_a_folder_that_another_user_has_put_in_its_place_gets_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    replace_own_file(folder / "x", b"ours")
    folder.rename(tmp_path / "taken away")
    folder.mkdir(0o777)
    os.chown(folder, OTHER, OTHER)

    with pytest.raises(NotOurs):
        replace_own_file(folder / "x", b"secret")

    assert list(folder.iterdir()) == []


async def test_a_glance_at_a_file_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = threading.Event()
    changed: list[int] = []
    from agent.runtime import schedule as scheduled

    monkeypatch.setattr(scheduled, "STAMP_SECONDS", 0.05)
    duties = Schedule(
        lambda: Moment(0.0, 0.0), slept=lambda: None, woke=lambda _: None, files=lambda: changed.append(1)
    )
    duties._watched[lambda: goes_on.wait(LONG) and (1, 2, 3)] = None
    await duties.duties()
    assert changed == []

    goes_on.set()
    await duties.duties()
    assert changed == [1]


async def test_work_in_a_thread_gives_its_result_its_fault_or_a_timeout() -> None:
    goes_on = threading.Event()

    def fault() -> None:
        raise LookupError("not there")

    assert await within(LONG, lambda: 5, "x") == 5
    with pytest.raises(LookupError):
        await within(LONG, fault, "x")
    with pytest.raises(asyncio.TimeoutError):
        await within(0.01, lambda: goes_on.wait(LONG), "x")
    goes_on.set()


def test_a_worker_works_in_order_and_ends_with_what_waits() -> None:
    done: list[int] = []
    worker = Worker("x", wait=LONG)
    for number in range(5):
        assert worker.do(lambda number=number: done.append(number))  # type: ignore[misc]
    worker.close()

    assert done == [0, 1, 2, 3, 4]


@pytest.fixture
def opening_hangs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is opened hangs, as on a network drive whose server is gone."""
    goes_on, real = threading.Event(), os.open

    def hang(*arguments: Any, **more: Any) -> int:
        if "hung" in str(arguments[0]):
            goes_on.wait(LONG)
            raise OSError(5, "Input/output error")
        return real(*arguments, **more)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", hang)
        patched.setattr(run_command, "START_SECONDS", 0.05)
        patched.setattr(memory_file, "_READ_SECONDS", 0.05)
        patched.setattr(logs, "_OPEN_SECONDS", 0.05)
        yield
        goes_on.set()


@pytest.mark.usefixtures("opening_hangs")
@pytest.mark.parametrize(("config", "data"), [("hung.toml", "data"), ("config.toml", "hung")])
def test_a_start_on_a_disk_that_hangs_ends_with_a_sentence(config: str, data: str, tmp_path: Path) -> None:
    (tmp_path / config).write_text("")
    places = find_places(tmp_path / config, tmp_path / data, environ={})
    with pytest.raises(GatelightError, match=r"no answer within 0.05 s\): see whether its disk is well"):
        run_command.command(places, tray=False, verbosity=0, say=lambda _: None)


@pytest.mark.usefixtures("opening_hangs")
def test_without_memory_and_log_a_start_goes_on(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "hung").mkdir()

    assert MemoryFile(tmp_path / "hung" / "memory.json").read() == Memory(welcomed=True)
    with logs.set_up_logs(tmp_path / "hung" / "x.log", private=Private(), tell=said.append) as made:
        assert said == [made.problem]
    assert "no answer within" in made.problem


def test_a_pipe_as_entry_of_the_start_at_login_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "autostart").mkdir()
    os.mkfifo(tmp_path / "autostart" / "gatelight.desktop")

    with pytest.raises(AutostartError, match="not a regular file"):
        XdgAutostart({"XDG_CONFIG_HOME": str(tmp_path)}).read()


def test_a_settings_file_that_becomes_a_pipe_holds_up_no_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "jts.ini")
    # It was a file when it was looked at, and another user's program changed it then.
    monkeypatch.setattr(settings_files, "_stamp", lambda _: settings_files._Stamp(1, 1))
    application = Application(ApplicationKind.TWS)

    assert isinstance(settings_files.SettingsFilesObserver([tmp_path]).observe(application), Unknown)
