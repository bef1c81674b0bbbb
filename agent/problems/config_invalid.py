"""The configuration cannot be used: an earlier one stays in force, or none has been since the start."""

from agent.core.facts import Facts
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.core.text import shortened
from agent.problems.shared.ends import when
from agent.problems.shared.words import without_folders

_REASON_ROOM = 165
"""Characters of the reason that fit into a notice beside our own words."""


def _check(facts: Facts) -> Verdict:
    if facts.config_error is None:
        return Absent()
    reason = without_folders(facts.config_error)
    in_force = "keeps the settings it had" if facts.earlier_config else "works without a configuration"
    args = {"reason": shortened(reason.removesuffix("."), _REASON_ROOM), "in_force": in_force}
    return Present(args, (reason,), severity=Severity.WARNING if facts.earlier_config else None)


CONFIG_INVALID = Problem(
    code="config-invalid",
    title="The configuration cannot be used",
    text="{reason}. Until that is put right, Gatelight {in_force}.",
    severity=Severity.ERROR,
    check=_check,
    over=(
        GoodNews(
            "The configuration is in order",
            "It could not be used for {lasted}.",
            when(lambda facts: facts.config_error is None),
        ),
    ),
    of_program=True,
)
