from dataclasses import replace

import pytest

from agent.core.alerts.diagnosis import diagnose
from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Flood, Outcome
from agent.problems import PROBLEMS
from agent.problems.api_flooding import API_FLOODING, rounded
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, backing_off, connected, facts

FLOOD = Flood(since=NOW.monotonic - 60, rate=2345.0, present=True, last=NOW.monotonic)


def test_a_flood_is_told_with_its_rate(judge: Judge) -> None:
    verdict = judge(API_FLOODING, facts(session=replace(connected(), flood=FLOOD)))

    assert isinstance(verdict, Present)
    assert verdict.args["rate"] == "1000"
    assert verdict.since == FLOOD.since
    assert len(verdict.evidence) == 2


def test_what_was_held_back_is_said(judge: Judge) -> None:
    verdict = judge(API_FLOODING, facts(session=replace(connected(), flood=replace(FLOOD, held=True))))

    assert isinstance(verdict, Present)
    assert "reading was paused" in verdict.evidence[-1]


def test_a_rate_that_changes_a_little_is_no_news(judge: Judge) -> None:
    one, other = (
        judge(API_FLOODING, facts(session=replace(connected(), flood=replace(FLOOD, rate=rate))))
        for rate in (2000.0, 7000.0)
    )

    assert one == other


@pytest.mark.parametrize(("rate", "said"), [(0.5, "1"), (99.9, "10"), (100.0, "100"), (999.0, "100"), (1e6, "1000000")])
def test_rates_are_rounded_down(rate: float, said: str) -> None:
    assert rounded(rate) == said


def test_a_burst_is_no_flood(judge: Judge) -> None:
    session = connected()

    assert judge(API_FLOODING, facts(session=replace(session, flood=replace(FLOOD, present=False)))) == Absent()
    assert judge(API_FLOODING, facts(session=session)) == Absent()


def test_without_a_session_it_cannot_be_told(judge: Judge) -> None:
    assert isinstance(judge(API_FLOODING, facts(session=backing_off(Outcome.SILENT))), Undecided)


def test_one_that_floods_is_not_called_frozen() -> None:
    session = replace(connected(), flood=FLOOD, heartbeat_unanswered=2)
    found = diagnose(facts(session=session), PROBLEMS)

    assert "app-frozen" not in {f.problem.code for f in found.found}
