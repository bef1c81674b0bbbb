"""Finding real look-alikes in the real process table."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Hashable, Mapping
from pathlib import Path

import psutil
import pytest

from agent.core.clock import Moment
from agent.core.facts import Known, OtherProcess, Process, Processes, Unknown
from agent.observers.processes import (
    EXEC_TIME,
    MEMORY_KEPT,
    MEMORY_SPAN,
    PEAK_KEPT,
    SWEEP,
    TURN,
    YOUNG,
    ProcessObserver,
    growth,
    higher,
)
from agent.platforms import current
from agent.platforms.bounded_process import BoundedProcess
from agent.platforms.process_table import Described, ProcessUsage
from agent.tws.applications import ApplicationKind, Launcher, TradingMode
from tests.lookalikes import Start, lookalikes

GATEWAY = ("-Dx=y", "install4j.ibgateway.GWClient")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
"""Runs what follows as another user."""


def seen(observer: ProcessObserver, now: Moment) -> Processes:
    found = observer.observe(now)
    assert isinstance(found, Known)
    return found.value


def of(processes: Processes, pid: int) -> Process | None:
    return next((p for p in processes.applications if p.pid == pid), None)


def test_a_gateway_by_its_own_launcher_is_found(start: Start, now: Moment) -> None:
    running = start(*GATEWAY)
    found = of(seen(ProcessObserver(), now), running.pid)

    assert found is not None
    assert (found.kind, found.application.launched_by) == (ApplicationKind.GATEWAY, Launcher.ITSELF)
    assert found.application.heap_limit == 768 * 2**20
    assert found.started == pytest.approx(time.time(), abs=30)
    assert found.memory is not None
    assert found.memory > 1_000_000
    assert found.cpu is None


def test_a_tws_by_ibc_is_found_with_its_configuration_and_mode(start: Start, now: Moment) -> None:
    running = start("-DjtsConfigDir=/x/Jts", "ibcalpha.ibc.IbcTws", "config.ini", "alice123", "s3cret", "paper")
    found = of(seen(ProcessObserver(), now), running.pid)

    assert found is not None
    assert found.kind is ApplicationKind.TWS
    assert found.application.mode_hint is TradingMode.PAPER
    assert found.application.ibc_config == "config.ini"
    assert "s3cret" not in repr(found)


def test_the_client_portal_gateway_is_told_apart(start: Start, now: Moment) -> None:
    running = start("ibgroup.web.core.clientportal.gw.GatewayStart", "--conf", "../root/conf.yaml")
    found = seen(ProcessObserver(), now)

    assert running.pid in [p.pid for p in found.client_portal]
    assert of(found, running.pid) is None


@pytest.mark.parametrize("name", ["vim", "python3", "Xtigervnc", "grep"])
def test_a_program_of_another_name_with_the_same_arguments_is_nothing(start: Start, now: Moment, name: str) -> None:
    running = start(*GATEWAY, name=name)
    found = seen(ProcessObserver(), now)

    assert of(found, running.pid) is None
    assert running.pid not in [p.pid for p in (*found.client_portal, *found.unreadable)]


def test_a_foreign_java_program_is_nothing(start: Start, now: Moment) -> None:
    running = start("com.example.Server", "install4j.ibgateway.GWClient")

    assert of(seen(ProcessObserver(), now), running.pid) is None


def test_a_process_that_ends_is_gone_at_the_next_look(start: Start, now: Moment) -> None:
    observer = ProcessObserver()
    running = start(*GATEWAY)
    assert of(seen(observer, now), running.pid) is not None

    running.process.kill()
    running.process.wait()

    assert of(seen(observer, now.later(5)), running.pid) is None


@pytest.mark.parametrize("age", [0.0, YOUNG * 10], ids=["young", "old"])
def test_a_process_that_ended_but_was_not_asked_for_is_gone_too(start: Start, now: Moment, age: float) -> None:
    observer = ProcessObserver()
    running = start(*GATEWAY)
    assert of(seen(observer, now.later(age)), running.pid) is not None

    running.process.kill()
    wait_for_zombie(running.pid)

    assert [of(seen(observer, now.later(age + n)), running.pid) for n in (5, 10)] == [None, None]
    assert of(seen(ProcessObserver(), now.later(age)), running.pid) is None


def wait_for_zombie(pid: int) -> None:
    deadline = time.monotonic() + 30
    while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_launcher_script_that_becomes_java_under_its_own_number_is_found(tmp_path: Path, now: Moment) -> None:
    java = tmp_path / "java"
    java.symlink_to(os.path.realpath(sys.executable))
    play = "print(flush=True); import sys; sys.stdin.read()"
    script = f'echo; read line; exec {java} -Xmx768m -c "{play}" install4j.ibgateway.GWClient'
    with subprocess.Popen(
        ["/bin/sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONHOME": sys.base_prefix},
    ) as launcher:
        assert launcher.stdout is not None
        assert launcher.stdin is not None
        launcher.stdout.readline()
        observer = ProcessObserver()
        before = of(seen(observer, now), launcher.pid)
        launcher.stdin.write(b"go\n")
        launcher.stdin.flush()
        launcher.stdout.readline()
        after = of(seen(observer, now.later(1)), launcher.pid)
        launcher.kill()

    assert before is None
    assert after is not None


def test_an_old_process_that_becomes_another_program_is_found_within_a_round(tmp_path: Path, now: Moment) -> None:
    java = tmp_path / "java"
    java.symlink_to(os.path.realpath(sys.executable))
    play = "print(flush=True); import sys; sys.stdin.read()"
    script = f'echo; read line; exec {java} -Xmx768m -c "{play}" install4j.ibgateway.GWClient'
    with subprocess.Popen(
        ["/bin/sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONHOME": sys.base_prefix},
    ) as launcher:
        assert launcher.stdout is not None
        assert launcher.stdin is not None
        launcher.stdout.readline()
        observer, old = ProcessObserver(table=current().process_table()), now.later(YOUNG * 10)
        assert of(seen(observer, old), launcher.pid) is None
        launcher.stdin.write(b"go\n")
        launcher.stdin.flush()
        launcher.stdout.readline()
        found = [of(seen(observer, old.later(TURN * turn)), launcher.pid) for turn in range(1, SWEEP + 1)]
        launcher.kill()

    assert found[-1] is not None


class Counted:
    """This machine's process table, that counts what it is asked."""

    def __init__(self) -> None:
        self._table = current().process_table()
        self.described: list[int] = []
        self.marked: list[int] = []

    def pids(self) -> Mapping[int, int]:
        return self._table.pids()

    def missing(self, pids: Collection[int]) -> str | None:
        return self._table.missing(pids)

    def describe(self, pid: int) -> Described:
        self.described.append(pid)
        return self._table.describe(pid)

    def mark(self, pid: int) -> Hashable:
        self.marked.append(pid)
        return self._table.mark(pid)

    def usage(self, pid: int) -> ProcessUsage | None:
        return self._table.usage(pid)


