"""The configuration file cannot be used; an older one, or none, is in force."""

from agent.core.facts import Facts
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.core.text import shortened
from agent.problems.shared.words import without_folders

_REASON_ROOM = 165
"""Characters of the reason that fit into a notice beside our own words."""


def _check(facts: Facts) -> Verdict:
    if facts.config_error is None:
        return Absent()
    reason = without_folders(facts.config_error)
    return Present({"reason": shortened(reason.removesuffix("."), _REASON_ROOM)}, (reason,))


CONFIG_INVALID = Problem(
    code="config-invalid",
    title="The configuration cannot be used",
    text="{reason}. Until that is put right, Gatelight goes on with the settings it had, or with none.",
    severity=Severity.ERROR,
    check=_check,
)
