from pathlib import Path

import pytest

from agent.simulator.process_faults import PROCESS_FAULTS
from agent.simulator.scene import Scene, Setting, other_kind, stage
from agent.simulator.shapes import Look, Shape
from agent.tws.applications import ApplicationKind


def scene(*faults: str, shape: Shape = Shape.ITSELF, logged_in: bool = True, present: bool = True) -> Scene:
    setting = Setting(
        folder=Path("/somewhere"),
        look=Look(shape=shape),
        port=4002,
        spare_port=20000,
        profile={},
        upstream=("127.100.0.1", 4000),
        logged_in=logged_in,
        present=present,
    )
    taken = dict(fault.partition("=")[::2] for fault in faults)
    return stage(setting, {name: value or PROCESS_FAULTS[name].default for name, value in taken.items()})


def test_a_healthy_application_stands_alone_on_its_port() -> None:
    stood = scene()

    assert stood.application is not None
    assert (stood.application.linked, stood.application.listening, stood.application.port) == (True, True, 4002)
    assert stood.port == 4002
    assert not stood.companions


def test_in_a_container_a_relay_has_the_port_and_the_application_another() -> None:
    stood = scene(shape=Shape.CONTAINER)

    assert stood.application is not None
    assert stood.application.port == 20000
    assert stood.companions["relay"].first == {"part": "relay", "port": 4002, "inner": 20000}


@pytest.mark.parametrize("fault", ["not-running", "client-portal"])
@pytest.mark.parametrize("shape", list(Shape))
def test_where_it_is_gone_no_other_fault_brings_it_back(fault: str, shape: Shape) -> None:
    for other in PROCESS_FAULTS:
        assert scene(fault, other, shape=shape).application is None


def test_an_application_that_was_ended_is_not_brought_back_by_a_fault() -> None:
    for fault in PROCESS_FAULTS:
        assert scene(fault, present=False).application is None


@pytest.mark.parametrize("fault", ["starting", "login-pending", "restart-stuck"])
def test_nobody_is_logged_in_under_faults_that_say_so(fault: str) -> None:
    application = scene(fault).application

    assert application is not None
    assert not application.linked
    assert not application.listening


@pytest.mark.parametrize("fault", ["no-listener", "port-taken"])
def test_the_link_stands_where_only_the_port_is_missing(fault: str) -> None:
    application = scene(fault).application

    assert application is not None
    assert application.linked
    assert not application.listening


def test_before_log_in_no_crowd_is_sent_to_a_port_that_does_not_exist() -> None:
    assert not scene("too-many-clients", "close-wait", logged_in=False).companions


def test_a_web_server_takes_the_port_of_the_relay_too() -> None:
    assert set(scene("port-taken", shape=Shape.CONTAINER).companions) == {"webserver"}


def test_two_faults_about_the_port_agree_on_one() -> None:
    stood = scene("other-port=5555", "restart-other-port=6666")

    assert stood.application is not None
    assert stood.port == stood.application.port == 5555


def test_the_other_one_of_two_is_always_the_other_one() -> None:
    assert other_kind(ApplicationKind.TWS) is ApplicationKind.GATEWAY
    assert other_kind(ApplicationKind.GATEWAY) is ApplicationKind.TWS


def test_the_memory_fault_writes_its_limit_on_the_command_line_and_nearly_fills_it() -> None:
    application = scene("memory=128").application

    assert application is not None
    assert application.look.heap == 128
    assert application.memory is not None
    assert 0.9 < application.memory / (128 << 20) < 1
