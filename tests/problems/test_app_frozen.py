from dataclasses import replace

import pytest

from agent.core.facts import Known
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome, Phase
from agent.problems.app_frozen import APP_FROZEN
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, backing_off, connected, connection, facts, gateway, machine


def test_two_heartbeats_without_an_answer_show_the_load_of_the_process(judge: Judge) -> None:
    around = machine(gateway(cpu=1.02, memory=760 * 2**20, heap_limit=768 * 2**20))

    verdict = judge(APP_FROZEN, facts(around, replace(connected(), heartbeat_unanswered=2)))

    assert isinstance(verdict, Present)
    assert verdict.evidence == (
        "at least 2 heartbeats in a row (reqCurrentTime) went unanswered for 5 s each",
        "the session on port 4002 was established at 13:00:00 and is still open",
        "IB Gateway 10.45 (pid 3117) is still running, uses 102% of one processor core, "
        "holds 760 MiB of memory (limit 768 MiB)",
    )


def test_it_began_with_the_first_heartbeat_that_was_not_answered(judge: Judge) -> None:
    frozen = replace(connected(), heartbeat_unanswered=2, unanswered_since=NOW.monotonic - 15.0)
    verdict = judge(APP_FROZEN, facts(session=frozen))

    assert isinstance(verdict, Present)
    assert verdict.since == NOW.monotonic - 15.0


def test_every_further_heartbeat_is_no_news(judge: Judge) -> None:
    second, tenth = (
        judge(APP_FROZEN, facts(session=replace(connected(), heartbeat_unanswered=count))) for count in (2, 10)
    )

    assert isinstance(second, Present)
    assert second == tenth


@pytest.mark.parametrize("unanswered", [0, 1])
def test_a_single_missed_heartbeat_is_not_enough(judge: Judge, unanswered: int) -> None:
    assert judge(APP_FROZEN, facts(session=replace(connected(), heartbeat_unanswered=unanswered))) == Absent()


def test_it_needs_a_session_that_stands(judge: Judge) -> None:
    lost = replace(connected(), phase=Phase.BACKING_OFF, heartbeat_unanswered=3)

    assert judge(APP_FROZEN, facts(session=lost)) == Absent()
    assert judge(APP_FROZEN, facts(session=backing_off(Outcome.SILENT))) == Absent()


def test_a_remote_application_is_told_without_its_process(judge: Judge) -> None:
    seen = facts(session=replace(connected(), heartbeat_unanswered=2), wants=connection(host="192.0.2.10", port=4002))

    verdict = judge(APP_FROZEN, seen)

    assert isinstance(verdict, Present)
    assert len(verdict.evidence) == 2


def test_the_path_to_another_machine_may_be_what_is_gone(judge: Judge) -> None:
    far = connection(host="192.0.2.7", port=4002)
    frozen = replace(connected(), heartbeat_unanswered=2)
    seen = facts(session=frozen, wants=far)
    offline = facts(machine(network=Known(False)), frozen, wants=far)

    assert isinstance(judge(APP_FROZEN, seen), Present)
    assert APP_FROZEN.visible_after(seen) == seen.timing.path_grace
    assert APP_FROZEN.visible_after(facts(session=frozen)) == 0.0
    assert isinstance(judge(APP_FROZEN, offline), Undecided)
