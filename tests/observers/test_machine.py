"""The machine itself, as the operating system tells it and as it fails to."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import psutil
import pytest

from agent.core.clock import Moment
from agent.core.facts import Known, Surroundings, SurroundingsKind, Unknown
from agent.observers.machine import MachineObserver
from agent.platforms import interfaces
from agent.tws.time_zone import ClockChange

NOW = Moment(1.0, 1.0)
WSL = Surroundings(SurroundingsKind.WSL, "172.28.64.1")


class System:
    """A platform that answers as it is told, and counts how often it is asked."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.fails = fails
        self.asked = 0

    def has_route(self) -> bool:
        if self.fails is not None:
            raise self.fails
        return False

    def surroundings(self) -> Surroundings:
        self.asked += 1
        if self.fails is not None:
            raise self.fails
        return WSL


def observer(system: System) -> MachineObserver:
    return MachineObserver(system)  # type: ignore[arg-type]


FAILURES = pytest.mark.parametrize("fails", [OSError("refused"), psutil.AccessDenied(1)])


def test_the_network_is_what_the_system_says() -> None:
    assert observer(System()).network() == Known(False)


@FAILURES
def test_what_the_system_refuses_is_unknown_in_words(fails: Exception) -> None:
    machine = observer(System(fails))

    assert machine.network() == Unknown("the network interfaces could not be read")
    assert machine.surroundings() == Unknown(
        "it could not be found out whether this is WSL, a container or a virtual machine"
    )


def test_surroundings_that_were_refused_once_are_asked_for_again() -> None:
    system = System(OSError("refused"))
    machine = observer(system)
    machine.surroundings()
    system.fails = None

    assert [machine.surroundings() for _ in range(3)] == [Known(WSL)] * 3
    assert system.asked == 2


def test_a_name_is_spelled_in_every_way_that_means_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interfaces, "addresses_by_interface", lambda: {"eth0": ["FE80::1%eth0", "192.0.2.7"]})
    monkeypatch.setattr("agent.observers.machine.socket.gethostname", lambda: "Desk.example")
    names = observer(System()).own_names(NOW, anew=False)

    assert isinstance(names, Known)
    assert {"192.0.2.7", "desk.example", "desk", "desk.local"} <= names.value
    assert not [name for name in names.value if "%" in name]


@FAILURES
def test_addresses_that_cannot_be_read_are_unknown(fails: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> dict[str, list[str]]:
        raise fails

    monkeypatch.setattr(interfaces, "addresses_by_interface", refused)

    assert observer(System()).own_names(NOW, anew=True) == Unknown("the addresses of this computer could not be read")


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("this system has its time zone from elsewhere")
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("new_york")
@pytest.mark.parametrize(("month", "hours"), [(1, -5), (7, -4)])
def test_the_offset_is_that_of_the_moment(month: int, hours: int) -> None:
    wall = datetime(2026, month, 15, 12, tzinfo=UTC).timestamp()

    assert observer(System()).zone(Moment(0.0, wall)).utc_offset_at(wall) == hours * 3600


@pytest.mark.usefixtures("new_york")
def test_the_changes_of_the_last_year_and_of_the_next_days_are_told() -> None:
    # Thursday before the clocks change on the first Sunday of November.
    wall = datetime(2026, 10, 29, 12, tzinfo=UTC).timestamp()
    spring, autumn = (datetime(2026, *day, tzinfo=UTC).timestamp() for day in ((3, 8, 7), (11, 1, 6)))

    zone = observer(System()).zone(Moment(0.0, wall))

    assert zone.changes[-2:] == (ClockChange(spring, -4 * 3600.0), ClockChange(autumn, -5 * 3600.0))
    assert zone.utc_offset_at(wall) == -4 * 3600


@pytest.mark.usefixtures("new_york")
def test_a_user_who_travels_has_the_new_zone_at_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    now, machine = Moment(0.0, datetime(2026, 7, 15, 12, tzinfo=UTC).timestamp()), observer(System())
    before = machine.zone(now)
    monkeypatch.setenv("TZ", "Europe/Zurich")
    time.tzset()

    assert (before.utc_offset_at(now.wall), machine.zone(now).utc_offset_at(now.wall)) == (-4 * 3600, 2 * 3600)


def test_a_time_before_any_calendar_is_no_reason_to_fail() -> None:
    assert observer(System()).zone(Moment(0.0, 5.0)).changes == ()
