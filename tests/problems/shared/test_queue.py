"""The connections that wait to be accepted, in words."""

from dataclasses import replace

import pytest

from agent.core.session_facts import Outcome
from agent.problems.shared.queue import no_answer, waiting_at
from tests.problems.scene import backing_off, connection, facts, foreign, machine

ON_4002 = connection(port=4002)


@pytest.mark.parametrize(
    ("waiting", "room", "full", "words"),
    [
        (51, 50, True, "51 connections wait on port 4002 to be accepted, and the system keeps no more than 51"),
        (50, 50, True, "50 connections wait on port 4002 to be accepted, and the system keeps no more than 50"),
        (1, 50, False, "1 connection waits on port 4002 to be accepted"),
        (7, None, False, "7 connections wait on port 4002 to be accepted"),
    ],
)
def test_a_queue_is_told_as_far_as_the_system_shows_it(waiting: int, room: int | None, full: bool, words: str) -> None:
    listener = replace(foreign(), waiting=waiting, room=room)
    queue = waiting_at(facts(machine(listeners=(listener,)), wants=ON_4002), 4002)

    assert queue is not None
    assert (queue.full, queue.words) == (full, words)


def test_an_empty_queue_and_an_unknown_one_are_not_told() -> None:
    for waiting in (0, None):
        listener = replace(foreign(), waiting=waiting, room=50)

        assert waiting_at(facts(machine(listeners=(listener,)), wants=ON_4002), 4002) is None
    assert waiting_at(facts(machine(), wants=ON_4002), 4002) is None


def test_a_connection_that_was_never_accepted_is_not_said_to_have_been() -> None:
    def words(outcome: Outcome) -> str:
        return no_answer(facts(machine(), backing_off(outcome), wants=ON_4002), "127.0.0.1", 4002, 5.0)

    assert words(Outcome.SILENT) == "127.0.0.1, port 4002, accepted the connection and did not answer within 5.0 s"
    assert words(Outcome.UNREACHABLE) == "127.0.0.1, port 4002, did not accept the connection within 5.0 s"
