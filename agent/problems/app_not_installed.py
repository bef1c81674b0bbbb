"""Neither TWS nor IB Gateway is on this computer, and no configuration says that one should be."""

from agent.core.evidence.processes import chosen
from agent.core.facts import Facts, Known
from agent.core.problem import GoodNews, Present, Problem, Severity, Verdict
from agent.problems.shared.ends import when
from agent.problems.shared.obstacles import NotInstalled
from agent.problems.shared.reach import how_far, otherwise


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, NotInstalled):
        return otherwise(reach)
    return Present(
        {},
        (
            "neither TWS nor IB Gateway was found in the usual folders",
            "no process of either was found",
            "no configuration names a connection",
        ),
    )


def _installed(facts: Facts) -> bool:
    installed = facts.machine.installed
    return chosen(facts) is not None or (isinstance(installed, Known) and bool(installed.value))


APP_NOT_INSTALLED = Problem(
    code="app-not-installed",
    title="Neither TWS nor IB Gateway is installed",
    text="Neither TWS nor IB Gateway was found on this computer. One of them is needed: it holds the log-in to "
    "Interactive Brokers, and other programs connect to it.",
    severity=Severity.INFO,
    check=_check,
    over=(GoodNews("{app} is installed", "It was not found for {lasted}.", when(_installed)),),
    fix="open-download-page",
    doctor_only=True,
)
