"""Notice 1101: the link to IB's servers is back, but the data subscriptions of every program are gone."""

from agent.core.evidence.notices import LINK_IS_DOWN, NO_SESSION, link_down, live
from agent.core.evidence.words import app_name, at, clock, listed
from agent.core.facts import Facts
from agent.core.problem import Absent, Present, Problem, Severity, Verdict


def _check(facts: Facts) -> Verdict:
    if not live(facts):
        return NO_SESSION
    session = facts.session
    lost = session.data_lost_at
    if lost is None or facts.now.monotonic - lost >= facts.timing.notice_lasting:
        return Absent()
    if link_down(facts):
        return LINK_IS_DOWN
    evidence = [f"notice 1101 {at(facts, lost)}: link restored, data lost"]
    evidence += [f"{name} was connected when it happened" for name in session.resubscribe]
    if not session.resubscribe:
        evidence.append("no other program was seen on the API port when it happened")
    programs = listed(session.resubscribe, room=70) or "every program that uses market data"
    return Present({"app": app_name(facts), "at": clock(facts, lost), "programs": programs}, tuple(evidence))


DATA_LOST = Problem(
    code="data-lost",
    title="Data subscriptions were lost at {at}",
    text=(
        "The link to IB's servers is back, but the market data subscriptions made before are gone (notice 1101). "
        "These must subscribe again: {programs}."
    ),
    severity=Severity.WARNING,
    check=_check,
    needs_session=True,
    fades=True,
)
