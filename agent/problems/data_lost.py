"""Notice 1101: the link to IB's servers is back, but the data subscriptions of every program are gone."""

from agent.core.evidence.clients import connected_anew
from agent.core.evidence.notices import LINK_IS_DOWN, NO_SESSION, link_down, live
from agent.core.evidence.words import app_name, at, listed, minute
from agent.core.facts import Facts
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.core.session_facts import Subscriber
from agent.problems.shared.ends import unheard

_UNNAMED = "a program that the system does not name"
_TITLE_ROOM = 45
"""Characters of a title that the names of programs may take."""


def _check(facts: Facts) -> Verdict:
    if not live(facts):
        return NO_SESSION
    session = facts.session
    lost = session.data_lost_at
    if lost is None or facts.now.monotonic - lost >= facts.timing.notice_lasting or _all_back(facts):
        return Absent()
    if link_down(facts):
        return LINK_IS_DOWN
    evidence = [f"notice 1101 {at(facts, lost)}: link restored, data lost"]
    args = {"app": app_name(facts), "at": minute(facts, lost)}
    programs = session.resubscribe
    if programs is None:
        evidence.append("which programs were on the API port then cannot be seen from here")
        told = {"programs": "every program that uses market data"}
        told["then"] = f"These must subscribe again: {told['programs']}"
    elif not programs:
        evidence.append("no other program was on the API port when it happened")
        told = {"programs": "none", "then": "No program was connected then"}
    else:
        evidence += [f"{name} was connected when it happened" for name in _names(programs)]
        told = {"programs": listed(_names(programs), room=70)}
        told["then"] = f"These must subscribe again: {told['programs']}"
    severity = Severity.INFO if programs == () else None
    return Present({**args, **told}, tuple(evidence), case="none" if programs == () else "", severity=severity)


def _names(programs: tuple[Subscriber, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sorted(p.name or _UNNAMED for p in programs)))


def _all_back(facts: Facts) -> bool:
    """Whether all that were named have connected again: a new session has only new subscriptions."""
    lost, programs = facts.session.data_lost_at, facts.session.resubscribe
    return lost is not None and bool(programs) and connected_anew(facts, programs or (), lost)


def _back_again(facts: Facts, _: str) -> dict[str, str] | None:
    programs = facts.session.resubscribe
    if not programs or not live(facts) or not _all_back(facts):
        return None
    return {"programs": listed(_names(programs), room=_TITLE_ROOM)}


DATA_LOST = Problem(
    code="data-lost",
    title="Data subscriptions were lost at {at}",
    text=(
        "The link to IB’s servers is back, but the market data subscriptions made before are gone (notice 1101). "
        "{then}."
    ),
    severity=Severity.WARNING,
    check=_check,
    over=(
        GoodNews("{programs} connected again", "The loss of their data was shown for {lasted}.", _back_again),
        unheard("A loss of data was not reported again"),
    ),
    needs_session=True,
    fades=True,
)
