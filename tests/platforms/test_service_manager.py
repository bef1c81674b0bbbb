"""The protocol of sd_notify(3), on real sockets."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.platforms.service_manager import ServiceManager, service_manager

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has another protocol")


@pytest.fixture(params=["a path", "an abstract name"])
def listening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """The socket of a service manager, and what NOTIFY_SOCKET says of it."""
    named = str(tmp_path / "notify")
    if request.param == "an abstract name":
        if sys.platform != "linux":
            pytest.skip("only Linux has them")
        named = f"@gatelight-tests-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(named.replace("@", "\0", 1))
        bound.settimeout(30.0)
        yield bound, named


def test_each_variable_is_a_line_of_one_message(listening: tuple[socket.socket, str]) -> None:
    bound, named = listening
    manager = service_manager({"NOTIFY_SOCKET": named})
    assert manager is not None
    manager.tell(READY="1", STATUS="Köln: connected\nFDSTORE=1")

    assert bound.recv(1000).decode() == "READY=1\nSTATUS=Köln: connected FDSTORE=1"


def test_a_manager_that_does_not_read_delays_nothing(listening: tuple[socket.socket, str]) -> None:
    bound, named = listening
    manager = ServiceManager(named, None)
    for number in range(2000):
        manager.tell(STATUS=f"{number} {'x' * 1000}")

    assert bound.recv(2000).startswith(b"STATUS=0 ")


def test_a_manager_that_is_gone_does_no_harm(tmp_path: Path) -> None:
    ServiceManager(str(tmp_path / "gone"), None).tell(WATCHDOG="1")


@pytest.mark.parametrize("named", ["", "vsock:2:1234", "relative"])
def test_without_a_socket_of_this_machine_there_is_none(named: str) -> None:
    assert service_manager({"NOTIFY_SOCKET": named}) is None
    assert service_manager({}) is None


@pytest.mark.parametrize(
    ("limit", "of", "seconds"),
    [
        ("60000000", str(os.getpid()), 60.0),
        ("500000", None, 0.5),
        # Meant for the process that has started this one.
        ("60000000", "1", None),
        ("0", None, None),
        ("soon", None, None),
        ("²", None, None),
        ("", None, None),
    ],
)
def test_it_wants_signs_of_life_of_the_process_that_it_started(
    limit: str, of: str | None, seconds: float | None
) -> None:
    given = {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": limit} | ({} if of is None else {"WATCHDOG_PID": of})
    manager = service_manager(given)

    assert manager is not None
    assert manager.watchdog == seconds
