"""The header's line: true of every mixture of connections, the worst of them by name."""

from dataclasses import replace
from itertools import product

import pytest

from agent.core.shown.display import IconState
from agent.core.shown.status import ShownConnection, ShownProblem, Status
from agent.page.summary import summary

OWN = ShownProblem(
    "agent-cannot-see", "warning", "Gatelight may not see", "", (), (), 0.0, visible=True, of_program=True
)


def connection(name: str, state: IconState, *, wanted: bool = True) -> ShownConnection:
    phase = "connected" if state in (IconState.CONNECTED, IconState.PAUSED) and wanted else "idle"
    return ShownConnection(name, "127.0.0.1", 4002, state, phase, 0.0, wanted=wanted)


def of(*connections: ShownConnection) -> str:
    return summary(Status("0", 1, 0.0, connections))


def states(*told: IconState) -> str:
    return of(*(connection(chr(ord("A") + n), state) for n, state in enumerate(told)))


C, P, W, U = IconState.CONNECTED, IconState.PROBLEM, IconState.WARNING, IconState.UNKNOWN


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ((), "nothing is connected yet"),
        ((C,), "connected"),
        ((IconState.WAITING,), "nothing is connected yet"),
        ((IconState.WAITING,) * 3, "nothing is connected yet"),
        ((C, C), "both are connected"),
        ((C, C, C), "all 3 are connected"),
        ((C, P, C, P, C), "2 of 5 have a problem: B, D"),
        ((C, P), "1 of 2 has a problem: B"),
        ((P, P, P), "all 3 have a problem"),
        ((P,) * 5 + (C,), "5 of 6 have a problem: A, B, C and 2 more"),
        ((C, W, C), "1 of 3 has a warning: B"),
        ((P, W), "both have a problem or a warning"),
        ((W, P, C), "2 of 3 have a problem or a warning: B, A"),
        ((C, U, U), "2 of 3 are not known: B, C"),
        ((IconState.CONNECTING, C), "1 of 2 is connecting: A"),
        ((IconState.WAITING, C, C), "1 of 3 waits for TWS or IB Gateway: A"),
        ((IconState.MAINTENANCE, IconState.MAINTENANCE, C), "2 of 3 are in an expected outage: A, B"),
        ((IconState.PAUSED, IconState.PAUSED), "both are connected, notices paused"),
    ],
)
def test_the_worst_kind_is_counted_and_named(told: tuple[IconState, ...], line: str) -> None:
    assert states(*told) == line


def test_what_is_not_watched_is_said_so_and_what_is_merely_quiet_is_not() -> None:
    left, quiet, well = (
        connection("A", IconState.PAUSED, wanted=False),
        connection("B", IconState.PAUSED),
        connection("C", IconState.CONNECTED),
    )

    assert of(left, quiet) == "1 of 2 is not watched: A"
    assert of(well, left) == "1 of 2 is not watched: A"
    assert of(left, replace(left, name="D")) == "both are not watched"


def test_a_problem_of_gatelight_itself_is_said_where_no_connection_is_as_bad() -> None:
    well, ill = connection("A", C), connection("B", P)

    assert of(replace(well, problems=(OWN,))) == "Gatelight: Gatelight may not see"
    assert of(replace(well, problems=(OWN,)), ill) == "1 of 2 has a problem: B"


def test_a_long_name_is_cut() -> None:
    assert of(connection("Swing account with a rather long name", P), connection("B", C)) == (
        "1 of 2 has a problem: Swing account with a…"
    )


def test_nothing_is_called_connected_that_is_not() -> None:
    for told in product(IconState, repeat=3):
        line = states(*told)
        if "all 3 are connected" in line:
            assert set(told) <= {IconState.CONNECTED, IconState.PAUSED}, told
