"""Read-Only API is on: as the API settings tell, or as a notice 321 says that came anyway.

Nothing is ever sent to find out but the question for the settings: a request that needs write access opens a window in
the application.
"""

from agent.core.evidence.api_settings import (
    NOT_ASKED_YET,
    TOLD_BEFORE,
    as_told,
    asked,
    settings_of,
    tick,
    told_before,
    version_case,
)
from agent.core.evidence.notices import live, told_all
from agent.core.evidence.words import app_name
from agent.core.facts import Facts
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.core.settings import Intent
from agent.problems.shared.ends import when
from agent.tws.api_settings import Source
from agent.tws.api_settings_table import SETTINGS
from agent.tws.notices import NoticeKind, kind_of

_BOX = next(s for s in SETTINGS if s.name == "read_only_api")


def _check(facts: Facts) -> Verdict:
    if not live(facts):
        return Absent()
    known = settings_of(facts)
    if known is None or not known.settings.read_only_api:
        # A session that has only just begun is asked in a moment; an application that cannot tell is not accused.
        return Absent() if known is not None or asked(facts) else NOT_ASKED_YET
    # A 321 also answers requests without an account code and malformed ones: only its text tells.
    refused = [n for n in facts.session.notices if kind_of(n.code, n.text) is NoticeKind.READ_ONLY]
    if not refused and told_before(facts):
        # A user who cleared the box and connected again, as the steps say, is not told again that it is ticked.
        return TOLD_BEFORE
    told = (f"{tick(_BOX, True)}, {as_told(facts)}",) if known.source is Source.API else ()
    match facts.connection.intent:
        case Intent.TRADE:
            severity, purpose = Severity.ERROR, "this connection is meant for trading"
        case Intent.DATA:
            severity, purpose = Severity.INFO, "this connection is meant for data only, so this does no harm"
    evidence = (*told, *told_all(facts, refused), purpose)
    case, if_older = version_case(facts)
    return Present({"app": app_name(facts), "if_older": if_older}, evidence, severity=severity, case=case)


def _off(facts: Facts) -> bool:
    known = settings_of(facts)
    return live(facts) and known is not None and known.settings.read_only_api is False


READ_ONLY_API = Problem(
    code="read-only-api",
    title="Read-Only API is on",
    text=(
        "{app} has Read-Only API switched on. Programs can read market data and account values, "
        "but they can neither place nor cancel orders, nor ask for open ones."
    ),
    severity=Severity.ERROR,
    check=_check,
    over=(GoodNews("Read-Only API is off", "It was on for {lasted}.", when(_off)),),
    fix="use-intent",
    needs_session=True,
    told_by_settings=True,
)
