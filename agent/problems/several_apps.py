"""Two applications compete for one port, or one connection fits several and nothing tells which is meant."""

from agent.core.evidence.processes import applications, candidates_of, fits, likeliest, port_of
from agent.core.evidence.words import clock, listed
from agent.core.facts import Facts, Process
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.core.session_facts import Phase
from agent.problems.shared import grace
from agent.problems.shared.ends import reached, when
from agent.problems.shared.obstacles import PortClash
from agent.problems.shared.this_machine import clash_of
from agent.problems.shared.words import listening

_NAMES_ROOM = 100
"""Characters for the names of the applications in the text."""


def _check(facts: Facts) -> Verdict:
    if not facts.connection.local:
        return Absent()
    clash = _clash(facts)
    if clash is not None:
        return _of_clash(facts, clash)
    found = _equally_fitting(facts)
    if len(found) < 2:
        return Absent()
    names = listed((p.label for p in found), _NAMES_ROOM)
    in_use = facts.session.port if facts.session.phase is Phase.CONNECTED else port_of(facts)
    return Present(
        {"conflict": f"{names} all fit this connection, and nothing tells which one is meant. Port {in_use} is used."},
        (*(listening(p) for p in found), "the configuration leaves the port open"),
    )


def _clash(facts: Facts) -> PortClash | None:
    """A logged-in application of this connection that found its API port owned by another one."""
    for process in applications(facts.machine):
        clash = clash_of(facts, process) if fits(facts.connection, process) else None
        if clash is not None:
            return clash
    return None


def _of_clash(facts: Facts, clash: PortClash) -> Present:
    since = clash.loser.upstream_since
    link = (
        ()
        if since is None
        else (f"{clash.loser.label} has been connected to IB’s servers since {clock(facts, since)}: it is logged in",)
    )
    return Present(
        {
            "conflict": f"{clash.owner.label} owns API port {clash.port}. {clash.loser.label} is logged in too and "
            "has no API port: each needs one of its own."
        },
        (listening(clash.owner), listening(clash.loser), *link),
    )


def _equally_fitting(facts: Facts) -> tuple[Process, ...]:
    """The listening applications among which nothing tells which one is meant."""
    connection = facts.connection
    if connection.port != "auto" or connection.pinned_pid is not None:
        return ()
    found = likeliest(connection, candidates_of(facts))
    return tuple(sorted(found, key=lambda p: p.pid))


SEVERAL_APPS = Problem(
    code="several-apps",
    title="Several applications get in each other’s way",
    text="{conflict}",
    severity=Severity.WARNING,
    check=_check,
    over=(
        GoodNews(
            "The API of {app} answers on port {port}",
            "Several applications got in each other’s way for {lasted}.",
            when(reached),
        ),
    ),
    visible_after=grace.handshake,
    fix="choose-app",
)
