"""Who holds the data folder: names that change between two steps, folders that cannot be entered, strange locks."""

import asyncio
import contextlib
import multiprocessing
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from agent.app.agent_host import AgentHost
from agent.core.commands import read_command
from agent.core.settings import Settings
from agent.errors import AlreadyRunning, DataFolderError, GatelightError
from agent.platforms import files, folders
from agent.runtime import aside
from agent.runtime.aside import Together
from agent.runtime.control.channel import ControlServer
from agent.runtime.folder_watch import FolderWatch
from agent.runtime.instance import Instance, running_pid
from agent.runtime.paths import Places, find_places

if sys.platform == "win32":
    pytest.skip("a file that is open keeps its name there", allow_module_level=True)

import fcntl

from agent.runtime.control import unix_socket

LOADED = (aside, unix_socket, files, folders)
"""What is imported late, and from where another user may not read it."""
ANOTHER = 65534
"""A user of the computer who is not the one that runs the tests."""
administrator = pytest.mark.skipif(os.geteuid() != 0, reason="only an administrator can become another user")


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder that every user can reach, with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="gl-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def places(short: Path) -> Places:
    return find_places(data_dir=short / "data", environ={})


class Watched:
    """An agent as far as its folder goes: the lock, the control channel, and what watches over both."""

    def __init__(self, places: Places) -> None:
        self.instance = Instance(places)
        self.control = ControlServer(places, self._answer)
        self.made_again = 0
        self.lost: GatelightError | None = None
        self.watch = FolderWatch(self.instance, self.control, made_again=self._count, lost=self._lose)

    @contextlib.asynccontextmanager
    async def living(self) -> Any:
        self.instance.take()
        try:
            await self.control.start()
            yield self
        finally:
            await self.control.close()
            self.instance.release()

    async def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        return message

    def _count(self) -> None:
        self.made_again += 1

    def _lose(self, fault: GatelightError) -> None:
        self.lost = fault


class Terminal:
    """A machine without a desktop."""

    wants_icon = begins_anew = False
    tray = None

    def __init__(self) -> None:
        self.left = 0

    def leave(self) -> None:
        self.left += 1

    def move(self) -> None:
        raise AssertionError("there is no desktop to go to")

    def begin_anew(self) -> None:
        raise AssertionError("the program files are the same")


# ── names that change between two steps ─────────────────────────────────────────────────────────


def replaced_after_locking(places: Places, monkeypatch: pytest.MonkeyPatch, *, by: Instance | None) -> None:
    """The folder is replaced after the lock was taken and before anything else is done, once."""
    acquire = FileLock.acquire
    once = [True]

    def and_replaced(self: FileLock, *arguments: Any, **more: Any) -> Any:
        taken = acquire(self, *arguments, **more)
        if once and once.pop():
            places.data.rename(places.data.with_name("before"))
            if by is None:
                places.data.mkdir(0o700)
                places.lock.touch()
            else:
                by.take()
        return taken

    monkeypatch.setattr(FileLock, "acquire", and_replaced)


