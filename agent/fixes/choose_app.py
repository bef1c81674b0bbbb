"""Choose which of several applications a connection means, in Gatelight's configuration.

Where one application has taken the port of another, our configuration cannot help: each needs a port of its own.
"""

from agent.core.evidence.processes import candidates_of, likeliest
from agent.core.evidence.words import listed
from agent.core.facts import Facts, Process
from agent.core.fix import Fix, Offer
from agent.core.session_facts import Phase
from agent.core.settings import WantedApplication
from agent.fixes.shared import own_config
from agent.fixes.shared.own_config import Edit
from agent.tws.applications import ApplicationKind

_NAMES_ROOM = 100
"""Characters for the names of the other applications."""


def _offer(facts: Facts) -> Offer | None:
    connection = facts.connection
    if not own_config.changeable(facts) or not connection.local or connection.port != "auto":
        return None
    found = _fitting(facts)
    if len(found) < 2:
        return None
    in_use = _in_use(facts, found)
    process = in_use or found[0]
    port, kind = process.api_ports[0], process.kind
    edits = [Edit("port", "auto", str(port))]
    if connection.application is WantedApplication.ANY and kind is not ApplicationKind.UNKNOWN:
        edits.insert(0, Edit("application", "any", kind.value))
    why = "It is the one that is connected now." if in_use is not None else "It fits best, as far as can be seen."
    others = listed((f"{p.label} on port {p.api_ports[0]}" for p in found if p.pid != process.pid), _NAMES_ROOM)
    return own_config.offer(
        facts,
        CHOOSE_APP.id,
        f"Use {kind.title} on port {port}",
        f"Shall “{connection.name}” always mean {process.label} on port {port}?",
        tuple(edits),
        f"{why} Also running: {others}; to choose another one, set its port by hand.",
    )


def _fitting(facts: Facts) -> list[Process]:
    """The listening applications that fit the connection equally well, likeliest first."""
    connection = facts.connection
    return likeliest(connection, candidates_of(facts))


def _in_use(facts: Facts, found: list[Process]) -> Process | None:
    port = facts.session.port if facts.session.phase is Phase.CONNECTED else None
    return next((p for p in found if port in p.api_ports), None)


CHOOSE_APP = Fix("choose-app", _offer, own_config.do)
