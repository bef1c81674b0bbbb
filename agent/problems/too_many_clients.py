"""Every client place of the application is taken: 32 programs or connections stand on its API port."""

from collections import Counter

from agent.core.evidence.processes import client_count, clients_of, full_house, port_of, standing_outcome
from agent.core.evidence.words import app_name, at, listed, program
from agent.core.facts import Facts, Purpose, Unknown
from agent.core.problem import Absent, Present, Problem, Severity, Undecided, Verdict
from agent.core.session_facts import Outcome, Phase
from agent.problems.shared import grace
from agent.tws.limits import API_CLIENTS

_SHOWN = 10
"""Programs that get a line of evidence each; the rest is counted."""


def _check(facts: Facts) -> Verdict:
    attempt, among_them = facts.session.attempt, facts.session.phase is Phase.CONNECTED
    turned_away = standing_outcome(facts) in (Outcome.CLOSED, Outcome.SILENT, Outcome.NOT_READY)
    not_tried = facts.purpose is Purpose.DOCTOR and attempt is None
    if not (among_them or turned_away or not_tried):
        return Absent()
    if isinstance(facts.machine.sockets, Unknown):
        return Undecided(facts.machine.sockets.reason)
    count = client_count(facts)
    if count is None:
        return (
            Absent() if among_them else Undecided("the clients of a TWS on another machine cannot be counted from here")
        )
    if count < API_CLIENTS or not (among_them or not_tried or full_house(facts)):
        return Absent()
    port = port_of(facts)
    counted: Counter[str] = Counter()
    for client in clients_of(facts):
        counted[program(client)] += client.connections
    programs = counted.most_common()
    evidence = [
        f"{count} clients are connected to port {port}; the limit is {API_CLIENTS}",
        _own_place(facts),
        *(f"{name}: {n} connection{'s' if n > 1 else ''}" for name, n in programs[:_SHOWN]),
    ]
    if len(programs) > _SHOWN:
        evidence.append(f"{len(programs) - _SHOWN} more programs with one connection or more each")
    args = {
        "app": app_name(facts),
        "count": str(count),
        "limit": str(API_CLIENTS),
        "port": str(port),
        "programs": listed(name for name, _ in programs),
    }
    return Present(args, tuple(evidence))


def _own_place(facts: Facts) -> str:
    if facts.session.phase is Phase.CONNECTED:
        return "Gatelight is one of them"
    attempt = facts.session.attempt
    if attempt is None:
        return "Gatelight did not try to connect, since that takes a place too"
    return f"the latest attempt to connect failed {at(facts, attempt.at)}"


TOO_MANY_CLIENTS = Problem(
    code="too-many-clients",
    title="All {limit} API client places are taken",
    text=(
        "{count} clients are connected to port {port}, and {app} serves at most {limit}. "
        "No other program can connect until one of them disconnects. Connected are {programs}."
    ),
    severity=Severity.ERROR,
    check=_check,
    visible_after=grace.handshake,
)
