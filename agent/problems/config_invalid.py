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
    in_force = "the settings it had" if facts.earlier_config else "none of the settings in it"
    args = {"reason": shortened(reason.removesuffix("."), _REASON_ROOM), "in_force": in_force}
    return Present(args, (reason,), severity=Severity.WARNING if facts.earlier_config else None)


CONFIG_INVALID = Problem(
    code="config-invalid",
    title="The configuration cannot be used",
    text="{reason}. Until that is put right, Gatelight goes on with {in_force}.",
    severity=Severity.ERROR,
    check=_check,
    over=lambda _: "The configuration is in order.",
    of_program=True,
)
