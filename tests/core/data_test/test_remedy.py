"""What to do: the guide of a problem, or steps of its own."""

from agent.core.data_test.remedy import NOTHING_TO_DO, Remedy
from agent.core.guide import parse_guide
from agent.tws.applications import ApplicationKind

GUIDES = {"app-old": parse_guide("app-old", "# Old\n\nIt is old.\n\n## Steps\n\n1. Update {app}.\n")}


def test_the_guide_of_a_problem_is_filled() -> None:
    remedy = Remedy("app-old", {"app": "TWS"})

    assert remedy.steps_for(ApplicationKind.TWS, GUIDES) == ("Update TWS.",)


def test_without_a_problem_its_own_steps_count() -> None:
    assert Remedy(steps=("Wait.",)).steps_for(ApplicationKind.GATEWAY, GUIDES) == ("Wait.",)
    assert NOTHING_TO_DO.steps_for(ApplicationKind.GATEWAY, GUIDES) == ()
