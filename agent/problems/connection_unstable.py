"""The API session was lost again and again within a short time: one problem instead of many single ones."""

from agent.core.clock import lasting
from agent.core.evidence.processes import chosen, port_of
from agent.core.evidence.words import app_name, clock
from agent.core.facts import Facts, Unknown
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.core.session_facts import Phase
from agent.problems.shared.ends import answers, when
from agent.problems.shared.words import runs_since

TOO_MANY_LOSSES = 3
"""Losses within `timing.instability_window`: once is a restart, twice can be chance."""


def _check(facts: Facts) -> Verdict:
    window = facts.timing.instability_window
    losses = [t for t in facts.session.losses if 0 <= facts.now.monotonic - t < window]
    if len(losses) < TOO_MANY_LOSSES or _gone(facts):
        return Absent()
    port = port_of(facts)
    evidence = [
        f"the session on port {port} was lost at {', '.join(clock(facts, t) for t in losses[-10:])}",
        f"{len(losses)} losses within {lasting(window)}; Gatelight closed none of them itself",
    ]
    process = chosen(facts)
    if process is not None:
        evidence.append(runs_since(facts, process))
    args = {"app": app_name(facts), "count": str(len(losses)), "window": lasting(window), "port": str(port)}
    return Present(args, tuple(evidence))


def _gone(facts: Facts) -> bool:
    """Whether the application itself is known to be away: then that is the problem, not its connection."""
    if not facts.connection.local or facts.session.phase is Phase.CONNECTED:
        return False
    return not isinstance(facts.machine.processes, Unknown) and chosen(facts) is None


CONNECTION_UNSTABLE = Problem(
    code="connection-unstable",
    title="The API connection keeps breaking",
    text=(
        "The API connection to {app} on port {port} was lost {count} times within {window}. "
        "Programs lose data and news of their orders each time."
    ),
    severity=Severity.WARNING,
    check=_check,
    over=(GoodNews("The API connection to {app} stands", "It was shown as unsteady for {lasted}.", when(answers)),),
    by_history=True,
)
