"""Where the host of a connection is, and under which address the application there sees this machine."""

import ipaddress
from dataclasses import dataclass
from enum import Enum, auto

from agent.core.facts import Facts, Known, Listener, Surroundings, SurroundingsKind, VirtualNetwork
from agent.core.session_facts import Way
from agent.tws.hosts import address_of, is_local, is_public, spelled_host
from agent.tws.relays import RelayKind


class Whereabouts(Enum):
    """Where a host is."""

    LOOPBACK = auto()
    """This machine, as 127.0.0.1."""
    HERE = auto()
    """This machine, under another of its names or addresses."""
    OUTSIDE = auto()
    """The computer around the WSL, container or virtual machine that Gatelight runs in."""
    INSIDE = auto()
    """A virtual machine or container of this computer."""
    BESIDE = auto()
    """In the network of the container that Gatelight runs in: another container, as a rule."""
    PUBLIC = auto()
    """An address of the Internet."""
    NETWORK = auto()
    """Another computer of the own network, or a name that is not known yet."""


_OUTER_NAMES = frozenset(
    {
        *("host.docker.internal", "gateway.docker.internal", "docker.for.mac.localhost", "docker.for.win.localhost"),
        *("host.containers.internal", "host.lima.internal", "host.orb.internal", "host.minikube.internal"),
    }
)
"""Names under which containers know the computer that runs them (Docker, Podman, Lima, OrbStack, minikube)."""


@dataclass(frozen=True, slots=True)
class SeenAs:
    """What the application sees of this machine."""

    address: str
    """What goes into its list of trusted addresses: the address itself, or words for it where it is not known here."""
    lines: tuple[str, ...]
    """For the evidence: from where our connection came."""


def place_of(facts: Facts) -> Whereabouts:
    """Where the host of the connection is."""
    connection = facts.connection
    if connection.loopback:
        return Whereabouts.LOOPBACK
    if connection.here:
        return Whereabouts.LOOPBACK if _ours(facts) in ("127.0.0.1", "::1") else Whereabouts.HERE
    around, to = surroundings(facts), _to(facts)
    outer = spelled_host(around.host_address) if around is not None and around.host_address else None
    if around is not None and (spelled_host(connection.host) in {outer, *_OUTER_NAMES} or to == outer):
        return Whereabouts.OUTSIDE
    if virtual_network(facts) is not None:
        return Whereabouts.INSIDE
    way = _used(facts)
    if around is not None and around.kind is SurroundingsKind.CONTAINER and way is not None and way.near:
        return Whereabouts.BESIDE
    return Whereabouts.PUBLIC if is_public(to) else Whereabouts.NETWORK


def surroundings(facts: Facts) -> Surroundings | None:
    """What Gatelight runs inside of; None where that is nothing, or not known."""
    found = facts.machine.surroundings
    return found.value if isinstance(found, Known) and found.value.kind is not SurroundingsKind.PLAIN else None


def virtual_network(facts: Facts) -> VirtualNetwork | None:
    """The network of virtual machines or containers on this computer that the host is in."""
    address = address_of(_to(facts))
    for network in facts.machine.virtual_networks if address is not None else ():
        if address in ipaddress.ip_network((network.address, network.prefix), strict=False):
            return network
    return None


def seen_as(facts: Facts, relay: Listener | None = None) -> SeenAs:
    """Under which address the application sees connections from here; `relay`: who passes them on."""
    if relay is not None and relay.relay:
        address = relayed_from(relay.relay)
        return SeenAs(address, (f"behind {relay.program or 'the relay'} Gatelight’s connection comes from {address}",))
    where, way = place_of(facts), _used(facts)
    if where is Whereabouts.LOOPBACK:
        ours = way.ours if way is not None and way.ours is not None else "127.0.0.1"
        return SeenAs(ours, (f"Gatelight’s connection came from {ours}, an address that is normally trusted",))
    if way is None or way.ours is None:
        return SeenAs("the address of this computer, as the other one sees it", ())
    lines = (f"Gatelight’s connection came from {way.ours}", *_other_families(facts, way))
    hidden = None if way.near else _hidden_behind(facts, where, way.ours)
    if hidden is None:
        return SeenAs(way.ours, lines)
    return SeenAs(hidden, (*lines, f"on the way {hidden} takes the place of that address"))


_RELAYED = {
    RelayKind.CONTAINER: "the gateway address of the container’s network",
    RelayKind.MACHINE: "an address of the virtual machine’s network",
    RelayKind.TUNNEL: "the address of the tunnel’s other end (127.0.0.1 if TWS or IB Gateway runs right there)",
    RelayKind.RELAY: "the address from which the relay connects",
}


def relayed_from(kind: RelayKind) -> str:
    """In words: the address from which an application behind a relay of this kind sees all connections come."""
    return _RELAYED[kind]


def _hidden_behind(facts: Facts, where: Whereabouts, ours: str) -> str | None:
    """Whose address the application sees where a machine in between replaces ours by its own; None where none does."""
    around = surroundings(facts)
    shares = around is not None and around.host_address is not None and is_local(around.host_address)
    if where in (Whereabouts.NETWORK, Whereabouts.PUBLIC) and around is not None and not shares:
        if around.kind is SurroundingsKind.WSL:
            return "the address of Windows"
        if around.kind is SurroundingsKind.CONTAINER:
            return "the address of the computer that runs the container"
    if where is Whereabouts.PUBLIC and not is_public(ours):
        return "the public address of the router here"
    return None


def _other_families(facts: Facts, used: Way) -> tuple[str, ...]:
    """Where the host has addresses of both families: which was used, and what the other would look like."""
    six = ":" in used.to
    other = next((w for w in facts.session.ways if (":" in w.to) != six and not is_local(w.to)), None)
    if other is None:
        return ()
    line = f"{facts.connection.host} is {used.to} and {other.to}; {'IPv6' if six else 'IPv4'} was used"
    return (f"{line}, over {'IPv4' if six else 'IPv6'} it would come from {other.ours}",) if other.ours else (line,)


def _used(facts: Facts) -> Way | None:
    ways = facts.session.ways
    return next((w for w in ways if w.used), None) or next((w for w in ways if w.ours is not None), None)


def _ours(facts: Facts) -> str | None:
    way = _used(facts)
    return way.ours if way is not None else None


def _to(facts: Facts) -> str:
    """The address of the host, as far as one is known; else its name."""
    way = _used(facts) or next(iter(facts.session.ways), None)
    return way.to if way is not None else spelled_host(facts.connection.host)
