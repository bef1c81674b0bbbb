"""What a hook is run for: each change once, and no start of the agent."""

from dataclasses import replace

import pytest

from agent.core.settings import HookSettings
from agent.core.shown.changes import MOST_FOLLOWED, LastShown, ShownChange, ShownChangeKind, change_to_json, changes_to
from agent.core.shown.display import IconState
from agent.core.shown.status import ShownConnection, ShownProblem, Status

START = 1_790_000_000.0
UP = ShownConnection("Paper", "127.0.0.1", 4002, IconState.CONNECTED, "connected", START, accounts=("DU1234567",))
CONNECTING = replace(UP, phase="connecting", overall=IconState.CONNECTING)
WAITING = replace(UP, phase="idle", overall=IconState.WAITING)
DOWN = replace(UP, phase="backing-off", overall=IconState.PROBLEM)
FROZEN = ShownProblem("app-frozen", "error", "It is frozen", "It does not answer.", (), (), START + 5.0, True)


def status(*connections: ShownConnection) -> Status:
    return Status("0", 1, START, connections)


def told(*statuses: Status) -> list[tuple[str, str, str]]:
    """Kind, connection and code of all changes."""
    followed, found = LastShown(), []
    for number, one in enumerate(statuses):
        followed, changes = changes_to(followed, one, START + number)
        found += [(c.kind.value, c.connection, c.problem.code if c.problem else "") for c in changes]
    return found


@pytest.mark.parametrize("before", [(), (CONNECTING,), (replace(CONNECTING, overall=IconState.UNKNOWN),)])
def test_the_first_session_after_a_start_is_no_return(before: tuple[ShownConnection, ...]) -> None:
    assert told(*map(status, before), status(UP)) == []


@pytest.mark.parametrize("away", [DOWN, WAITING, replace(DOWN, overall=IconState.MAINTENANCE)])
def test_a_session_after_it_was_seen_out_of_use_is_a_return(away: ShownConnection) -> None:
    assert told(status(away), status(CONNECTING), status(UP), status(UP)) == [("connected", "Paper", "")]


def test_waiting_for_another_computer_is_no_absence() -> None:
    far = [replace(one, host="192.0.2.1") for one in (WAITING, CONNECTING, UP)]

    assert told(*map(status, far)) == []


def test_a_session_that_goes_and_comes_is_told_both_times() -> None:
    expected = [("disconnected", "Paper", ""), ("connected", "Paper", "")]

    assert told(status(UP), status(CONNECTING), status(UP)) == expected


def test_a_connection_that_is_not_watched_for_a_while_returns() -> None:
    assert told(status(UP), status(), status(UP)) == [("connected", "Paper", "")]


def test_a_problem_begins_and_is_over_once() -> None:
    sick = replace(UP, problems=(FROZEN,))
    unseen = replace(UP, problems=(replace(FROZEN, visible=False),))
    began, over = ("problem-began", "Paper", "app-frozen"), ("problem-over", "Paper", "app-frozen")

    assert told(status(UP), status(unseen), status(sick), status(sick), status(UP)) == [began, over]


def test_a_problem_that_is_older_than_the_agent_does_not_begin_but_ends() -> None:
    sick = replace(UP, problems=(replace(FROZEN, since=START - 60.0),))

    assert told(status(sick), status(UP)) == [("problem-over", "Paper", "app-frozen")]


def test_the_problems_of_a_connection_that_is_not_watched_any_more_end_without_a_word() -> None:
    assert told(status(replace(UP, problems=(FROZEN,))), status())[1:] == []


def test_a_problem_of_gatelight_itself_is_of_no_connection() -> None:
    own = replace(FROZEN, code="config-invalid", of_program=True)

    assert told(status(UP), status(replace(UP, problems=(own,)))) == [("problem-began", "", "config-invalid")]


def test_names_without_end_are_not_remembered_without_end() -> None:
    followed = LastShown()
    for number in range(3 * MOST_FOLLOWED):
        followed, _ = changes_to(followed, status(replace(UP, name=f"n{number}")), START)

    assert len(followed.connections) == MOST_FOLLOWED


@pytest.mark.parametrize(
    ("on", "kind", "code", "wanted"),
    [
        ("connected", "connected", "", True),
        ("connected", "disconnected", "", False),
        ("any", "disconnected", "", True),
        ("any", "problem-over", "app-frozen", True),
        ("app-frozen", "problem-began", "app-frozen", True),
        ("app-frozen", "problem-over", "app-frozen", True),
        ("app-frozen", "problem-began", "api-silent", False),
        ("connected", "problem-began", "app-frozen", False),
        ("app-frozen", "connected", "", False),
    ],
)
def test_a_hook_is_for_what_it_names(on: str, kind: str, code: str, wanted: bool) -> None:
    change = ShownChange(ShownChangeKind(kind), "Paper", START, replace(FROZEN, code=code) if code else None)

    assert change.wanted_by(HookSettings("h", ("x",), (on,))) is wanted


def test_the_change_is_told_with_its_connection_and_no_account_number() -> None:
    change = ShownChange(ShownChangeKind.PROBLEM_BEGAN, "Paper", START + 6.0, FROZEN)
    told = change_to_json(change, "restart my bot", status(replace(UP, problems=(FROZEN,)), replace(UP, name="other")))

    assert {name: value for name, value in told.items() if name != "now"} == {
        "schema": 1,
        "hook": "restart my bot",
        "event": "problem-began",
        "at": "2026-09-21T14:13:26Z",
        "connection": "Paper",
        "code": "app-frozen",
        "severity": "error",
        "title": "It is frozen",
        "text": "It does not answer.",
        "since": "2026-09-21T14:13:25Z",
    }
    assert told["now"]["name"] == "Paper"
    assert "DU1234567" not in str(told)
