"""This computer's clock differs from that of the server by more than a network delay explains."""

from agent.core.clock import lasting
from agent.core.evidence.notices import NO_SESSION, live
from agent.core.evidence.words import app_name
from agent.core.facts import Facts
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Undecided, Verdict
from agent.problems.shared.ends import when

TOLERANCE = 2.0
"""Seconds. reqCurrentTime tells whole seconds, so less than this can be rounding and delay."""


def _check(facts: Facts) -> Verdict:
    if not live(facts):
        return NO_SESSION
    offset = facts.session.clock_offset
    if offset is None:
        return Undecided("the server’s time has not been asked for yet")
    if abs(offset) <= TOLERANCE:
        return Absent()
    direction, relation = ("behind", "behind") if offset > 0 else ("ahead", "ahead of")
    evidence = (
        f"the time told by {app_name(facts)} (reqCurrentTime) and this computer’s clock differ by {lasting(offset)}",
        f"this computer’s clock is {direction}; up to {lasting(TOLERANCE)} are no cause for concern",
    )
    return Present({"offset": lasting(offset), "direction": direction, "relation": relation}, evidence)


def _right(facts: Facts) -> bool:
    offset = facts.session.clock_offset
    return live(facts) and offset is not None and abs(offset) <= TOLERANCE


CLOCK_OFF = Problem(
    code="clock-off",
    title="This computer’s clock is {offset} {direction}",
    text=(
        "This computer’s clock is {offset} {relation} the time told by IB. "
        "Times in logs, of bars and of orders that start or end at a set time are wrong by as much."
    ),
    severity=Severity.WARNING,
    check=_check,
    over=(GoodNews("This computer’s clock is right", "It was wrong for {lasted}.", when(_right)),),
    needs_session=True,
)
