"""Tonight the application will not come back by itself: it is set to log off every day instead of restarting."""

from agent.core.evidence.api_settings import NOT_ASKED_YET, asked, settings_of
from agent.core.evidence.notices import live
from agent.core.evidence.words import app_name
from agent.core.facts import Facts
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.problems.shared.ends import when
from agent.problems.shared.log_off import log_offs


def _check(facts: Facts) -> Verdict:
    if not live(facts):
        return Absent()
    known = settings_of(facts)
    found = log_offs(facts, known.lock_and_exit if known is not None else None)
    if not found:
        return Absent() if known is not None or asked(facts) else NOT_ASKED_YET
    first = found[0]
    args = {"app": app_name(facts), "what": first.what, "when": first.when}
    return Present(args, tuple(log_off.line for log_off in found), case="" if first.as_of else "by-a-file")


def _restarts(facts: Facts) -> bool:
    known = settings_of(facts)
    return (
        live(facts)
        and known is not None
        and known.lock_and_exit.restarts is True
        and not log_offs(facts, known.lock_and_exit)
    )


RESTART_AT_RISK = Problem(
    code="restart-at-risk",
    title="{app} will log off and stay off",
    text=(
        "{app} is set to {what} {when} instead of restarting. It will not come back by itself: start it and "
        "log in before programs can connect again."
    ),
    severity=Severity.INFO,
    ahead=True,
    check=_check,
    over=(GoodNews("{app} will restart by itself", "Until now it was set to log off, for {lasted}.", when(_restarts)),),
    fix="set-auto-restart",
    needs_session=True,
    told_by_settings=True,
)
