"""Use the port on which the application listens, in Gatelight's configuration."""

from agent.core.evidence.processes import chosen, fits, listener_at, mode_hint, owner_at
from agent.core.facts import Facts, Process
from agent.core.fix import Fix, Offer
from agent.core.session_facts import Phase
from agent.core.settings import WantedMode
from agent.fixes.shared import own_config
from agent.fixes.shared.own_config import Edit
from agent.tws.applications import TradingMode


def _offer(facts: Facts) -> Offer | None:
    connection, process = facts.connection, chosen(facts)
    if not own_config.changeable(facts) or connection.port == "auto" or process is None or not process.api_ports:
        return None
    # A session with an application that the connection does not mean is no reason to keep its port.
    owner = owner_at(facts.machine, connection.port)
    unwanted = owner is not None and not fits(connection, owner)
    in_use = listener_at(facts.machine, connection.port) is not None or facts.session.phase is Phase.CONNECTED
    if connection.port in process.api_ports or (in_use and not unwanted):
        return None
    port = process.api_ports[0]
    return own_config.offer(
        facts,
        USE_PORT.id,
        f"Use port {port}",
        f"Use API port {port} for “{connection.name}”?",
        (Edit("port", str(connection.port), str(port)),),
        other_mode(facts, process),
    )


def other_mode(facts: Facts, process: Process) -> str:
    """A warning where the application seems to be logged in to another trading mode than the connection wants."""
    wanted, hint = facts.connection.trading_mode, mode_hint(process)
    if wanted is WantedMode.ANY or hint is TradingMode.UNKNOWN or hint.value == wanted.value:
        return ""
    return (
        f"Careful: {process.label} looks like a {hint.value} log-in, and this connection is meant for {wanted.value}."
    )


USE_PORT = Fix("use-port", _offer, own_config.do)
