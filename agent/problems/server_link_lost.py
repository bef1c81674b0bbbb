"""The application has lost its link to IB's servers (notice 1100 or 2110); our session with it still stands."""

from agent.core.evidence.notices import (
    NO_SESSION,
    TOO_EARLY,
    link_loss,
    link_shown_by,
    live,
    may_still_tell,
    notice_line,
    told_before_ready,
)
from agent.core.evidence.processes import chosen
from agent.core.evidence.words import app_name, at, minute
from agent.core.facts import Facts, Purpose
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.problems.network_down import NETWORK_DOWN
from agent.problems.scheduled_outage import SCHEDULED_OUTAGE
from agent.problems.shared.ends import link_up, when, words_now

_EVICTION = 10197
"""No market data during a competing session: seen shortly before the link goes, it names the likely cause."""


def _check(facts: Facts) -> Verdict:
    session, loss = facts.session, link_loss(facts)
    if loss is None:
        if not live(facts):
            return NO_SESSION
        return TOO_EARLY if may_still_tell(facts) else Absent()
    stands = live(facts)
    evidence = [f"notice {loss.code} {at(facts, loss.since)}", "neither 1101 nor 1102 (link restored) has come since"]
    process = chosen(facts)
    if process is not None:
        standing = f"stands to {process.upstream}" if process.upstream else "is not seen"
        evidence.append(f"{process.label} runs; its connection to IB’s servers {standing}")
    evidence += [
        f"another session of the same user may have taken over: {notice_line(facts, n)}"
        for n in (session.notices if stands else told_before_ready(facts))
        if n.code == _EVICTION and facts.now.monotonic - n.at < facts.timing.notice_lasting
    ]
    if not stands:
        evidence.append("the API handshake was answered, and no session started")
    args = {
        "app": app_name(facts),
        "since": f"{minute(facts, loss.since)}{' or earlier' if loss.before else ''}",
        "code": str(loss.code),
        "programs": "connected programs stay connected" if stands else "no API session starts meanwhile",
    }
    return Present(args, tuple(evidence))


def _grace(facts: Facts) -> float:
    return 0.0 if facts.purpose is Purpose.DOCTOR else facts.timing.link_grace


def _shown(facts: Facts, _: str) -> dict[str, str] | None:
    shown_by = link_shown_by(facts)
    return {**words_now(facts), "shown_by": shown_by} if shown_by and link_up(facts) else None


SERVER_LINK_LOST = Problem(
    code="server-link-lost",
    title="{app} has lost its link to IB’s servers",
    text=(
        "{app} has had no connection to IB’s servers since {since} (notice {code}). Quotes and orders stand still; "
        "{programs}. It reconnects by itself, usually within minutes."
    ),
    severity=Severity.ERROR,
    check=_check,
    over=(
        GoodNews("{app} is connected to IB again", "The link was gone for {lasted}. It is back, {shown_by}.", _shown),
        GoodNews("{app} is connected to IB again", "The link was gone for {lasted}.", when(link_up)),
    ),
    needs_session=True,
    hidden_by=(NETWORK_DOWN, SCHEDULED_OUTAGE),
    visible_after=_grace,
    fix="reconnect-account",
)
