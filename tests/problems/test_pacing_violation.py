import pytest

from agent.core.evidence.notices import LINK_IS_DOWN
from agent.core.problem import Absent, Present
from agent.core.session_facts import ServerLink
from agent.core.timing import Timing
from agent.problems.pacing_violation import PACING_VIOLATION
from tests.problems.conftest import Judge
from tests.problems.scene import connected, facts, notice

HISTORY = "Historical Market Data Service error message:Historical data request pacing violation"
BARS = "Invalid Real-time Query:Historical data request Pacing violation"


@pytest.mark.parametrize(("code", "text"), [(162, HISTORY), (420, BARS)])
def test_history_and_real_time_bars_can_violate_pacing(judge: Judge, code: int, text: str) -> None:
    verdict = judge(PACING_VIOLATION, facts(session=connected(notices=(notice(code, text),))))

    assert isinstance(verdict, Present)
    assert verdict.args == {"codes": str(code)}


def test_several_notices_are_told_latest_first_and_each_number_once(judge: Judge) -> None:
    notices = (notice(162, HISTORY, ago=9.0), notice(420, BARS, ago=2.0), notice(162, HISTORY + " again", ago=5.0))

    verdict = judge(PACING_VIOLATION, facts(session=connected(notices=notices)))

    assert isinstance(verdict, Present)
    assert verdict.args == {"codes": "420 and 162"}
    assert [line[:10] for line in verdict.evidence] == ["notice 420", "notice 162", "notice 162"]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (162, "Historical Market Data Service error message:API historical data query cancelled: 7"),
        (420, "Invalid Real-time Query:No market data permissions for ISLAND STK"),
        (321, "pacing violation"),
    ],
)
def test_other_refusals_do_not_count(judge: Judge, code: int, text: str) -> None:
    assert judge(PACING_VIOLATION, facts(session=connected(notices=(notice(code, text),)))) == Absent()


def test_it_stands_while_the_link_is_down_and_is_over_after_a_while(judge: Judge) -> None:
    down = connected(server_link=ServerLink.DOWN, notices=(notice(420, BARS),))
    old = connected(notices=(notice(420, BARS, ago=Timing().notice_lasting),))

    assert judge(PACING_VIOLATION, facts(session=down)) == LINK_IS_DOWN
    assert judge(PACING_VIOLATION, facts(session=old)) == Absent()
