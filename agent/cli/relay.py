"""`gatelight relay NAME`: the relay, in the foreground. Imports little, since the process lives for days."""

from collections.abc import Callable

from agent.config.reading import load
from agent.config.relays import target_of
from agent.config.text import found_words
from agent.core.settings import RelaySettings, Settings
from agent.errors import UsageError
from agent.relay.pump import Relay, RelayOrder
from agent.runtime import stop_signals
from agent.runtime.paths import Places


def command(places: Places, name: str, say: Callable[[str], None]) -> int:
    """Relay until a signal comes; returns the exit status. Raises ConfigError, UsageError or RelayError."""
    settings = load(places.config, named=places.config_named)
    found = _relay_of(settings, name)
    host, port = target_of(found, settings.connections)
    order = RelayOrder(found.name, found.listen, host, port, found.allow)
    relay = Relay(order, say)
    relay.open()
    stop_signals.listen(relay.stop)
    try:
        say(
            f"Relay “{order.name}” listens on port {relay.port} and leads to {order.target}: "
            f"let programs connect to {relay.port} instead of {order.port}. Ctrl-C ends it."
        )
        relay.run()
    finally:
        stop_signals.ignore()
    return 0


def _relay_of(settings: Settings, name: str) -> RelaySettings:
    for relay in settings.relays:
        if relay.name.casefold() == name.strip().casefold():
            return relay
    if not settings.relays:
        raise UsageError(
            "No relay is configured: write one into the configuration, headed [[relays]], with name, listen and to."
        )
    known = ", ".join(found_words(relay.name) for relay in settings.relays)
    raise UsageError(f"There is no relay {found_words(name)}: known are {known}.")
