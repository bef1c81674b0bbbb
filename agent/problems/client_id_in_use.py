"""Notice 326: another program holds the client ID that the configuration fixes for Gatelight."""

from agent.core.client_ids import OTHER_IDS_TRIED
from agent.core.evidence.processes import chosen, clients_of, port_of, standing_outcome
from agent.core.evidence.words import at, listed, program
from agent.core.facts import Facts, Unknown
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Undecided, Verdict
from agent.core.session_facts import Outcome, Phase
from agent.problems.shared import grace
from agent.problems.shared.ends import answers


def _check(facts: Facts) -> Verdict:
    attempt, client_id = facts.session.attempt, facts.connection.client_id
    if attempt is None and facts.session.phase is Phase.CONNECTING:
        return Undecided("no attempt to connect has ended yet")
    if attempt is None or standing_outcome(facts) is not Outcome.ID_IN_USE:
        return Absent()
    if client_id == "auto":
        if facts.session.refused_ids <= OTHER_IDS_TRIED:
            # The next ID is free; only an application that refuses several in a row makes this a problem.
            return Absent()
        client_id = attempt.client_id if attempt.client_id is not None else "auto"
    port = port_of(facts)
    clients = clients_of(facts)
    evidence = [f"notice 326 {at(facts, attempt.at)}: client ID {client_id} is in use on port {port}"]
    evidence += [f"{program(c)} is connected to port {port}" for c in dict.fromkeys(clients)]
    process = chosen(facts)
    stuck = dict(process.close_wait).get(port, 0) if process is not None else 0
    if stuck:
        evidence.append(f"{stuck} sockets on port {port} are in CLOSE_WAIT: left by programs that are gone")
    if clients:
        holder = f"on the API port now: {listed((program(c) for c in clients), room=90)}"
    elif not facts.connection.local or isinstance(facts.machine.sockets, Unknown):
        holder = "which one cannot be seen from here"
        evidence.append("the programs on the API port cannot be seen from here")
    else:
        holder = "none is connected now, so one that has ended may still hold it"
        evidence.append(f"no other program of this computer is connected to port {port}")
    return Present({"client_id": str(client_id), "port": str(port), "holder": holder}, tuple(evidence))


def _connected_as(facts: Facts, _: str) -> dict[str, str] | None:
    client_id = facts.session.client_id
    return {"client_id": str(client_id)} if answers(facts) and client_id is not None else None


CLIENT_ID_IN_USE = Problem(
    code="client-id-in-use",
    title="Client ID {client_id} is already in use",
    text=(
        "Gatelight asked for client ID {client_id}, and another program has it ({holder}). "
        "A client ID serves one program at a time."
    ),
    severity=Severity.WARNING,
    check=_check,
    over=(
        GoodNews(
            "Gatelight is connected, with client ID {client_id}",
            "The one it asked for was in use for {lasted}.",
            _connected_as,
        ),
    ),
    visible_after=grace.client_id,
    fix="use-client-id",
)
