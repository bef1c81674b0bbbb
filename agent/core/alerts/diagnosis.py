"""Judging one connection: every problem is asked, and what hides behind a cause is set aside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from agent.core.facts import Facts, Purpose
from agent.core.problem import Absent, Present, Problem, Undecided


@dataclass(frozen=True, slots=True)
class Found:
    """A problem that is present, with what was seen."""

    problem: Problem
    present: Present

    @property
    def key(self) -> str:
        """The code, with the instance where there is one: tells findings of one connection apart."""
        return f"{self.problem.code}:{self.present.instance}" if self.present.instance else self.problem.code


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What all checks came to, in the order of the list of problems."""

    found: tuple[Found, ...] = ()
    """Root causes: present, and nothing present hides them."""
    hidden: tuple[Found, ...] = ()
    """Present, but a consequence of something found."""
    undecided: tuple[tuple[Problem, str], ...] = ()
    """What could not be found out, and why."""
    failures: tuple[tuple[Problem, Exception], ...] = ()
    """Checks that raised: a fault of that check alone, counted as undecided."""


def diagnose(facts: Facts, problems: Sequence[Problem]) -> Diagnosis:
    """Ask every problem; causes come before consequences in the list, so one pass settles what hides what."""
    found: list[Found] = []
    hidden: list[Found] = []
    undecided: list[tuple[Problem, str]] = []
    failures: list[tuple[Problem, Exception]] = []
    covering: set[str] = set()
    for problem in problems:
        if problem.doctor_only and facts.purpose is not Purpose.DOCTOR:
            continue
        try:
            verdict = problem.check(facts)
        except Exception as fault:
            failures.append((problem, fault))
            undecided.append((problem, f"the check itself failed ({type(fault).__name__})"))
            continue
        if isinstance(verdict, Absent):
            continue
        behind = any(cause.code in covering for cause in problem.hidden_by)
        match verdict:
            case Undecided(reason):
                undecided.append((problem, reason))
                # A cause also hides what stands behind a problem that could not be decided.
                if behind:
                    covering.add(problem.code)
            case Present():
                (hidden if behind else found).append(Found(problem, verdict))
                covering.add(problem.code)
            case tuple():
                (hidden if behind else found).extend(Found(problem, one) for one in verdict)
                if verdict:
                    covering.add(problem.code)
            case _:
                assert_never(verdict)
    return Diagnosis(tuple(found), tuple(hidden), tuple(undecided), tuple(failures))
