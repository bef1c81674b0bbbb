"""API precautions that are not bypassed: safety prompts that hold an order of a program until a person answers.

Keeping them is a choice and no fault, so this only informs.
"""

from agent.core.evidence.api_settings import NOT_ASKED_YET, as_told, asked, settings_of, tick
from agent.core.evidence.notices import live
from agent.core.evidence.words import app_name
from agent.core.facts import Facts
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.core.settings import Intent
from agent.problems.shared.ends import when
from agent.tws.api_settings_table import PRECAUTIONS


def _check(facts: Facts) -> Verdict:
    if not live(facts) or facts.connection.intent is not Intent.TRADE:
        return Absent()
    known = settings_of(facts)
    if known is None:
        return Absent() if asked(facts) else NOT_ASKED_YET
    kept = [p for p in PRECAUTIONS if known.value(p) is False]
    if not kept:
        return Absent()
    seen = tuple(f"{tick(p, False)}; ticking it gives up a safety prompt: {p.given_up}" for p in kept)
    return Present(
        {
            "app": app_name(facts),
            "count": "One API precaution is" if len(kept) == 1 else f"{len(kept)} API precautions are",
        },
        (*seen, f"this is so {as_told(facts)}", "this connection is meant for trading"),
    )


def _none_on(facts: Facts) -> bool:
    known = settings_of(facts)
    return live(facts) and known is not None and all(known.value(p) is True for p in PRECAUTIONS)


PRECAUTIONS_ON = Problem(
    code="precautions-on",
    title="{count} on",
    text=(
        "{app} asks before it sends certain orders of programs, and a program cannot answer. {count} on: such an "
        "order waits until you click. Each is a safety prompt, so keeping it is a choice."
    ),
    severity=Severity.INFO,
    check=_check,
    over=(GoodNews("No API precaution holds orders of programs", "One was on for {lasted}.", when(_none_on)),),
    fix="set-precautions",
    needs_session=True,
    told_by_settings=True,
)
