"""What to do about something that was found by a test: the guide of a problem, or steps of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.core.guide import Guide
from agent.tws.applications import ApplicationKind


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do: the guide of a problem, or steps of its own where there is no such problem."""

    problem: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[str, ...] = ()

    def steps_for(self, kind: ApplicationKind, guides: Mapping[str, Guide]) -> tuple[str, ...]:
        """The numbered steps, for one application."""
        guide = guides.get(self.problem) if self.problem is not None else None
        return self.steps if guide is None else guide.steps_for(kind, self.args)


NOTHING_TO_DO = Remedy()
