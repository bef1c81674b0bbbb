"""Processes of other users that tell of themselves without end."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from agent.core.clock import Moment
from agent.core.facts import Known
from agent.observers import processes
from agent.observers.processes import ProcessObserver
from agent.platforms.bounded_process import LONGEST_COMMAND_LINE, BoundedProcess, arguments
from agent.tws.applications import recognise
from tests.lookalikes import lookalikes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process do so")

MEGABYTES = 96
PROGRAM = Path(__file__).with_name("endless_process.py")


@pytest.fixture
def endless() -> Iterator[Callable[[str], int]]:
    """Starts a process with an endless command line under a name, and gives its process ID."""
    with ExitStack() as stack:

        def start(name: str) -> int:
            process = subprocess.Popen(
                [sys.executable, str(PROGRAM), str(MEGABYTES), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            stack.enter_context(process)
            assert process.stdout is not None
            said = process.stdout.readline()
            if said.startswith(b"refused"):
                pytest.skip(f"this system does not let a process do so: {said.decode()}")
            return process.pid

        yield start


@pytest.mark.parametrize("name", ["java", "a-name-of-fifteen-bytes"])
def test_an_endless_command_line_is_not_read_to_its_end(endless: Callable[[str], int], name: str) -> None:
    pid = endless(name)
    peak = Peak()
    found = ProcessObserver().observe(Moment(0.0, 0.0))

    assert isinstance(found, Known)
    assert peak.grown() < 16 << 20
    assert len(psutil.Process(pid).cmdline()[0]) > LONGEST_COMMAND_LINE * 10


def test_what_is_kept_of_it_is_its_beginning(endless: Callable[[str], int]) -> None:
    found = BoundedProcess(endless("java")).cmdline()

    assert sum(map(len, found)) == LONGEST_COMMAND_LINE


def test_an_ordinary_command_line_is_read_as_psutil_reads_it() -> None:
    for process in psutil.process_iter():
        try:
            assert BoundedProcess(process.pid).cmdline() == process.cmdline()
            assert BoundedProcess(process.pid).name() == process.name()
        except psutil.NoSuchProcess:
            continue


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("java\0-cp\0a b\0", ["java", "-cp", "a b"]),
        ("chrome --type=gpu ", ["chrome", "--type=gpu"]),
        ("chrome --type=gpu\0", ["chrome", "--type=gpu"]),
        ("java\0-cp\0" + "x" * LONGEST_COMMAND_LINE, ["java", "-cp", "x" * LONGEST_COMMAND_LINE]),
    ],
)
def test_arguments_are_told_apart_as_they_are_written(told: str, expected: list[str]) -> None:
    assert arguments(told) == expected


GATEWAY = ("-Dx=y", "install4j.ibgateway.GWClient")


@pytest.mark.parametrize("limit", ["-Xmx" + "1" * 5000 + "m", "-Xmx" + "9" * 400])
def test_a_number_without_end_in_a_command_line_hides_no_other_program(limit: str, tmp_path: Path) -> None:
    with lookalikes(tmp_path) as start:
        hostile, plain = start(limit, *GATEWAY), start(*GATEWAY)
        found = ProcessObserver().observe(Moment(0.0, 0.0))

        assert isinstance(found, Known)
        assert {hostile.pid, plain.pid} <= {p.pid for p in found.value.applications}


def test_a_command_line_that_is_not_understood_is_that_of_one_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def confused(name: str, exe: str | None, cmdline: list[str] | None) -> object:
        if "-Dhostile" in (cmdline or ()):
            raise ValueError("not foreseen")
        return recognise(name, exe, cmdline)

    monkeypatch.setattr(processes, "recognise", confused)
    with lookalikes(tmp_path) as start:
        hostile, plain = [start("-Dhostile", *GATEWAY) for _ in range(2)], start(*GATEWAY)
        found = ProcessObserver().observe(Moment(0.0, 0.0))

        assert isinstance(found, Known)
        assert plain.pid in {p.pid for p in found.value.applications}
        assert {one.pid for one in hostile} <= {p.pid for p in found.value.unreadable}
    assert len(caplog.records) == 1


class Peak:
    """How far the memory of this process has grown since, at its highest."""

    def __init__(self) -> None:
        # Forgets the highest value so far (proc_pid_clear_refs(5)).
        Path("/proc/self/clear_refs").write_text("5")
        self._before = self._highest()

    def grown(self) -> int:
        return self._highest() - self._before

    def _highest(self) -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) << 10
