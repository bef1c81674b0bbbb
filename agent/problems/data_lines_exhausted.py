"""Every market data line of this user is taken, or the allowance of depth or tick-by-tick requests."""

from agent.core.facts import Facts, NoticeSeen
from agent.core.noticed import recent, told_all
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.core.telling import listed

_TICKERS, _DEPTH, _TICK_BY_TICK, _REQUEST_FAILED = 101, 309, 10190, 322
_USED_UP = {
    _TICKERS: "market data lines",
    _DEPTH: "market depth requests",
    _TICK_BY_TICK: "tick-by-tick requests",
    _REQUEST_FAILED: "tick-by-tick requests",
}


def _check(facts: Facts) -> Verdict:
    found = recent(facts, _USED_UP, says_used_up)
    if not found:
        return Absent()
    args = {
        "what": listed((_USED_UP[n.code] for n in found), room=80),
        "codes": listed((str(n.code) for n in found), room=30),
    }
    return Present(args, told_all(facts, found))


def says_used_up(notice: NoticeSeen) -> bool:
    """Whether a notice tells of an allowance that is used up; 322 answers other failures as well."""
    if notice.code == _REQUEST_FAILED:
        return "max number of tick-by-tick" in notice.text.lower()
    return notice.code in _USED_UP


DATA_LINES_EXHAUSTED = Problem(
    code="data-lines-exhausted",
    title="All market data lines are in use",
    text=(
        "IB refused a request because this user's allowance of {what} is used up (notice {codes}). "
        "Watchlists and charts in TWS share it with all API programs."
    ),
    severity=Severity.WARNING,
    check=_check,
    needs_session=True,
)
