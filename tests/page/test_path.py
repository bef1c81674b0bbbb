"""The way from the programs to IB's servers: what is not known to be good is not shown as good."""

from dataclasses import replace
from typing import Any

import pytest

from agent.core.shown.display import IconState
from agent.core.shown.status import ShownApplication, ShownConnection, ShownProblem, ShownProgram
from agent.page.path import path_of

GATEWAY = ShownApplication("gateway", "10.45", 3117, 0.0, (4002,))
HEALTHY = ShownConnection(
    "Paper",
    "127.0.0.1",
    4002,
    IconState.CONNECTED,
    "connected",
    0.0,
    application=GATEWAY,
    server_link="up",
    link_words="connected",
    programs=(),
)
FROZEN = ShownProblem("app-frozen", "error", "", "", (), (), 0.0, visible=True)


def states(connection: ShownConnection) -> dict[str, str]:
    return {part: told["state"] for part, told in path_of(connection).items()}


def test_all_is_well() -> None:
    path = path_of(HEALTHY)

    assert states(HEALTHY) == {"programs": "none", "port": "up", "application": "up", "servers": "up"}
    assert path["port"]["title"] == "API port 4002"
    assert path["application"]["title"] == "IB Gateway 10.45"


def test_a_link_that_no_notice_told_of_says_what_shows_it() -> None:
    path = path_of(replace(HEALTHY, link_words="connected, as the data farms show"))

    assert path["servers"]["words"] == "connected, as the data farms show"


@pytest.mark.parametrize(
    ("change", "part", "state"),
    [
        ({"programs": None}, "programs", "unknown"),
        ({"programs": (ShownProgram(1, "x", 0.0),)}, "programs", "up"),
        ({"server_link": "down"}, "servers", "down"),
        ({"server_link": "unknown"}, "servers", "unknown"),
        ({"phase": "connecting"}, "port", "wait"),
        ({"phase": "backing-off"}, "port", "down"),
        ({"phase": "blocked"}, "port", "down"),
        ({"phase": "idle"}, "port", "wait"),
        ({"phase": "idle", "wanted": False}, "port", "none"),
        ({"phase": "idle", "application": None}, "port", "none"),
        ({"phase": "idle", "problems": (replace(FROZEN, code="api-disabled"),)}, "port", "down"),
        ({"phase": "idle", "problems": (replace(FROZEN, code="login-pending", severity="warning"),)}, "port", "wait"),
        ({"phase": "idle", "application": None}, "application", "down"),
        ({"application": None}, "application", "up"),
        ({"application": None, "unseen": "no rights", "phase": "idle"}, "application", "unknown"),
        ({"application": None, "problems": (FROZEN,)}, "application", "unknown"),
        ({"application": None, "host": "192.0.2.7", "phase": "idle"}, "application", "unknown"),
        ({"application": None, "host": "192.0.2.7"}, "application", "up"),
        ({"problems": (FROZEN,)}, "port", "down"),
    ],
)
def test_each_link_is_as_it_was_seen(change: dict[str, Any], part: str, state: str) -> None:
    assert states(replace(HEALTHY, **change))[part] == state


def test_every_part_has_words() -> None:
    for connection in (HEALTHY, replace(HEALTHY, application=None, port=None, phase="idle", server_link="unknown")):
        assert all(told["words"] for told in path_of(connection).values())


def test_gatelight_is_not_counted_among_the_connected_where_it_is_not() -> None:
    assert path_of(HEALTHY)["programs"]["words"] == "none connected besides Gatelight"
    assert path_of(replace(HEALTHY, phase="idle"))["programs"]["words"] == "none connected"
