"""`gatelight relay NAME`: the relay, in the foreground. Imports little, since the process lives for days.

`gatelight relay status` is in `relay_status`.
"""

from collections.abc import Callable
from typing import Any

from agent.config.reading import load
from agent.config.relays import STATUS, target_of
from agent.config.text import found_words
from agent.core.settings import RelaySettings, Settings
from agent.errors import UsageError
from agent.platforms.files import reason_of
from agent.platforms.folders import make_private
from agent.relay.meter import Meter
from agent.relay.pump import Relay, RelayOrder
from agent.relay.report import ReportWriter
from agent.runtime import stop_signals
from agent.runtime.paths import Places


def command(
    places: Places,
    name: str,
    say: Callable[[str], None],
    as_json: Callable[[dict[str, Any]], None] | None,
    out: Callable[[str], None],
) -> int:
    """Relay until a signal comes; returns the exit status. Raises ConfigError, UsageError or RelayError.

    With the name `status`, show what the running relays count.
    """
    if name == STATUS:
        # Imported late: a relay itself stays small.
        from agent.cli.relay_status import show_relays

        return show_relays(places, as_json, out, say)
    settings = load(places.config, named=places.config_named)
    found = _relay_of(settings, name)
    host, port = target_of(found, settings.connections)
    order = RelayOrder(found.name, found.listen, host, port, found.allow)
    writer = _writer(places, order, say)
    meter = None if writer is None else Meter(order.name, order.target, found.lines, writer.give)
    relay = Relay(order, say, meter=meter)
    try:
        relay.open()
        stop_signals.listen(relay.stop)
        say(
            f"Relay “{order.name}” listens on port {relay.port} and leads to {order.target}: "
            f"let programs connect to {relay.port} instead of {order.port}. Ctrl-C ends it."
        )
        relay.run()
    finally:
        stop_signals.ignore()
        if writer is not None:
            writer.close()
    return 0


def _writer(places: Places, order: RelayOrder, say: Callable[[str], None]) -> ReportWriter | None:
    """What writes down the counts; None, and a sentence, where that cannot be: connections are relayed all the same."""
    try:
        make_private(places.relays)
    except OSError as fault:
        say(f"{places.relays} cannot be written ({reason_of(fault)}), so relay “{order.name}” counts nothing.")
        return None
    return ReportWriter(places.relays / f"{order.listen}.json")


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
