"""Where relays lead to, by what the configuration says; and what cannot be meant: loops, and two relays on one port."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from agent.config.kinds import HOST_NAME, ValueRefused
from agent.config.text import found_words
from agent.core.relay_facts import RelayOrder
from agent.core.settings import ConnectionSettings, RelaySettings, Settings, WantedApplication, WantedMode
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.hosts import is_local
from agent.tws.ports import default_ports, port_in

STATUS, STOP = "status", "stop"
"""`gatelight relay status` tells what relays count, and `gatelight relay stop` ends one."""


class TargetUnknown(Exception):
    """What `to` says leads nowhere; the text ends the sentence "… is X, but must be"."""


class RelayTarget(NamedTuple):
    """Where a relay leads to."""

    host: str
    port: int


def target_of(relay: RelaySettings, connections: Sequence[ConnectionSettings]) -> RelayTarget:
    """Where a relay leads to; raises TargetUnknown."""
    wanted = relay.to.strip().casefold()
    for connection in connections:
        if connection.name.strip().casefold() == wanted:
            return RelayTarget(connection.dialled, _port_of(connection))
    host, colon, digits = relay.to.strip().rpartition(":")
    port = port_in(digits)
    if not colon or port is None:
        known = ", ".join(found_words(connection.name) for connection in connections)
        raise TargetUnknown(
            'a host and a port, such as "127.0.0.1:4002"' + (f", or a connection’s name: {known}" if known else "")
        )
    try:
        plain: str = HOST_NAME.read(host)
    except ValueRefused:
        raise TargetUnknown(f"{HOST_NAME.allowed}, with a port") from None
    return RelayTarget("127.0.0.1" if is_local(plain) else plain, port)


def order_of(relay: RelaySettings, connections: Sequence[ConnectionSettings]) -> RelayOrder:
    """What the configuration orders a relay to do; raises TargetUnknown."""
    host, port = target_of(relay, connections)
    return RelayOrder(relay.name, relay.listen, host, port, relay.allow, relay.lines)


def wanted_orders(settings: Settings) -> tuple[RelayOrder, ...]:
    """The orders of all relays that start with Gatelight."""
    orders = []
    for relay in settings.relays:
        # The configuration was checked when it was read.
        with suppress(TargetUnknown):
            if relay.start:
                orders.append(order_of(relay, settings.connections))
    return tuple(orders)


def _port_of(connection: ConnectionSettings) -> int:
    if connection.port != "auto":
        return connection.port
    # A relay does not look for applications: it needs one port, which the kind and the mode give it.
    if connection.application is not WantedApplication.ANY and connection.trading_mode is not WantedMode.ANY:
        kind, mode = ApplicationKind(connection.application.value), TradingMode(connection.trading_mode.value)
        return default_ports(kind, mode)[0]
    raise TargetUnknown(
        "a connection with a port: give that one a port, or an application and a trading mode, which have a usual one"
    )


def relay_faults(
    relays: Sequence[RelaySettings], connections: Sequence[ConnectionSettings]
) -> Iterator[tuple[int, str, str]]:
    """What is wrong with relays: index, key, and the sentence from the value found on."""
    ports: dict[int, str] = {}
    for index, relay in enumerate(relays):
        if (word := relay.name.casefold()) in (STATUS, STOP):
            yield index, "name", f"{found_words(relay.name)}, but must be another name: `relay {word}` is a command"
        if relay.listen in ports:
            text = f"{relay.listen}, but must be a port that no other relay has: “{ports[relay.listen]}” has it"
            yield index, "listen", text
        ports.setdefault(relay.listen, relay.name)
    for index, relay in enumerate(relays):
        try:
            host, port = target_of(relay, connections)
        except TargetUnknown as fault:
            yield index, "to", f"{found_words(relay.to)}, but must be {fault}"
            continue
        if is_local(host) and port in ports:
            other = "itself" if port == relay.listen else f"relay “{ports[port]}”"
            yield (
                index,
                "to",
                f"{found_words(relay.to)}, which leads to {other}, but must be where TWS or IB Gateway listens",
            )