def test_a_lock_on_a_file_that_was_replaced_meanwhile_is_not_held(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced_after_locking(places, monkeypatch, by=None)
    instance = Instance(places)
    instance.take()
    try:
        assert not instance.in_place()
        instance.take_again()
        assert instance.in_place()
        with pytest.raises(AlreadyRunning):
            Instance(places).take()
    finally:
        instance.release()


async def test_two_that_start_while_the_folder_is_replaced_do_not_both_stay(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = Instance(places)
    replaced_after_locking(places, monkeypatch, by=second)
    first = Watched(places)
    try:
        async with first.living():
            await first.watch.look()
        assert isinstance(first.lost, AlreadyRunning)
        assert second.in_place()
        with pytest.raises(AlreadyRunning):
            Instance(places).take()
    finally:
        second.release()


async def test_an_agent_that_is_not_the_only_one_takes_the_way_out_that_has_a_time_limit(places: Places) -> None:
    desktop = Terminal()
    first, second = Instance(places), Instance(places)
    first.take()
    try:
        host = AgentHost(places, Settings(), desktop, instance=first)
        control = ControlServer(places, lambda request: host._answer(read_command(request)))
        look, *_ = host._disk_watches(control, Together("disk"))
        await look()
        assert desktop.left == 0
        places.data.rename(places.data.with_name("before"))
        second.take()
        await look()
    finally:
        second.release()
        first.release()

    assert desktop.left == 1


async def test_a_channel_that_is_closed_while_it_is_looked_at_is_not_opened_again(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(places)
    loop = asyncio.get_running_loop()

    closing = []

    def ends_meanwhile(*_: object) -> bool:
        closing.append(asyncio.run_coroutine_threadsafe(watched.control.close(), loop))
        return False

    async with watched.living():
        monkeypatch.setattr("agent.runtime.control.unix_socket.in_place", ends_meanwhile)
        await watched.watch.look()
        await asyncio.wrap_future(closing[0])
        assert list(places.control.iterdir()) == []


# ── a disk that is slow ─────────────────────────────────────────────────────────────────────────


async def test_what_was_made_again_too_late_is_filled_at_the_next_turn(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.runtime.folder_watch._LIMIT", 0.05)
    go_on = threading.Event()
    take = Instance.take

    def slow(self: Instance) -> None:
        go_on.wait(10)
        take(self)

    watched = Watched(places)
    async with watched.living():
        shutil.rmtree(places.data)
        monkeypatch.setattr(Instance, "take", slow)
        await watched.watch.look()
        assert watched.made_again == 0
        go_on.set()
        async with asyncio.timeout(10):
            while not watched.made_again:
                await watched.watch.look()
        await watched.watch.look()

        assert (watched.made_again, watched.lost) == (1, None)
        assert running_pid(places) == os.getpid()


# ── folders that cannot be entered ──────────────────────────────────────────────────────────────


def as_another_user(work: Callable[[Any], None]) -> tuple[Any, Any]:
    """A process of another user that does `work` with its end of a pipe; returns it and the other end."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def child() -> None:
        os.setgroups([])
        os.setgid(ANOTHER)
        os.setuid(ANOTHER)
        work(theirs)

    process = context.Process(target=child)
    process.start()
    theirs.close()
    return process, ours


def watches_over(places: Places) -> Callable[[Any], None]:
    async def life(pipe: Any) -> None:
        watched = Watched(places)
        async with watched.living():
            pipe.send("lives")
            pipe.recv()
            await watched.watch.look()
        pipe.send(None if watched.lost is None else str(watched.lost))

    return lambda pipe: asyncio.run(life(pipe))


def closed_folder(places: Places) -> None:
    """Of an administrator, who lets no user in."""
    places.data.mkdir(0o700)


def loop_of_links(places: Places) -> None:
    places.data.symlink_to(places.data)


def link_into_a_closed_folder(places: Places) -> None:
    closed = places.data.with_name("closed")
    closed.mkdir(0o700)
    places.data.symlink_to(closed / "data")


def a_file(places: Places) -> None:
    places.data.write_text("")


@administrator
@pytest.mark.parametrize("put_there", [closed_folder, loop_of_links, link_into_a_closed_folder, a_file])
def test_an_agent_whose_folder_cannot_be_entered_any_more_ends_with_a_sentence(
    put_there: Callable[[Places], None], places: Places
) -> None:
    home = places.data.parent
    os.chown(home, ANOTHER, ANOTHER)
    process, pipe = as_another_user(watches_over(places))
    try:
        assert pipe.poll(20)
        assert pipe.recv() == "lives"
        places.data.rename(home / "before")
        put_there(places)
        pipe.send("look")
        assert pipe.poll(20)
        said = pipe.recv()
    finally:
        process.join(10)

    assert said is not None
    assert said.startswith(f"The data folder {places.data} cannot be used (")
    assert "name another one with --data-dir" in said


# ── what another user left in a folder that was once open to all ────────────────────────────────


@administrator
def test_a_lock_that_another_user_holds_in_our_folder_is_not_believed(places: Places) -> None:
    places.data.mkdir()
    places.data.chmod(0o777)

    def holds(pipe: Any) -> None:
        with FileLock(places.lock, timeout=0):
            pipe.send("held")
            pipe.recv()

    process, pipe = as_another_user(holds)
    try:
        assert pipe.poll(10)
        assert pipe.recv() == "held"
        with pytest.raises(DataFolderError, match=r"its agent\.lock is not a file of this user\): delete that,"):
            Instance(places).take()
    finally:
        pipe.send("enough")
        process.join(10)


def tries_to_hold(places: Places) -> Callable[[Any], None]:
    """Any user who can open a file can lock it, whoever may write to it."""

    def work(pipe: Any) -> None:
        try:
            descriptor = os.open(places.lock, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            pipe.send("held")
        except OSError as fault:
            pipe.send(type(fault).__name__)
        pipe.recv()

    return work


@administrator
@pytest.mark.parametrize("left", [None, 0o644, 0o666])
def test_the_lock_in_a_folder_that_others_may_read_is_held_by_no_other_user(left: int | None, places: Places) -> None:
    places.data.mkdir(0o755)
    if left is not None:
        # An earlier version made it so.
        places.lock.touch()
        places.lock.chmod(left)
    with Instance(places):
        pass
    process, pipe = as_another_user(tries_to_hold(places))
    try:
        assert pipe.poll(10)
        assert pipe.recv() == "PermissionError"
        with Instance(places):
            assert places.lock.stat().st_mode & 0o777 == 0o600
    finally:
        pipe.send("enough")
        process.join(10)


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_a_lock_that_is_no_file_is_one_sentence(kind: str, places: Places, short: Path) -> None:
    places.data.mkdir()
    match kind:
        case "pipe":
            os.mkfifo(places.lock)
        case "link":
            places.lock.symlink_to(short / "victim")
        case _:
            places.lock.mkdir()

    with pytest.raises(DataFolderError, match="cannot be used"):
        Instance(places).take()
    assert not (short / "victim").exists()


@administrator
def test_a_link_that_an_administrator_made_to_a_folder_of_ones_own_is_used(places: Places, short: Path) -> None:
    disk = short / "disk"
    disk.mkdir(0o700)
    os.chown(disk, ANOTHER, ANOTHER)
    places.data.symlink_to(disk)

    def takes(pipe: Any) -> None:
        try:
            with Instance(places):
                pipe.send("held")
        except GatelightError as fault:
            pipe.send(str(fault))

    process, pipe = as_another_user(takes)
    try:
        assert pipe.poll(10)
        assert pipe.recv() == "held"
    finally:
        process.join(10)
