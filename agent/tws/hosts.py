"""Host names and addresses as people write them: one spelling each, and which of them are loopback or public. Pure."""

import ipaddress
from functools import lru_cache
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_LOCAL_NAMES = frozenset(
    {
        *("localhost", "localhost.localdomain", "localhost4", "localhost6"),
        *("localhost6.localdomain6", "ip6-localhost", "ip6-loopback"),
    }
)
"""Names that the hosts files of the usual systems give to loopback."""
_LOCAL_DOMAIN = ".localhost"
"""Names below it mean loopback (RFC 6761)."""


@lru_cache(maxsize=256)
def address_of(host: str) -> Address | None:
    """The address that a host is written as, without its zone; IPv4 inside IPv6 as IPv4. None: it is a name."""
    try:
        found = ipaddress.ip_address(host.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@lru_cache(maxsize=256)
def spelled_host(host: str) -> str:
    """A host in the one spelling in which hosts are compared: lower case, no brackets, zone or dot at the end."""
    address = address_of(host)
    return str(address) if address is not None else host.strip().lower().rstrip(".")


@lru_cache(maxsize=256)
def is_local(host: str) -> bool:
    """Whether a host means this machine wherever it is written: loopback, or any address of this machine."""
    address = address_of(host)
    if address is not None:
        return address.is_loopback or address.is_unspecified
    name = spelled_host(host)
    return name in _LOCAL_NAMES or name.endswith(_LOCAL_DOMAIN)


def is_loopback(host: str) -> bool:
    """Whether a host is written as an address that can be reached from this machine alone."""
    address = address_of(host)
    return address is not None and address.is_loopback


def is_public(host: str) -> bool:
    """Whether a host is written as an address of the Internet: a home has one, and a router that holds it.

    The addresses that providers and VPNs share (100.64.0.0/10) are none.
    """
    address = address_of(host)
    return address is not None and address.is_global and not address.is_multicast


def is_impossible(host: str) -> bool:
    """Whether a host is written as an address that no computer can have: mistyped, as a rule.

    Those are 0.0.0.0/8, the multicast ones and 240.0.0.0/4 (RFC 1122, RFC 1112); 0.0.0.0 itself means this machine.
    """
    address = address_of(host)
    if address is None or address.is_unspecified or address.is_loopback:
        return False
    reserved = isinstance(address, ipaddress.IPv4Address) and (address.is_reserved or int(address) >> 24 == 0)
    return address.is_multicast or reserved
