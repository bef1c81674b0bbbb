"""Our API session stands, but the application has stopped answering it."""

from agent.core.clock import lasting
from agent.core.evidence.processes import chosen
from agent.core.evidence.words import app_name, at, size
from agent.core.facts import Facts, Known, Purpose
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Undecided, Verdict
from agent.core.session_facts import MISSED_HEARTBEATS
from agent.problems.api_flooding import API_FLOODING
from agent.problems.shared.ends import answers, when


def _check(facts: Facts) -> Verdict:
    session = facts.session
    if not session.frozen:
        return Absent()
    if not facts.connection.local and facts.machine.network == Known(False):
        return Undecided("this computer is off the network, so no answer can come")
    app = app_name(facts)
    evidence = [
        f"at least {MISSED_HEARTBEATS} heartbeats in a row (reqCurrentTime) went unanswered "
        f"for {lasting(facts.timing.reply_timeout)} each",
        f"the session on port {session.port} was established {at(facts, session.since)} and is still open",
    ]
    process = chosen(facts)
    if process is not None:
        load = [f"{process.label} is still running"]
        if process.cpu is not None:
            load.append(f"uses {process.cpu:.0%} of one processor core")
        if process.memory is not None:
            of_limit = process.application.heap_limit
            load.append(f"holds {size(process.memory)} of memory" + (f" (limit {size(of_limit)})" if of_limit else ""))
        evidence.append(", ".join(load))
    args = {"app": app, "port": str(session.port)}
    return Present(args, tuple(evidence), since=session.unanswered_since)


def _grace(facts: Facts) -> float:
    # The path to another machine may be what is gone: then the session ends by itself within this time.
    return 0.0 if facts.connection.local or facts.purpose is Purpose.DOCTOR else facts.timing.path_grace


APP_FROZEN = Problem(
    code="app-frozen",
    title="{app} does not answer any more",
    text=(
        "The API connection stands, but {app} does not answer when Gatelight asks it for the time. "
        "Programs get neither data nor news of their orders. {app} may be busy, out of memory or hung."
    ),
    severity=Severity.ERROR,
    check=_check,
    over=(GoodNews("{app} answers again", "It did not answer for {lasted}.", when(answers)),),
    visible_after=_grace,
    hidden_by=(API_FLOODING,),
    needs_session=True,
    outlasts_answers=True,
    fix="focus-app",
)
