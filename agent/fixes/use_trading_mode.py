"""Mean the trading mode of the account that is logged in, in Gatelight's configuration."""

from agent.core.evidence.notices import live
from agent.core.facts import Facts
from agent.core.fix import Fix, Offer
from agent.core.settings import WantedMode
from agent.fixes.shared import own_config
from agent.fixes.shared.own_config import Edit
from agent.tws.applications import TradingMode


def _offer(facts: Facts) -> Offer | None:
    connection, actual = facts.connection, facts.session.trading_mode
    if not own_config.changeable(facts) or not live(facts) or connection.trading_mode is WantedMode.ANY:
        return None
    if actual is TradingMode.UNKNOWN or actual.value == connection.trading_mode.value:
        return None
    careful = "Careful: orders that a program sends there trade with real money." if actual is TradingMode.LIVE else ""
    return own_config.offer(
        facts,
        USE_TRADING_MODE.id,
        f"This connection is for {actual.value}",
        f"Is “{connection.name}” meant for {actual.value} trading?",
        (Edit("trading_mode", connection.trading_mode.value, actual.value),),
        careful,
    )


USE_TRADING_MODE = Fix("use-trading-mode", _offer, own_config.do)
"""Only what the session of now told counts: an account that is gone is no reason to change anything."""