def test_a_known_process_is_not_read_again_but_in_its_turn(start: Start, now: Moment) -> None:
    table, old = Counted(), now.later(YOUNG * 10)
    running = [start(name="quantower"), start(*GATEWAY)]
    observer = ProcessObserver(table=table)
    seen(observer, old)
    at_first = set(table.described)
    table.described.clear()
    table.marked.clear()
    for count in range(1, 10):
        seen(observer, old.later(count * TURN / 1000))
    at_once = [*table.described, *table.marked]
    for turn in range(1, SWEEP + 1):
        seen(observer, old.later(turn * TURN))

    assert {r.pid for r in running} <= at_first
    assert not {r.pid for r in running} & set(at_once)
    assert [table.marked.count(r.pid) for r in running] == [1, 1]
    # Java can run another program under the same name; any other is told by its name.
    assert [table.described.count(r.pid) for r in running] == [0, 1]


def test_a_young_process_is_asked_about_less_and_less(start: Start, now: Moment) -> None:
    table = Counted()
    running = start(name="quantower")
    observer = ProcessObserver(table=table)
    for tenth in range(int(YOUNG * 10)):
        seen(observer, now.later(tenth / 10))

    assert table.described.count(running.pid) == 1
    assert 4 <= table.marked.count(running.pid) <= 20


