"""Judging the one small request for history that the market data self-test makes for each symbol."""

from dataclasses import dataclass
from enum import StrEnum

from agent.core.clock import took
from agent.core.data_test.remedy import NOTHING_TO_DO, Remedy
from agent.core.data_test.seen import History, SymbolSeen
from agent.core.evidence.words import listed, notice_told
from agent.tws.farms import FarmKind, FarmStatus
from agent.tws.notices import NoticeKind, kind_of


class HistoryState(StrEnum):
    """What came of the small request for history."""

    ANSWERED = "answered"
    EMPTY = "empty"
    NOT_SUBSCRIBED = "not-subscribed"
    COMPETING_SESSION = "competing-session"
    PACING = "pacing"
    FARM_BROKEN = "farm-broken"
    FARM_INACTIVE = "farm-inactive"
    """Nothing came in time, and the farm was asleep: it is woken by a request, which takes a while."""
    NO_LINK = "no-link"
    REFUSED = "refused"
    NOTHING = "nothing"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class HistoryVerdict:
    """What the request for history came to."""

    state: HistoryState
    text: str
    evidence: tuple[str, ...] = ()
    remedy: Remedy = NOTHING_TO_DO
    seconds: float | None = None
    """How long the answer took; None when there was none."""


_NO_ANSWER = {
    NoticeKind.PACING: HistoryState.PACING,
    NoticeKind.COMPETING_SESSION: HistoryState.COMPETING_SESSION,
    NoticeKind.NOT_SUBSCRIBED: HistoryState.NOT_SUBSCRIBED,
    NoticeKind.NO_DATA: HistoryState.EMPTY,
}
_HISTORY_PROBLEMS = {
    HistoryState.PACING: "pacing-violation",
    HistoryState.COMPETING_SESSION: "competing-session",
    HistoryState.NOT_SUBSCRIBED: "data-not-subscribed",
    HistoryState.FARM_BROKEN: "data-farm-broken",
    HistoryState.NO_LINK: "server-link-lost",
}
_HISTORY_WORDS = {
    HistoryState.EMPTY: "The historical data service answered that it has nothing for this symbol",
    HistoryState.NOT_SUBSCRIBED: "History is refused: this user has no subscription for it",
    HistoryState.COMPETING_SESSION: "History is refused: another session of the same user is active",
    HistoryState.PACING: "History is refused: too many requests for data in a short time",
    HistoryState.FARM_BROKEN: "No history came: the historical data farm is out of reach",
    HistoryState.FARM_INACTIVE: (
        "No history came in time: the historical data farm was asleep, which is normal, and is woken by a request; "
        "test again in a minute"
    ),
    HistoryState.NO_LINK: "No history: the application has no connection to IB’s servers",
    HistoryState.REFUSED: "History is refused; the notice says why",
    HistoryState.NOTHING: "No history and no refusal came in time",
    HistoryState.NOT_ASKED: "History was not asked for",
}


def judge_history(seen: SymbolSeen, app: str) -> HistoryVerdict:
    """What the request for history came to; `app` is what the application is called in the steps."""
    history = seen.history
    if history is None:
        return HistoryVerdict(HistoryState.NOT_ASKED, _HISTORY_WORDS[HistoryState.NOT_ASKED] + ".")
    if history.answered and history.bars:
        text = f"History answers in {took(history.elapsed)}."
        return HistoryVerdict(HistoryState.ANSWERED, text, seconds=history.elapsed)
    state = _history_state(seen, history)
    farms = [f.name for f in seen.farms if f.kind is FarmKind.HISTORICAL and f.status is FarmStatus.BROKEN]
    args = {
        "app": app,
        "codes": listed((str(t.code) for t in history.notices), room=30) or "162",
        "code": "1100 or 2110",
        "since": "a while ago",
        "kind": FarmKind.HISTORICAL.title,
        "farms": listed(farms, room=50),
        "effect": "Requests for past prices and charts fail or wait",
    }
    problem = _HISTORY_PROBLEMS.get(state)
    remedy = NOTHING_TO_DO if problem is None else Remedy(problem, args)
    evidence = tuple(notice_told(t.code, t.text) for t in history.notices)
    return HistoryVerdict(state, _HISTORY_WORDS[state] + ".", evidence, remedy)


def _history_state(seen: SymbolSeen, history: History) -> HistoryState:
    if seen.link_down:
        return HistoryState.NO_LINK
    status = {f.status for f in seen.farms if f.kind is FarmKind.HISTORICAL}
    # One farm always sleeps, whatever is asked for: only where none is awake may that be the reason.
    asleep = FarmStatus.INACTIVE in status and FarmStatus.OK not in status
    for notice in history.notices:
        kind = kind_of(notice.code, notice.text)
        if kind is NoticeKind.NO_DATA and FarmStatus.BROKEN in status:
            return HistoryState.FARM_BROKEN
        return HistoryState.REFUSED if kind is None else _NO_ANSWER.get(kind, HistoryState.REFUSED)
    if history.answered:
        return HistoryState.EMPTY
    if FarmStatus.BROKEN in status:
        return HistoryState.FARM_BROKEN
    return HistoryState.FARM_INACTIVE if asleep else HistoryState.NOTHING
