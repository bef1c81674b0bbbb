"""focus-app: only where a window of the very process is known to exist."""

from dataclasses import replace

import pytest

from agent.core.fix import BringToFront, Done, Failed
from agent.core.session_facts import Outcome
from agent.fixes.focus_app import FOCUS_APP
from tests.fixes.conftest import Offered, RecordingTools
from tests.problems.scene import backing_off, connected, connection, gateway, machine

AT_LOGIN = replace(gateway(ports=(), link_for=None), has_window=True)


def test_the_window_of_an_application_at_its_log_in_screen_is_offered(offered: Offered) -> None:
    offer = offered(FOCUS_APP, machine(AT_LOGIN), backing_off())

    assert offer is not None
    assert offer.plan == BringToFront(3117)
    assert offer.label == "Show IB Gateway"
    assert offer.question.changes == (
        "The window of IB Gateway 10.45 (pid 3117) comes to the front; nothing else changes",
    )


@pytest.mark.parametrize("has_window", [False, None])
def test_without_a_window_nothing_is_offered(has_window: bool | None, offered: Offered) -> None:
    assert offered(FOCUS_APP, machine(replace(AT_LOGIN, has_window=has_window)), backing_off()) is None


def test_without_a_process_nothing_is_offered(offered: Offered) -> None:
    away = connection(host="192.0.2.7")

    assert offered(FOCUS_APP, machine(), backing_off()) is None
    assert offered(FOCUS_APP, machine(AT_LOGIN), backing_off(), wants=away) is None


def test_of_two_it_is_the_one_that_is_missed(offered: Offered) -> None:
    live = replace(gateway(pid=1, ports=(4001,)), has_window=True)
    paper = replace(AT_LOGIN, pid=2)
    offer = offered(FOCUS_APP, machine(live, paper), backing_off(), wants=connection(port=4002))

    assert offer is not None
    assert offer.plan == BringToFront(2)


def test_of_two_it_is_the_one_that_does_not_answer(offered: Offered) -> None:
    live = replace(gateway(pid=1, ports=(4001,)), has_window=True)
    paper = replace(gateway(pid=2, ports=(4002,)), has_window=True)
    silent = offered(FOCUS_APP, machine(live, paper), backing_off(Outcome.SILENT, 4002), wants=connection(port=4002))
    frozen = offered(FOCUS_APP, machine(live, paper), connected(4001))

    assert silent is not None
    assert silent.plan == BringToFront(2)
    assert frozen is not None
    assert frozen.plan == BringToFront(1)


async def test_it_brings_that_process_to_the_front(offered: Offered) -> None:
    offer = offered(FOCUS_APP, machine(AT_LOGIN), backing_off())
    assert offer is not None
    tools = RecordingTools()

    assert await FOCUS_APP.do(offer, tools) == Done("Its window is in front now.")
    assert tools.asked == [3117]
    assert await FOCUS_APP.do(offer, RecordingTools(trouble="it has no window any more")) == Failed(
        "The window did not come to the front: it has no window any more.",
        "Click IB Gateway in the taskbar or the Dock.",
    )