def reused(pid: int, command: list[str]) -> subprocess.Popen[bytes]:
    """A process that got the number of one that has ended; it runs its program, which sends back the lines it gets."""
    for _ in range(50):
        try:
            Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
        except OSError:
            pytest.skip("numbers of processes cannot be chosen here")
        # A process is known by its number and the tick of the kernel's clock (10 ms) at which it started.
        time.sleep(0.03)
        started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if started.pid == pid:
            assert started.stdin is not None
            assert started.stdout is not None
            started.stdin.write(b"\n")
            started.stdin.flush()
            # Its command line is empty until the kernel has made it the new program, which can be after Popen returns.
            started.stdout.readline()
            return started
        started.kill()
        started.communicate()
    pytest.skip("another process was always faster")


@pytest.mark.skipif(sys.platform != "linux", reason="numbers of processes can be chosen on Linux only")
def test_a_number_that_another_process_got_is_that_process_at_the_next_look(
    start: Start, now: Moment, tmp_path: Path
) -> None:
    observer, old = ProcessObserver(table=current().process_table()), now.later(YOUNG * 10)
    ended = start(*GATEWAY)
    assert of(seen(observer, old), ended.pid) is not None
    ended.process.kill()
    ended.process.wait()
    with reused(ended.pid, ["cat"]) as other:
        after = of(seen(observer, old.later(0.1)), other.pid)
        name = observer.name_of(other.pid)
        other.kill()
    with reused(ended.pid, [str(tmp_path / "java"), "-c", "print(input(), flush=True); input()", *GATEWAY]) as again:
        found = of(seen(observer, old.later(0.2)), again.pid)
        again.kill()

    assert (after, name) == (None, "cat")
    assert found is not None


def test_a_clock_that_is_set_back_makes_no_process_young_again(start: Start, now: Moment) -> None:
    table = Counted()
    running, old = start(name="quantower"), now.later(YOUNG * 10)
    observer = ProcessObserver(table=table)
    seen(observer, old)
    table.marked.clear()
    for count in range(1, 10):
        seen(observer, Moment(old.monotonic + count * TURN / 1000, 500_000_000.0))

    assert running.pid not in table.marked


def test_the_share_of_the_processor_is_that_since_the_last_look(start: Start, now: Moment) -> None:
    observer = ProcessObserver()
    running = start(*GATEWAY)
    seen(observer, now)
    found = of(seen(observer, now.later(5)), running.pid)

    assert found is not None
    assert found.cpu is not None
    assert 0 <= found.cpu < 1


def test_a_process_table_that_is_refused_is_unknown(monkeypatch: pytest.MonkeyPatch, now: Moment) -> None:
    def refused() -> list[int]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(psutil, "pids", refused)

    assert ProcessObserver().observe(now) == Unknown("the process table could not be read (permission denied)")


def test_java_whose_command_line_is_withheld_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, start: Start, now: Moment
) -> None:
    running = start(*GATEWAY)

    def denied(process: psutil.Process) -> list[str]:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(BoundedProcess, "cmdline", denied)
    found = seen(ProcessObserver(), now)

    assert (running.pid, "java") in [(p.pid, p.name) for p in found.unreadable]
    assert of(found, running.pid) is None


@pytest.mark.parametrize(("age", "withheld"), [(0.0, False), (EXEC_TIME * 2, True)])
def test_an_empty_command_line_counts_as_withheld_only_when_the_process_had_time_to_start(
    monkeypatch: pytest.MonkeyPatch, start: Start, now: Moment, age: float, withheld: bool
) -> None:
    running = start(*GATEWAY)
    monkeypatch.setattr(BoundedProcess, "cmdline", lambda process: [])
    found = seen(ProcessObserver(), now.later(age))

    assert (running.pid in [p.pid for p in found.unreadable]) is withheld


def test_a_process_of_another_network_is_left_out(start: Start, now: Moment) -> None:
    running = start(*GATEWAY)

    assert of(seen(ProcessObserver(lambda pid: pid == running.pid), now), running.pid) is None


def test_a_new_process_is_named_before_the_next_look(start: Start, now: Moment) -> None:
    observer = ProcessObserver()
    seen(observer, now)
    running = start(name="quantower")

    assert observer.name_of(running.pid) == "quantower"
    assert observer.pids_named({"quantower"}) == (running.pid,)
    assert OtherProcess(running.pid, "quantower") in seen(observer, now).programs
    assert observer.name_of(2**22 + 1) is None


def test_the_folders_of_an_application_are_told(start: Start, now: Moment, tmp_path: Path) -> None:
    observer = ProcessObserver()
    running = start(*GATEWAY)
    seen(observer, now)

    assert observer.folders_of(running.pid)[0] == str(tmp_path)
    assert observer.folders_of(1_000_000_000) == ()


