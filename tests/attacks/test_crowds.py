"""A crowded machine: what there is besides the applications is not read again at every look."""

import sys
import time
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from pathlib import Path

import pytest

from agent.core.clock import Moment
from agent.core.facts import Known
from agent.observers.look import Looker
from agent.observers.processes import SWEEP, TURN, YOUNG, YOUNG_CHECKED
from agent.platforms import current
from agent.platforms.process_table import Described, ProcessTable, ProcessUsage
from agent.platforms.sockets import linux as linux_sockets
from tests.attacks.scale import whole
from tests.crowd import crowd
from tests.lookalikes import API, lookalikes

PROCESSES, SOCKETS = (4900, 18000) if whole() else (300, 2000)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a crowd is staged, and read, as on Linux")


class Counted:
    """This machine's process table, that counts what is read of single processes."""

    def __init__(self, table: ProcessTable) -> None:
        self._table = table
        self.read = 0

    def pids(self) -> Mapping[int, int]:
        return self._table.pids()

    def missing(self, pids: Collection[int]) -> str | None:
        return self._table.missing(pids)

    def describe(self, pid: int) -> Described:
        self.read += 1
        return self._table.describe(pid)

    def mark(self, pid: int) -> Hashable:
        self.read += 1
        return self._table.mark(pid)

    def usage(self, pid: int) -> ProcessUsage | None:
        return self._table.usage(pid)


class Work:
    """What looks had to do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        platform = current()
        self.table = Counted(platform.process_table())
        self.rows = self.opened = 0
        monkeypatch.setattr(platform, "process_table", lambda: self.table)
        row, inodes_of = linux_sockets._row, linux_sockets.socket_inodes

        def counted_row(message: bytes, at: int, keep: linux_sockets.Keep) -> linux_sockets.DiagRow | None:
            self.rows += 1
            return row(message, at, keep)

        def counted_inodes(pid: int) -> list[int]:
            self.opened += 1
            return inodes_of(pid)

        monkeypatch.setattr(linux_sockets, "_row", counted_row)
        monkeypatch.setattr(linux_sockets, "socket_inodes", counted_inodes)
        self.looker = Looker(platform)
        self.now = Moment(time.monotonic(), time.time())

    def look(self, after: float, ports: tuple[int, ...], *, thorough: bool = False) -> tuple[int, int, int]:
        """Processes read, sockets handed out and processes whose descriptors were listed, in one look."""
        self.table.read = self.rows = self.opened = 0
        self.now = self.now.later(after)
        seen = self.looker.look(frozenset(ports), thorough=thorough, now=self.now)
        assert isinstance(seen.processes, Known)
        (found,) = [p for p in seen.processes.value.applications if p.api_ports == ports]
        assert isinstance(seen.sockets, Known)
        assert [(x.port, x.pid) for x in seen.sockets.value.listeners if x.port in ports] == [(ports[0], found.pid)]
        return self.table.read, self.rows, self.opened


@pytest.fixture(scope="module")
def crowded() -> Iterator[None]:
    with crowd(PROCESSES, SOCKETS):
        yield


@pytest.fixture
def work(crowded: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Work]:
    return lambda: Work(monkeypatch)


def test_a_look_reads_what_is_new_and_a_part_of_the_rest(work: Callable[[], Work], tmp_path: Path) -> None:
    with lookalikes(tmp_path) as start:
        running = start("-Dx=y", "install4j.ibgateway.GWClient", listen=((API, 0),))
        looks = work()
        first = looks.look(10 * YOUNG, running.ports)
        at_once = looks.look(0.01, running.ports)
        usual = [looks.look(2 * TURN, running.ports) for _ in range(4)]

    few = 20 + SOCKETS // 100
    assert first[0] >= PROCESSES
    assert at_once[0] <= 3
    assert max(read for read, _, _ in usual) <= 3 * (PROCESSES + 200) // SWEEP + 50
    # Listeners are handed out, connections on other ports are not.
    assert max(rows for _, rows, _ in usual) <= few
    assert max(opened for _, _, opened in usual) <= 3


def test_a_thorough_look_costs_no_more_than_the_owners_it_has_to_find(work: Callable[[], Work], tmp_path: Path) -> None:
    with lookalikes(tmp_path) as start:
        running = start("-Dx=y", "install4j.ibgateway.GWClient", listen=((API, 0),))
        looks = work()
        looks.look(10 * YOUNG, running.ports)
        read, rows, opened = looks.look(0.01, running.ports, thorough=True)

    assert read <= 3
    assert rows <= 20 + SOCKETS // 100
    assert opened <= 3


def test_a_crowd_that_came_at_once_is_not_read_at_once_while_it_is_young_and_a_newcomer_is(
    work: Callable[[], Work], tmp_path: Path
) -> None:
    looks = work()
    with lookalikes(tmp_path) as start:
        started = start("-Dx=y", "install4j.ibgateway.GWClient", listen=((API, 0),))
        looks.look(0.0, started.ports)
        read = [looks.look(after, started.ports)[0] for after in (8, 8, 16, 32, 16, 16)]
        newcomer = start("-Dx=y", "ibcalpha.ibc.IbcGateway", listen=((API, 0),))
        found = looks.look(5.0, newcomer.ports)

    assert max(read) <= YOUNG_CHECKED + 60
    assert found[0] >= 1
