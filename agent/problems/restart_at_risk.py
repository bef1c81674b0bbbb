"""Tonight the application will not come back by itself: it is set to log off every day instead of restarting."""

from agent.core.evidence.api_settings import NOT_ASKED_YET, as_told, asked, daily_time, settings_of
from agent.core.evidence.notices import live
from agent.core.evidence.words import app_name
from agent.core.facts import Facts
from agent.core.problem import Absent, Present, Problem, Severity, Verdict


def _check(facts: Facts) -> Verdict:
    if not live(facts):
        return Absent()
    known = settings_of(facts)
    if known is None:
        return Absent() if asked(facts) else NOT_ASKED_YET
    lock_and_exit = known.lock_and_exit
    if lock_and_exit.restarts is not False:
        return Absent()
    time = daily_time(lock_and_exit)
    when = f"every day at {time}" if time else "every day"
    return Present(
        {"app": app_name(facts), "when": when},
        (f"Lock and Exit is set to “Auto logoff” {when}, {as_told(facts)}",),
    )


RESTART_AT_RISK = Problem(
    code="restart-at-risk",
    title="{app} will log off and stay off",
    text=(
        "{app} is set to log off {when} instead of restarting. It will not come back by itself: somebody has to start "
        "it and log in before programs can connect again."
    ),
    severity=Severity.INFO,
    ahead=True,
    check=_check,
    fix="set-auto-restart",
    needs_session=True,
    told_by_settings=True,
)
