"""Say that the programs of a connection only read, in Gatelight's configuration: then Read-Only API does no harm."""

from agent.core.evidence.api_settings import settings_of
from agent.core.evidence.notices import live
from agent.core.facts import Facts
from agent.core.fix import Fix, Offer
from agent.core.settings import Intent
from agent.fixes.shared import own_config
from agent.fixes.shared.own_config import Edit


def _offer(facts: Facts) -> Offer | None:
    connection, known = facts.connection, settings_of(facts)
    if not own_config.changeable(facts) or not live(facts) or connection.intent is not Intent.TRADE:
        return None
    if known is None or not known.settings.read_only_api:
        return None
    return own_config.offer(
        facts,
        USE_INTENT.id,
        "My programs only read",
        f"Do the programs of “{connection.name}” only read?",
        (Edit("intent", Intent.TRADE.value, Intent.DATA.value),),
        "The application goes on refusing orders; Gatelight no longer calls that a problem.",
    )


USE_INTENT = Fix("use-intent", _offer, own_config.do)
