"""What came of the small request for history."""

import pytest

from agent.core.data_test.history import HistoryState, judge_history
from agent.core.data_test.seen import Definition, History, RequestNotice, SymbolSeen
from agent.guides import load_guides
from agent.tws.applications import ApplicationKind
from agent.tws.farms import Farm, FarmKind, FarmStatus
from agent.tws.symbol import read_symbol


def seen(history: History | None, *farms: Farm, link_down: bool = False) -> SymbolSeen:
    return SymbolSeen(read_symbol("AAPL"), Definition(1), (), history, link_down, farms)


def farm(status: FarmStatus, name: str = "ushmds") -> Farm:
    return Farm(name, FarmKind.HISTORICAL, status)


def refused(code: int, text: str) -> History:
    return History(elapsed=0.1, notices=(RequestNotice(code, text),))


SERVICE = "Historical Market Data Service error message:"
OK, BROKEN, INACTIVE = farm(FarmStatus.OK), farm(FarmStatus.BROKEN), farm(FarmStatus.INACTIVE, "fundfarm")
NO_DATA = refused(162, f"{SERVICE}HMDS query returned no data: AAPL@SMART Trades")


@pytest.mark.parametrize(
    ("history", "farms", "state", "problem"),
    [
        (History(answered=True, elapsed=0.25, bars=1), (OK,), HistoryState.ANSWERED, None),
        (History(answered=True, elapsed=0.25, bars=0), (OK,), HistoryState.EMPTY, None),
        (NO_DATA, (OK,), HistoryState.EMPTY, None),
        (NO_DATA, (BROKEN,), HistoryState.FARM_BROKEN, "data-farm-broken"),
        (refused(162, f"{SERVICE}Historical data request pacing violation"), (), HistoryState.PACING,
         "pacing-violation"),
        (refused(420, "Invalid Real-time Query:Historical data request pacing violation"), (), HistoryState.PACING,
         "pacing-violation"),
        (refused(162, f"{SERVICE}Trading TWS session is connected from a different IP address"), (),
         HistoryState.COMPETING_SESSION, "competing-session"),
        (refused(162, f"{SERVICE}No market data permissions for ISLAND STK"), (), HistoryState.NOT_SUBSCRIBED,
         "data-not-subscribed"),
        (refused(162, "ein Text in einer anderen Sprache"), (), HistoryState.REFUSED, None),
        (refused(99999, "Something new"), (), HistoryState.REFUSED, None),
        (History(elapsed=10.0), (OK, INACTIVE), HistoryState.NOTHING, None),
        (History(elapsed=10.0), (INACTIVE,), HistoryState.FARM_INACTIVE, None),
        (History(elapsed=10.0), (BROKEN,), HistoryState.FARM_BROKEN, "data-farm-broken"),
        (None, (), HistoryState.NOT_ASKED, None),
    ],
)  # fmt: skip
def test_the_reasons_are_told_apart(
    history: History | None, farms: tuple[Farm, ...], state: HistoryState, problem: str | None
) -> None:
    verdict = judge_history(seen(history, *farms), "IB Gateway")

    assert (verdict.state, verdict.remedy.problem) == (state, problem)
    assert verdict.text.endswith(".")
    steps = verdict.remedy.steps_for(ApplicationKind.GATEWAY, load_guides())
    assert bool(steps) is (problem is not None)


def test_the_answer_time_is_told() -> None:
    verdict = judge_history(seen(History(answered=True, elapsed=0.25, bars=1)), "TWS")

    assert (verdict.seconds, verdict.text) == (0.25, "History answers in 250 ms.")


def test_without_a_link_the_refusal_is_not_believed() -> None:
    verdict = judge_history(seen(NO_DATA, link_down=True), "TWS")

    assert verdict.state is HistoryState.NO_LINK
    assert verdict.remedy.problem == "server-link-lost"


def test_the_notice_is_evidence() -> None:
    assert judge_history(seen(NO_DATA), "TWS").evidence == (
        "notice 162: “Historical Market Data Service error message:HMDS query returned no data: AAPL@SMART Trades”",
    )
