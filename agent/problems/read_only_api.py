"""Read-Only API is on: the application refused a request that needs write access.

Known here only from a notice 321 that came anyway. Nothing is ever sent to find out: a request that needs write access
opens a window in the application.
"""

from agent.core.facts import Facts
from agent.core.noticed import live, told_all
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.core.settings import Intent
from agent.core.telling import app_name
from agent.tws.notices import NoticeKind, kind_of


def _check(facts: Facts) -> Verdict:
    # A 321 also answers requests without an account code and malformed ones: only its text tells.
    refused = [n for n in facts.session.notices if kind_of(n.code, n.text) is NoticeKind.READ_ONLY]
    if not refused or not live(facts):
        return Absent()
    match facts.connection.intent:
        case Intent.TRADE:
            severity, purpose = Severity.ERROR, "this connection is meant for trading"
        case Intent.DATA:
            severity, purpose = Severity.INFO, "this connection is meant for data only, so this does no harm"
    evidence = (*told_all(facts, refused), purpose)
    return Present({"app": app_name(facts)}, evidence, severity=severity)


READ_ONLY_API = Problem(
    code="read-only-api",
    title="Read-Only API is on",
    text=(
        "{app} refused a request because Read-Only API is on. Programs can read market data and account values, "
        "but they can neither place nor cancel orders, nor ask for open ones."
    ),
    severity=Severity.ERROR,
    check=_check,
    needs_session=True,
)
