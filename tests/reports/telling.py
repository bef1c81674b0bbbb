"""What a user is told of a scene: the headline with its text, evidence and steps, and what `explain` says of a line."""

from dataclasses import dataclass

from agent.core.alerts.diagnosis import diagnose
from agent.core.facts import Facts
from agent.core.guide import fill
from agent.core.settings import WantedApplication
from agent.guides import load_guides
from agent.guides.explain import Explanation, explain
from agent.problems import PROBLEMS
from agent.tws.applications import ApplicationKind
from tests.problems.conftest import hold_to_contract


@dataclass(frozen=True, slots=True)
class Told:
    """The headline of a connection, as shown."""

    code: str
    title: str
    text: str
    evidence: str
    """One statement a line."""
    steps: str
    """One step a line."""

    @property
    def all(self) -> str:
        """Everything that is shown."""
        return "\n".join((self.title, self.text, self.evidence, self.steps))


def told_of(facts: Facts) -> Told | None:
    """What is told of this scene; None: nothing, all is well as far as is known. A second problem beside it fails."""
    diagnosis = diagnose(facts, PROBLEMS)
    assert diagnosis.failures == ()
    if not diagnosis.found:
        return None
    (found,) = diagnosis.found
    hold_to_contract(found.problem, found.present)
    kind = ApplicationKind.TWS if facts.connection.application is WantedApplication.TWS else ApplicationKind.GATEWAY
    args = found.present.args
    return Told(
        found.problem.code,
        fill(found.problem.title, args),
        fill(found.problem.text, args),
        "\n".join(found.present.evidence),
        "\n".join(load_guides()[found.problem.code].steps_for(kind, args, found.present.case)),
    )


def explained(line: str) -> Explanation:
    """What `explain` says of a line of log."""
    explanation = explain(line, load_guides())
    assert explanation is not None, line
    return explanation
