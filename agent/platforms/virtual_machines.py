"""Virtual machines: what runs this one, and which networks of this computer lead into others."""

import ipaddress
import re

import psutil

from agent.core.facts import Surroundings, SurroundingsKind, VirtualNetwork
from agent.tws.hosts import address_of

_MAKERS = (
    (re.compile(r"vmware", re.IGNORECASE), "VMware"),
    (re.compile(r"virtualbox|innotek", re.IGNORECASE), "VirtualBox"),
    (re.compile(r"parallels", re.IGNORECASE), "Parallels"),
    (re.compile(r"microsoft corporation.*virtual machine", re.IGNORECASE), "Hyper-V"),
    (re.compile(r"qemu|\bkvm\b|bochs", re.IGNORECASE), "QEMU"),
)
"""By what a virtual machine's firmware names as its maker and model. Those of a cloud are not among them: the user
has no computer around them."""

_AZURE = "7783-7084-3265-9085-8269-3286-77"
"""The asset tag of Microsoft's cloud, whose machines are told as Hyper-V's (its documentation)."""

_INTERFACES = (
    (re.compile(r"docker\d+|br-[0-9a-f]{12}"), "Docker"),
    (re.compile(r"podman\d+|cni-podman\d+"), "Podman"),
    (re.compile(r"lxdbr\d+|lxcbr\d+|incusbr\d+"), "LXD"),
    (re.compile(r"virbr\d+"), "QEMU"),
    (re.compile(r"vmnet\d+|VMware Network Adapter VMnet\d+"), "VMware"),
    (re.compile(r"vboxnet\d+|VirtualBox Host-Only.*"), "VirtualBox"),
    (re.compile(r"vnic\d+"), "Parallels"),
    (re.compile(r"vEthernet \(WSL.*\)"), "WSL"),
    (re.compile(r"vEthernet \(Default Switch\)"), "Hyper-V"),
)
"""By the name that such a program gives to its end of the network. A switch that bridges into the network outside is
not among them: what is behind it is on that network like any other computer."""

_MAC_BRIDGE = re.compile(r"bridge1\d\d")
"""macOS gives all of them a bridge; the address tells Parallels from the rest."""
_PARALLELS = (ipaddress.ip_network("10.211.55.0/24"), ipaddress.ip_network("10.37.129.0/24"))
"""Its shared and host-only networks, unless the user changes them."""


def inside_of(firmware: str, asset_tag: str, gateway: str | None) -> Surroundings:
    """What this machine is, by what its firmware names as its maker and model, and by its default gateway."""
    product = next((name for pattern, name in _MAKERS if pattern.search(firmware)), None)
    if product is None or _AZURE in asset_tag:
        return Surroundings()
    return Surroundings(SurroundingsKind.VIRTUAL_MACHINE, _host_seen_by(product, gateway), product)


def _host_seen_by(product: str, gateway: str | None) -> str | None:
    """The address of the computer around a virtual machine, where its network is the product's own.

    The gateway is that computer with VirtualBox, QEMU and Hyper-V; VMware and Parallels have a router of their own, at
    the second address (VMware) or the first, and the computer at the first or the second.
    """
    address = address_of(gateway or "")
    if not isinstance(address, ipaddress.IPv4Address):
        return None
    last = int(address) & 0xFF
    if product == "Parallels":
        return str(address + 1) if any(address in network for network in _PARALLELS) and last == 1 else None
    if product == "VMware":
        return str(address - 1) if last == 2 else None
    own = {
        "VirtualBox": ("10.0.2.2/32", "192.168.56.0/24"),
        "QEMU": ("10.0.2.2/32", "192.168.122.0/24"),
        "Hyper-V": ("172.16.0.0/12",),
    }
    return str(address) if any(address in ipaddress.ip_network(network) for network in own[product]) else None


def networks() -> tuple[VirtualNetwork, ...]:
    """The networks of virtual machines and containers on this computer. Raises OSError or psutil.Error."""
    found = []
    for name, addresses in psutil.net_if_addrs().items():
        for each in addresses:
            address, mask = address_of(each.address), address_of(each.netmask or "")
            if address is None or mask is None or address.is_link_local:
                continue
            product = _product_of(name, address)
            if product is not None:
                found.append(VirtualNetwork(product, str(address), int(mask).bit_count()))
    return tuple(found)


def _product_of(interface: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str | None:
    if _MAC_BRIDGE.fullmatch(interface):
        return "Parallels" if any(address in network for network in _PARALLELS) else "virtual machines"
    return next((name for pattern, name in _INTERFACES if pattern.fullmatch(interface)), None)
