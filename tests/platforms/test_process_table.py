"""Reading the process table: /proc and psutil, on real processes."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from agent.platforms import current
from agent.platforms.linux_processes import ProcTable
from agent.platforms.process_table import Described, ProcessTable, PsutilTable
from tests.lookalikes import lookalikes

TABLES: list[ProcessTable] = [PsutilTable()]
if sys.platform == "linux":
    TABLES.append(ProcTable())

NAMES = ["java", "a program (of) two", "quantower-terminal-of-a-long-name"]


@pytest.fixture(params=TABLES, ids=lambda table: type(table).__name__)
def table(request: pytest.FixtureRequest) -> ProcessTable:
    found: ProcessTable = request.param
    return found


def test_every_process_is_listed(table: ProcessTable) -> None:
    assert os.getpid() in table.pids()
    assert table.pids()[os.getpid()] == table.pids()[os.getpid()]


@pytest.mark.parametrize("name", NAMES)
def test_a_process_is_described_as_psutil_does(table: ProcessTable, tmp_path: Path, name: str) -> None:
    with lookalikes(tmp_path) as start:
        running = start(name=name)
        told = table.describe(running.pid)

        assert told.name == name
        assert told.started == pytest.approx(psutil.Process(running.pid).create_time(), abs=0.02)
        assert told.mark == table.mark(running.pid)


def test_a_process_that_runs_another_program_has_another_mark(table: ProcessTable) -> None:
    with subprocess.Popen(
        ["/bin/sh", "-c", "echo; read line; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdout.readline()
        before = table.mark(running.pid)
        running.stdin.write(b"go\nback\n")
        running.stdin.flush()
        running.stdout.readline()
        after = table.mark(running.pid)
        running.kill()

    assert before != after


def test_one_that_has_ended_is_not_described(table: ProcessTable) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as running:
        running.wait()

    with pytest.raises((psutil.Error, OSError)):
        table.describe(running.pid)
    with pytest.raises((psutil.Error, OSError)):
        table.mark(running.pid)


def test_what_a_process_uses_is_told_as_psutil_does(table: ProcessTable) -> None:
    ours = psutil.Process()
    before = ours.cpu_times()
    told = table.usage(os.getpid())
    after = ours.cpu_times()

    assert told is not None
    assert before.user + before.system - 0.02 <= told.processor <= after.user + after.system + 0.02
    assert told.memory == pytest.approx(ours.memory_info().rss, rel=0.2)


@pytest.mark.skipif(os.name == "nt", reason="Windows has none that has ended and was not waited for")
def test_one_that_has_ended_uses_nothing(table: ProcessTable) -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.DEVNULL) as running:
        until_ended(running.pid)
        assert table.usage(running.pid) is None
        running.wait()
    with pytest.raises((psutil.Error, OSError)):
        table.usage(running.pid)


def until_ended(pid: int) -> None:
    """Wait, without taking its status, until a child has ended."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


@pytest.mark.parametrize("told", [b"", b"77", b"77 (java) S 1", b"77 (java"], ids=["nothing", "no name", "cut", "open"])
def test_what_is_not_told_as_it_should_be_is_an_error(tmp_path: Path, told: bytes) -> None:
    (tmp_path / "77").mkdir()
    (tmp_path / "77" / "stat").write_bytes(told)

    with pytest.raises(OSError, match="not told as it should be"):
        ProcTable(tmp_path).describe(77)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_thread_of_the_kernel_stays_what_it_is_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "77").mkdir()
    told = b"77 (%s) I 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0 0"

    def described(name: bytes) -> Described:
        (tmp_path / "77" / "stat").write_bytes(told % name)
        return ProcTable(tmp_path).describe(77)

    first, then = described(b"kworker/u8:0-kvfree_rcu_reclaim"), described(b"kworker/u8:0-events_unbound")

    # The whole name is told here, and no other file of it is read.
    assert (first.name, then.name) == ("kworker/u8:0-kvfree_rcu_reclaim", "kworker/u8:0-events_unbound")
    assert first.mark == then.mark


def test_this_machine_has_the_table_of_its_system() -> None:
    assert isinstance(current().process_table(), ProcTable if sys.platform == "linux" else PsutilTable)
