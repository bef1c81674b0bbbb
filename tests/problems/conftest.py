"""The `judge` fixture: asks a problem's check, and holds every answer to what the contract promises."""

from collections.abc import Callable

import pytest

from agent.core.facts import Facts
from agent.core.guide import fill, placeholders
from agent.core.problem import Absent, Present, Problem, Undecided, Verdict
from agent.guides import load_guides

TITLE_LIMIT = 63
"""Characters a Windows notice shows of a title (NOTIFYICONDATA.szInfoTitle, less the closing zero)."""
TEXT_LIMIT = 255
"""Characters a Windows notice shows of a text (NOTIFYICONDATA.szInfo, less the closing zero)."""

Judge = Callable[[Problem, Facts], Verdict]


def presents(verdict: Verdict) -> tuple[Present, ...]:
    """The verdict as present problems; none where it is absent or undecided."""
    match verdict:
        case Present():
            return (verdict,)
        case tuple():
            return verdict
        case Absent() | Undecided():
            return ()


def hold_to_contract(problem: Problem, verdict: Verdict) -> None:
    """Fail unless every present problem fits a notice, is filled in completely and shows its evidence."""
    guide = load_guides()[problem.code]
    steps = [step for found in guide.steps.values() for step in found]
    wanted = placeholders("\n".join([problem.title, problem.text, *steps, guide.meaning, guide.more]))
    for present in presents(verdict):
        assert not present.case or present.case in guide.cases or guide.only_when, (
            f"{problem.code}: no step tells the case {present.case} from others"
        )
        missing = (wanted | placeholders("\n".join(guide.cases.get(present.case, ())))) - set(present.args)
        assert not missing, f"{problem.code}: no value for {sorted(missing)}"
        title, text = fill(problem.title, present.args), fill(problem.text, present.args)
        assert len(title) <= TITLE_LIMIT, f"{problem.code}: the title has {len(title)} characters: {title}"
        assert len(text) <= TEXT_LIMIT, f"{problem.code}: the text has {len(text)} characters: {text}"
        assert present.evidence, f"{problem.code}: no evidence"
        assert all(line.strip() and "{" not in line for line in present.evidence), present.evidence
    if isinstance(verdict, Undecided):
        assert verdict.reason.strip(), f"{problem.code}: undecided without a reason"


@pytest.fixture
def judge() -> Judge:
    """Judge facts by one problem, the answer held to the contract on the way."""

    def ask(problem: Problem, seen: Facts) -> Verdict:
        verdict = problem.check(seen)
        hold_to_contract(problem, verdict)
        return verdict

    return ask
