from dataclasses import replace

import pytest

from agent.core.evidence.notices import LINK_IS_DOWN
from agent.core.problem import Absent, Present
from agent.core.session_facts import ServerLink
from agent.core.timing import Timing
from agent.problems.competing_session import COMPETING_SESSION
from agent.problems.pacing_violation import PACING_VIOLATION
from tests.problems.conftest import Judge
from tests.problems.scene import connected, facts, notice

OTHER_ADDRESS = "Trading TWS session is connected from a different IP address"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (10197, "No market data during competing live session"),
        (10197, "Während einer konkurrierenden Live-Sitzung gibt es keine Marktdaten"),
        (162, f"Historical Market Data Service error message:{OTHER_ADDRESS}"),
        (420, f"Invalid Real-time Query:{OTHER_ADDRESS}"),
        (10189, f"Failed to request tick-by-tick data:{OTHER_ADDRESS}"),
        (162, "Historical Market Data Service error message:No market data during competing live session"),
    ],
)
def test_another_session_is_recognised_in_every_refusal(judge: Judge, code: int, text: str) -> None:
    verdict = judge(COMPETING_SESSION, facts(session=connected(notices=(notice(code, text),))))

    assert isinstance(verdict, Present)
    assert verdict.evidence == (f"notice {code} at 13:59:55: “{text}”",)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (162, "Historical Market Data Service error message:HMDS query returned no data: AAPL@SMART Trades"),
        (162, "Historical Market Data Service error message:Historical data request pacing violation"),
        (10189, "Failed to request tick-by-tick data:No market data permissions for ISLAND STK"),
        (354, OTHER_ADDRESS),
    ],
)
def test_other_refusals_do_not_count(judge: Judge, code: int, text: str) -> None:
    assert judge(COMPETING_SESSION, facts(session=connected(notices=(notice(code, text),)))) == Absent()


def test_it_is_told_apart_from_pacing(judge: Judge) -> None:
    seen = facts(session=connected(notices=(notice(162, OTHER_ADDRESS),)))

    assert isinstance(judge(COMPETING_SESSION, seen), Present)
    assert judge(PACING_VIOLATION, seen) == Absent()


def test_a_lost_link_ends_no_competition(judge: Judge) -> None:
    session = connected(server_link=ServerLink.DOWN, notices=(notice(10197),))

    assert judge(COMPETING_SESSION, facts(session=session)) == LINK_IS_DOWN
    assert judge(COMPETING_SESSION, facts(session=replace(session, notices=()))) == Absent()


def test_it_fades_after_a_while(judge: Judge) -> None:
    lasting = Timing().notice_lasting

    assert isinstance(
        judge(COMPETING_SESSION, facts(session=connected(notices=(notice(10197, ago=lasting - 1),)))), Present
    )
    assert judge(COMPETING_SESSION, facts(session=connected(notices=(notice(10197, ago=lasting),)))) == Absent()
