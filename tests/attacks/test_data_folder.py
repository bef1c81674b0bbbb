"""The data folder: of another user, with links and pipes in it, deleted or replaced while the agent runs; kills."""

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.errors import AgentNotRunning, AlreadyRunning, DataFolderError
from agent.platforms.files import read_file
from agent.platforms.folders import NotOurs, make_private, temporary_folder
from agent.runtime.instance import Instance, running_pid
from agent.runtime.memory_file import LONGEST_FILE
from agent.runtime.paths import Places, find_places, make_data_folder
from tests.attacks.scale import whole
from tests.commands import PATIENCE, ROOT, Place, environment, paper_file

if sys.platform == "win32":
    pytest.skip("there the rights of the user's profile decide", allow_module_level=True)

from agent.runtime.control.unix_socket import socket_path

ANOTHER = 65534
"""A user of the computer who is not the one that runs the tests."""
administrator = pytest.mark.skipif(os.geteuid() != 0, reason="needs to give files away")


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a path short enough for a socket in the data folder."""
    with tempfile.TemporaryDirectory(prefix="gl-") as folder:
        yield Path(folder)


def places_of(place: Place) -> Places:
    return find_places(place.config, place.data, environ={})


def configured(place: Place) -> Place:
    place.folder.mkdir(exist_ok=True)
    place.config.write_text(paper_file(4002))
    return place


class FarPlace(Place):
    """One whose data folder has too long a path for a socket."""

    @property
    def data(self) -> Path:
        return self.folder / ("x" * 120)


@contextlib.contextmanager
def agents(*places: Place) -> Iterator[list["subprocess.Popen[str]"]]:
    """Running agents, started at the same time."""
    started: list[subprocess.Popen[str]] = []
    try:
        started += [configured(place).start("run", "--no-tray") for place in places]
        for place, process in zip(places, started, strict=True):
            place.await_agent(process)
        yield started
    finally:
        for process in started:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
            process.communicate(timeout=PATIENCE)


def eventually(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError, AgentNotRunning):
            if met():
                return
        time.sleep(0.05)
    raise AssertionError("never came")


def pid_that_answers(place: Place) -> int:
    return int(place.ask({"command": "status"})["status"]["agent"]["pid"])


# ── lost while the agent runs ───────────────────────────────────────────────────────────────────


def moved(place: Place) -> None:
    place.data.rename(place.folder / "moved")


def deleted(place: Place) -> None:
    # In one step: what the agent writes meanwhile would be in the way.
    moved(place)
    shutil.rmtree(place.folder / "moved")


def replaced(place: Place) -> None:
    moved(place)
    place.data.mkdir(mode=0o700)


LOSSES: dict[str, Callable[[Place], None]] = {
    "deleted": deleted,
    "moved": moved,
    "lock": lambda place: places_of(place).lock.unlink(),
    "far-socket": lambda place: shutil.rmtree(socket_path(places_of(place)).parent),
}
MORE_LOSSES: dict[str, Callable[[Place], None]] = {
    "replaced": replaced,
    "signature": lambda place: places_of(place).pid.unlink(),
    "socket": lambda place: socket_path(places_of(place)).unlink(),
    "far-deleted": deleted,
    "far-record": lambda place: (place.data / "control.path").unlink(),
}


def test_what_is_lost_of_the_data_folder_is_there_again(short: Path) -> None:
    losses = {**LOSSES, **(MORE_LOSSES if whole() else {})}
    places = [(FarPlace if name.startswith("far") else Place)(short / name) for name in losses]
    with agents(*places) as running:
        for place in places:
            assert place.ask({"command": "pause", "seconds": 3600}) == {"done": True}
        for place, lose in zip(places, losses.values(), strict=True):
            lose(place)
        for place, process in zip(places, running, strict=True):
            eventually(lambda place=place, process=process: is_whole(place, process.pid))  # type: ignore[misc]
            with pytest.raises(AlreadyRunning, match=f"pid {process.pid}"):
                Instance(places_of(place)).take()
    for name, place in zip(losses, places, strict=True):
        assert not socket_path(places_of(place)).exists(), name
        assert stat.S_IMODE(place.data.stat().st_mode) == 0o700, name
    log = places_of(places[0]).log_file
    assert "it is there again" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def is_whole(place: Place, pid: int) -> bool:
    """Whether the agent is found by those who ask, and by one that would start beside it, and remembers."""
    places = places_of(place)
    # A test puts a pipe in its place: to open that would wait for its other end.
    paused = json.loads(read_file(place.data / "memory.json", LONGEST_FILE))["paused_until"] or 0.0
    return (
        pid_that_answers(place) == pid and places.lock.exists() and running_pid(places) == pid and paused > time.time()
    )


def test_of_two_agents_in_one_place_the_first_ends_and_leaves_the_other_alone(short: Path) -> None:
    place = Place(short)
    with agents(place) as (first,):
        # So that the second is sure to be there before the first looks.
        first.send_signal(signal.SIGSTOP)
        deleted(place)
        with agents(place) as (second,):
            first.send_signal(signal.SIGCONT)
            _, said = first.communicate(timeout=PATIENCE)

            assert first.returncode == 3
            assert f"another Gatelight (pid {second.pid}) has been started with it" in said
            assert "Traceback" not in said
            assert pid_that_answers(place) == second.pid
            assert running_pid(places_of(place)) == second.pid


@administrator
def test_a_folder_that_another_user_has_put_there_ends_the_agent_with_a_sentence(short: Path) -> None:
    theirs, linked = Place(short / "theirs"), Place(short / "linked")
    with agents(theirs, linked) as running:
        moved(theirs)
        theirs.data.mkdir(mode=0o700)
        os.chown(theirs.data, ANOTHER, ANOTHER)
        trap = linked.folder / "trap"
        trap.mkdir()
        moved(linked)
        linked.data.symlink_to(trap)
        os.lchown(linked.data, ANOTHER, ANOTHER)
        said = [process.communicate(timeout=PATIENCE)[1] for process in running]

    assert [process.returncode for process in running] == [2, 2]
    assert "(it belongs to another user)" in said[0]
    assert "(it is a link that another user made)" in said[1]
    assert list(theirs.data.iterdir()) == []
    assert list(trap.iterdir()) == []


# ── whose it is, and what lies in it ────────────────────────────────────────────────────────────


@administrator
@pytest.mark.parametrize("what", ["folder", "link"])
def test_a_data_folder_of_another_user_is_not_used(what: str, short: Path) -> None:
    place = configured(Place(short))
    victim = short / "victim"
    victim.mkdir()
    if what == "folder":
        place.data.mkdir()
        os.chown(place.data, ANOTHER, ANOTHER)
    else:
        place.data.symlink_to(victim)
        os.lchown(place.data, ANOTHER, ANOTHER)
    done = place.do("run", "--no-tray")

    assert done.status == 2
    assert "give it to the user who runs Gatelight" in done.sentence
    assert list(victim.iterdir()) == []
    assert what == "link" or list(place.data.iterdir()) == []


def test_a_link_of_ones_own_to_a_folder_of_ones_own_is_used(short: Path) -> None:
    (short / "disk").mkdir(mode=0o755)
    (short / "data").symlink_to(short / "disk")
    make_data_folder(find_places(data_dir=short / "data", environ={}))

    assert stat.S_IMODE((short / "disk").stat().st_mode) == 0o755


@pytest.mark.parametrize(("close", "left"), [(True, 0o700), (False, 0o755)])
def test_others_lose_the_right_to_write(close: bool, left: int, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o777)
    make_private(folder, close=close)

    assert stat.S_IMODE(folder.stat().st_mode) == left


def test_a_file_system_on_which_all_users_may_write_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o777)

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchmod", refused)
    with pytest.raises(NotOurs):
        make_private(tmp_path)
    with pytest.raises(DataFolderError, match="other users may write to it"):
        make_data_folder(find_places(data_dir=tmp_path, environ={}))


FILES = ("agent.pid", "memory.json", "control.path", "log/gatelight.log")


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_links_and_pipes_in_the_folder_are_neither_followed_nor_waited_for(kind: str, short: Path) -> None:
    place = Place(short)
    (place.data / "log").mkdir(parents=True)
    victims = [short / f"victim-{number}" for number in range(len(FILES))]
    for name, victim in zip(FILES, victims, strict=True):
        victim.write_text(str(short / "nowhere"))
        if kind == "link":
            (place.data / name).symlink_to(victim)
        else:
            os.mkfifo(place.data / name)
    with agents(place) as (agent,):
        assert place.ask({"command": "pause", "seconds": 3600}) == {"done": True}
        eventually(lambda: is_whole(place, agent.pid))

    assert agent.returncode == 0
    assert {victim.read_text() for victim in victims} == {str(short / "nowhere")}
    assert stat.S_IMODE((place.data / "memory.json").lstat().st_mode) == 0o600


def test_a_lock_that_is_a_link_is_not_followed(short: Path) -> None:
    place = configured(Place(short))
    place.data.mkdir()
    (place.data / "agent.lock").symlink_to(short / "victim")
    done = place.do("run", "--no-tray")

    assert done.status == 2
    assert "cannot be used" in done.sentence
    assert not (short / "victim").exists()


# ── kills ───────────────────────────────────────────────────────────────────────────────────────

KILLED_AT_EVERY_STEP = """
import os, signal, sys
from agent.core.memory import Memory, Stopped
from agent.platforms import folders
from agent.runtime.control import unix_socket as control_socket
from agent.runtime.instance import Instance
from agent.runtime.memory_file import MemoryFile, _from_json
from agent.runtime.paths import find_places
import json, tempfile

