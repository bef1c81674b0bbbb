"""The system does not let Gatelight look at the processes or sockets that would decide."""

from agent.core.facts import Facts
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Undecided, Verdict
from agent.core.text import shortened
from agent.problems.shared import grace
from agent.problems.shared.ends import all_seen, when
from agent.problems.shared.obstacles import Unseen
from agent.problems.shared.reach import how_far
from agent.problems.shared.words import sentence, without_folders

_REASON_ROOM = 120
"""Characters of the reason that fit into a notice beside our own words."""


def _check(facts: Facts) -> Verdict:
    match how_far(facts):
        case Unseen(why=why, refused=True):
            reason = without_folders(why)
            return Present({"reason": sentence(shortened(reason, _REASON_ROOM))}, (reason,))
        case Unseen(why=why):
            return Undecided(why)
        case _:
            return Absent()


AGENT_CANNOT_SEE = Problem(
    code="agent-cannot-see",
    title="Gatelight may not look at the programs that run here",
    text="{reason}. So it is not known whether TWS or IB Gateway runs and who owns its API port.",
    severity=Severity.WARNING,
    check=_check,
    over=(
        GoodNews(
            "Gatelight sees the programs that run here", "It could not look at them for {lasted}.", when(all_seen)
        ),
    ),
    visible_after=grace.sight,
)
