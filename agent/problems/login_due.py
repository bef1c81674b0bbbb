"""The weekly forced log-in is near: IB ends every log-in once a week, however often the application restarts."""

from agent.core.evidence.processes import chosen, link_settled
from agent.core.evidence.words import app_name, appointment
from agent.core.facts import Facts, Unknown
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Undecided, Verdict
from agent.core.session_facts import Phase
from agent.problems.shared.ends import when

NOTICE_PERIOD = 12 * 3600.0
"""Seconds before the log-in falls due: the evening before, for most time zones."""


def _check(facts: Facts) -> Verdict:
    due = facts.expected.login_due
    if due is None or not 0 < due - facts.now.wall <= NOTICE_PERIOD:
        return Absent()
    process = chosen(facts)
    if process is None and facts.session.phase is not Phase.CONNECTED:
        if facts.connection.local and isinstance(facts.machine.processes, Unknown):
            return Undecided(facts.machine.processes.reason)
        return Absent()
    if process is not None and facts.session.phase is not Phase.CONNECTED and not link_settled(facts, process):
        # A log-in screen, or an application that is starting: there is no log-in that could end.
        return Absent()
    when = appointment(facts, due)
    app = app_name(facts)
    evidence = (
        f"IB ends all log-ins at {when} local time (Sunday 01:00 in New York)",
        f"{process.label if process is not None else app} is running",
    )
    # As old as the notice period: whatever happened since then is news, and this is not.
    begun = facts.now.monotonic - (NOTICE_PERIOD - (due - facts.now.wall))
    return Present({"app": app, "due": when}, evidence, since=begun)


def _passed(facts: Facts) -> bool:
    """The next one is a week away as soon as the last one has come."""
    due = facts.expected.login_due
    return due is not None and due - facts.now.wall > NOTICE_PERIOD


LOGIN_DUE = Problem(
    code="login-due",
    title="Weekly log-in due after {due}",
    text=(
        "IB ends every log-in once a week; the next time is {due} local time. The first restart after it stops at "
        "the log-in screen of {app} and waits for the password and the two-factor log-in."
    ),
    severity=Severity.INFO,
    ahead=True,
    check=_check,
    over=(GoodNews("The time of the weekly log-in has passed", "The reminder was shown for {lasted}.", when(_passed)),),
)
