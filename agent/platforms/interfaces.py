"""Whether a network interface leads out of this machine, by its addresses; sends no packet."""

import ipaddress
from collections.abc import Iterable, Mapping

import psutil

from agent.tws.hosts import address_of


def leads_out(addresses: Mapping[str, Iterable[str]], up: frozenset[str]) -> bool:
    """Whether an interface that is up has an address beyond loopback and link-local ones."""
    return any(_reaches_beyond(a) for name, found in addresses.items() if name in up for a in found)


def _reaches_beyond(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False  # a hardware address
    return not (parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified or parsed.is_multicast)


def addresses_by_interface() -> dict[str, list[str]]:
    """The addresses of this machine's interfaces."""
    return {name: [a.address for a in found] for name, found in psutil.net_if_addrs().items()}


def interfaces_up() -> frozenset[str]:
    """Names of the interfaces that are up and running."""
    return frozenset(name for name, state in psutil.net_if_stats().items() if state.isup)


def own_networks() -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """The networks that this machine itself is in, loopback aside. Raises OSError or psutil.Error."""
    found = []
    for each in (a for addresses in psutil.net_if_addrs().values() for a in addresses):
        address, mask = address_of(each.address), address_of(each.netmask or "")
        if address is not None and mask is not None and not address.is_loopback:
            found.append(ipaddress.ip_network((str(address), int(mask).bit_count()), strict=False))
    return tuple(found)
