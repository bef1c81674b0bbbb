"""When program folders are read, and what is remembered of them."""

from agent.core.clock import Moment
from agent.core.facts import Installation, Known, Unknown
from agent.observers.installed import INSTALLED_AGAIN, InstalledObserver
from agent.tws.applications import ApplicationKind

NOW = Moment(1000.0, 2000.0)
RUNNING = frozenset({7})
TWS = Installation(ApplicationKind.TWS, "10.45", "/Jts/1045", ("/Jts/1045/tws",))
GATEWAY = Installation(ApplicationKind.GATEWAY, "10.44", "/Jts/ibgateway/1044", ("/Jts/ibgateway/1044/ibgateway",))


class Disk:
    """Program folders with a count of how often they were read."""

    def __init__(self) -> None:
        self.read = 0
        self.withheld = False

    def installations(self) -> tuple[Installation, ...]:
        self.read += 1
        if self.withheld:
            raise PermissionError
        return (TWS, GATEWAY)


def test_what_is_found_is_told_in_a_steady_order() -> None:
    found = InstalledObserver(Disk()).observe(RUNNING, thorough=False, now=NOW)  # type: ignore[arg-type]

    assert found == Known((GATEWAY, TWS))


def test_folders_that_may_not_be_read_are_unknown() -> None:
    disk = Disk()
    disk.withheld = True
    found = InstalledObserver(disk).observe(RUNNING, thorough=False, now=NOW)  # type: ignore[arg-type]

    assert found == Unknown("the program folders could not be read")


def test_while_the_same_applications_run_they_are_read_once() -> None:
    disk = Disk()
    observer = InstalledObserver(disk)  # type: ignore[arg-type]
    for seconds in range(0, 7200, 5):
        observer.observe(RUNNING, thorough=False, now=NOW.later(seconds))

    assert disk.read == 1


def test_they_are_read_again_when_one_is_gone_and_now_and_then_while_none_runs() -> None:
    disk = Disk()
    observer = InstalledObserver(disk)  # type: ignore[arg-type]
    observer.observe(RUNNING, thorough=False, now=NOW)
    observer.observe(frozenset(), thorough=False, now=NOW.later(5))
    observer.observe(frozenset(), thorough=False, now=NOW.later(5 + INSTALLED_AGAIN - 1))

    assert disk.read == 2

    observer.observe(frozenset(), thorough=False, now=NOW.later(5 + INSTALLED_AGAIN))

    assert disk.read == 3


def test_a_thorough_look_reads_them_in_any_case() -> None:
    disk = Disk()
    observer = InstalledObserver(disk)  # type: ignore[arg-type]
    observer.observe(RUNNING, thorough=True, now=NOW)
    observer.observe(RUNNING, thorough=True, now=NOW)

    assert disk.read == 2
