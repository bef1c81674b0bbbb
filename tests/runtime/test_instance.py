"""One agent per data folder."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from agent.errors import AlreadyRunning, DataFolderError
from agent.runtime.instance import Instance, running_pid
from agent.runtime.paths import Places, find_places

ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
import sys, time
from agent.runtime.instance import Instance
from agent.runtime.paths import find_places
with Instance(find_places(data_dir=sys.argv[1], environ={})):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return find_places(data_dir=tmp_path / "data", environ={})


@contextmanager
def another_agent(places: Places) -> Iterator[subprocess.Popen[str]]:
    """A real process that holds the lock."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(places.data)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
    finally:
        holder.kill()
        holder.communicate()


def test_the_first_one_may_run_and_signs(places: Places) -> None:
    with Instance(places):
        assert running_pid(places) == os.getpid()
    assert running_pid(places) is None


def test_a_second_one_is_told_who_runs(places: Places) -> None:
    with another_agent(places) as holder, pytest.raises(AlreadyRunning) as refused:
        Instance(places).take()

    assert f"already runs (pid {holder.pid}) with the data folder" in str(refused.value)
    assert refused.value.exit_status == 3


def test_a_second_one_in_the_same_process_is_refused_as_well(places: Places) -> None:
    with Instance(places), pytest.raises(AlreadyRunning, match=f"pid {os.getpid()}"):
        Instance(places).take()


def test_another_data_folder_has_an_agent_of_its_own(places: Places, tmp_path: Path) -> None:
    with Instance(places), Instance(find_places(data_dir=tmp_path / "other", environ={})):
        assert running_pid(places) == os.getpid()


def test_a_lock_left_behind_by_a_killed_agent_is_no_obstacle(places: Places) -> None:
    with another_agent(places) as holder:
        assert running_pid(places) == holder.pid
        os.kill(holder.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        holder.wait()

        assert places.lock.exists()
        assert places.pid.exists()
        assert running_pid(places) is None
        with Instance(places):
            assert running_pid(places) == os.getpid()


def test_it_can_be_taken_again_after_it_was_released(places: Places) -> None:
    instance = Instance(places)
    for _ in range(3):
        instance.take()
        instance.release()
    instance.release()

    with Instance(places):
        assert running_pid(places) == os.getpid()


def test_an_agent_that_has_not_signed_yet_is_told_without_a_number(places: Places) -> None:
    with Instance(places):
        places.pid.unlink()

        with pytest.raises(AlreadyRunning, match="Gatelight already runs with the data folder"):
            Instance(places).take()


@pytest.mark.parametrize("text", ["", "x y", "1", "-1 0", "999999999999999999999 0", "4194999 0", "1 1 1"])
def test_a_pid_file_that_says_nothing_is_nobody(places: Places, text: str) -> None:
    places.data.mkdir()
    places.pid.write_text(text)

    assert running_pid(places) is None


def test_a_number_that_another_process_has_by_now_is_nobody(places: Places) -> None:
    places.data.mkdir()
    started = psutil.Process().create_time()
    places.pid.write_text(f"{os.getpid()}\n{started - 3600}\n")

    assert running_pid(places) is None


def test_a_data_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DataFolderError, match="cannot be used"):
        Instance(find_places(data_dir=tmp_path / "file" / "x", environ={})).take()


def test_a_lock_that_is_a_folder_is_one_sentence(places: Places) -> None:
    places.lock.mkdir(parents=True)

    with pytest.raises(DataFolderError, match="cannot be used"):
        Instance(places).take()