places = find_places(data_dir=sys.argv[1], environ={})
watched = ("open", "os.", "socket.", "tempfile.", "fcntl.", "glob.", "shutil.")

def life():
    with Instance(places):
        bound = control_socket.bind_control(places)
        file = MemoryFile(places.data / "memory.json")
        file.write(Memory(stopped=(Stopped("x", None),)))
        file.close()
        control_socket.leave(places, bound)
        bound.socket.close()

step = 1 - int(sys.argv[2])
killed = True
while killed:
    step += int(sys.argv[2])
    child = os.fork()
    if not child:
        left = step
        def hook(event, arguments):
            global left
            if event.startswith(watched):
                left -= 1
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(hook)
        life()
        os._exit(0)
    killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    kept = places.data / "memory.json"
    if kept.exists():
        _from_json(json.loads(kept.read_text()))
    life()
    left_over = [p.name for p in places.data.iterdir() if p.name not in ("agent.lock", "memory.json")]
    assert left_over == [], (step, left_over)
    assert os.listdir(os.environ["XDG_RUNTIME_DIR"]) == [], (step, os.listdir(os.environ["XDG_RUNTIME_DIR"]))
print(step)
"""


def test_whatever_a_kill_leaves_is_whole_and_the_next_start_removes_the_rest(short: Path) -> None:
    runtime = short / "runtime"
    runtime.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT_EVERY_STEP, str(short / ("x" * 120)), "1" if whole() else "3"],
        cwd=ROOT,
        env={**environment(), "XDG_RUNTIME_DIR": str(runtime), "TMPDIR": str(runtime)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    # It was killed before and after each file, folder, lock and socket.
    assert int(done.stdout) > 20


USER_OF_A_TEMPORARY_FOLDER = """
import sys
from agent.platforms.folders import temporary_folder
with temporary_folder("gatelight-demo") as folder:
    (folder / "sub").mkdir()
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_a_temporary_folder_of_a_killed_process_is_removed_by_the_next_and_one_in_use_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started() -> tuple["subprocess.Popen[str]", Path]:
        process = subprocess.Popen(
            [sys.executable, "-c", USER_OF_A_TEMPORARY_FOLDER],
            cwd=ROOT,
            env={**environment(), "TMPDIR": str(tmp_path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        return process, Path(process.stdout.readline().strip())

    (tmp_path / "gatelight-demo-empty").mkdir()
    (tmp_path / "somewhere").mkdir()
    (tmp_path / "gatelight-demo-link").symlink_to(tmp_path / "somewhere")
    killed, left = started()
    killed.kill()
    killed.communicate()
    assert left.is_dir()
    using, used = started()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    try:
        with temporary_folder("gatelight-demo") as folder:
            names = {path.name for path in tmp_path.iterdir()}
    finally:
        using.communicate(timeout=PATIENCE)

    assert names == {folder.name, used.name, "gatelight-demo-link", "somewhere"}
    assert {path.name for path in tmp_path.iterdir()} == {"gatelight-demo-link", "somewhere"}
