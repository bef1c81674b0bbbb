"""Let Gatelight choose a free client ID, where another program uses the configured one."""

from agent.core.evidence.processes import standing_outcome
from agent.core.facts import Facts
from agent.core.fix import Fix, Offer
from agent.core.session_facts import Outcome
from agent.fixes.shared import own_config
from agent.fixes.shared.own_config import Edit


def _offer(facts: Facts) -> Offer | None:
    connection = facts.connection
    if not own_config.changeable(facts) or connection.client_id == "auto":
        return None
    if standing_outcome(facts) is not Outcome.ID_IN_USE:
        return None
    return own_config.offer(
        facts,
        USE_CLIENT_ID.id,
        "Choose a free client ID",
        f"Let Gatelight choose a free client ID for “{connection.name}”?",
        (Edit("client_id", str(connection.client_id), "auto"),),
        "The program that has the client ID now keeps it.",
    )


USE_CLIENT_ID = Fix("use-client-id", _offer, own_config.do)
