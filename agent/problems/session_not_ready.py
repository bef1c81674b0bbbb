"""The API handshake was answered, but the accounts or the next valid order ID never came."""

from agent.core.clock import lasting
from agent.core.evidence.notices import kept_off_by, told_all
from agent.core.evidence.processes import chosen, full_house, port_of, standing_outcome
from agent.core.evidence.words import app_name, at
from agent.core.facts import Facts, Purpose
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.core.session_facts import NoticeSeen, Outcome
from agent.core.text import shortened
from agent.problems.server_link_lost import SERVER_LINK_LOST
from agent.problems.shared.ends import answers, when
from agent.problems.shared.words import runs_since
from agent.tws.notices import IbCode, NoticeKind


def _check(facts: Facts) -> Verdict:
    attempt = facts.session.attempt
    if attempt is None or standing_outcome(facts) is not Outcome.NOT_READY or full_house(facts):
        return Absent()
    port = port_of(facts)
    answered = f"port {port} answered the handshake"
    if attempt.server_version is not None:
        answered += f" with server version {attempt.server_version}"
    if attempt.accounts_came:
        came, missing = "the accounts came, the next valid order ID did not", "the next valid order ID"
    else:
        came = "neither the accounts nor the next valid order ID came"
        missing = "the accounts and the next valid order ID"
    evidence = [f"{answered} {at(facts, attempt.at)}", f"{came} within {lasting(attempt.elapsed)}"]
    if attempt.detail:
        evidence.append(attempt.detail)
    evidence += told_all(facts, attempt.notices)
    process = chosen(facts)
    if process is not None:
        evidence.append(runs_since(facts, process))
    args = {"app": app_name(facts), "port": str(port), "missing": missing, "why": _UNTOLD}
    telling = kept_off_by(facts)
    if telling is None:
        return Present(args, tuple(evidence))
    why, case = _why(*telling)
    return Present({**args, "why": why, "code": str(telling[0].code)}, tuple(evidence), case=case)


_UNTOLD = (
    "No program can work with it until it does: a window may be waiting for a click, or the log-in is only half done."
)
_MEANING_ROOM = 110
"""Characters of a notice's meaning that the text has room for."""


def _why(notice: NoticeSeen, known: IbCode) -> tuple[str, str]:
    """What the notice says of it, and which case of the guide that is."""
    if known.kind is NoticeKind.PAPER_DISCLAIMER:
        return "It waits for “I understand and accept” in its window about paper trading (notice 10141).", "disclaimer"
    return f"Notice {notice.code} says: {shortened(known.meaning, _MEANING_ROOM)}.", "told"


def _grace(facts: Facts) -> float:
    # A slow log-in gets its time once: what the attempt itself has waited counts.
    if facts.purpose is Purpose.DOCTOR:
        return 0.0
    waited = facts.session.attempt.elapsed if facts.session.attempt is not None else 0.0
    return max(facts.timing.silence_grace, facts.timing.not_ready_grace - waited)


SESSION_NOT_READY = Problem(
    code="session-not-ready",
    title="{app} answers, but no API session starts",
    text=("{app} answers on API port {port}, but does not send {missing}. {why}"),
    severity=Severity.ERROR,
    check=_check,
    over=(GoodNews("An API session with {app} stands", "It could not start for {lasted}.", when(answers)),),
    hidden_by=(SERVER_LINK_LOST,),
    visible_after=_grace,
)