def test_memory_that_grows_steadily_has_its_slope_told_after_half_an_hour() -> None:
    samples = [(60.0 * n, 1_000_000 + 6000 * n) for n in range(31)]

    assert growth(samples[:-1]) is None
    assert growth(samples) == pytest.approx(100.0)
    assert samples[-1][0] == MEMORY_SPAN


def test_the_teeth_of_the_garbage_collector_are_no_growth() -> None:
    teeth = [(60.0 * n, 500_000_000 + 1_000_000 * (n % 10)) for n in range(MEMORY_KEPT)]
    slope = growth(teeth)

    assert slope is not None
    assert abs(slope) * 3600 < 5_000_000


def test_a_peak_of_memory_is_remembered_for_half_an_hour() -> None:
    peak = higher(None, (0.0, 700))

    assert higher(peak, (60.0, 690)) == (0.0, 700)
    assert higher(peak, (60.0, 710)) == (60.0, 710)
    assert higher(peak, (PEAK_KEPT, 690)) == (0.0, 700)
    assert higher(peak, (PEAK_KEPT + 5.0, 690)) == (PEAK_KEPT + 5.0, 690)


def test_one_sample_tells_nothing() -> None:
    assert growth([]) is None
    assert growth([(0.0, 1)]) is None


def test_a_table_of_which_no_process_can_be_read_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(pid: int) -> None:
        raise OSError(22, "Invalid parameter")

    monkeypatch.setattr("agent.platforms.process_table.BoundedProcess", refused)

    seen = ProcessObserver().observe(Moment(0.0, 1_700_000_000.0))

    assert seen == Unknown("the process table is there, but no process in it could be read")


def test_of_a_crowd_that_looks_like_tws_a_few_are_reported(
    start: Start, now: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.observers.processes.MOST_REPORTED", 2)
    crowd = [start(*GATEWAY).pid for _ in range(4)]
    observer = ProcessObserver()
    found = {process.pid for process in seen(observer, now).applications}

    assert len(found) == 2
    assert found < set(crowd)


def test_of_a_crowd_this_users_own_are_reported_first(
    start: Start, now: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.observers.processes.MOST_REPORTED", 1)
    foreign, untold, own = start(*GATEWAY), start(*GATEWAY), start(*GATEWAY)
    asked: list[int] = []

    def told(_: ProcessObserver, process: psutil.Process) -> bool | None:
        asked.append(process.pid)
        return {foreign.pid: True, untold.pid: None}.get(process.pid, False)

    monkeypatch.setattr(ProcessObserver, "_is_anothers", told)
    observer = ProcessObserver()
    # They are old enough not to be looked at again for becoming another program.
    later = now.later(2 * YOUNG)
    looks = [[process.pid for process in seen(observer, later).applications] for _ in range(5)]

    assert looks == [[own.pid]] * 5
    assert len(asked) == len(set(asked)), "each is asked about once, and not again in every look"


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="starts programs of another user")
def test_an_application_of_another_user_is_told_to_be_another_s(now: Moment) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with lookalikes(Path(folder)) as start:
            theirs, ours = start(*GATEWAY, before=("setpriv", "--ruid=65534")), start(*GATEWAY)
            observer = ProcessObserver(table=current().process_table())
            apps = {p.pid: p for p in seen(observer, now).applications}

    assert apps[theirs.pid].foreign
    assert apps[theirs.pid].label.endswith(f"(pid {theirs.pid}, another user’s)")
    assert not apps[ours.pid].foreign


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounts a process table of its own")
@pytest.mark.parametrize("option", ["off", "noaccess", "invisible", "ptraceable"])
def test_a_table_that_hides_the_programs_of_others_says_so(option: str) -> None:
    code = "from agent.observers.look import Looker; from agent.core.clock import Moment; "
    code += "print(Looker().look(frozenset(), thorough=True, now=Moment(9.0, 9.0)).processes.value.unseen)"
    mounted = f'mount -t proc -o hidepid={option} proc /proc && exec "$@"'
    told = subprocess.run(
        ("unshare", "--mount", "sh", "-c", mounted, "sh", *NOBODY, sys.executable, "-c", code),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HOME": "/"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert (told.stdout.strip() == "None") == (option == "off"), told.stdout
    assert "Error" not in told.stderr
