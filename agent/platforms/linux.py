"""Linux: what detection needs to know about it, WSL and containers included."""

import os
import re
import socket
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

from agent.core.facts import Installation, Surroundings, SurroundingsKind
from agent.platforms import installations, interfaces, virtual_machines
from agent.platforms.kernel_files import kernel_file
from agent.platforms.linux_processes import ProcTable
from agent.platforms.process_table import ProcessTable
from agent.platforms.sockets.linux import NetlinkReader, dump
from agent.platforms.sockets.row import SocketReader
from agent.platforms.sockets.through_psutil import PsutilReader
from agent.tws.ports import port_in

_ROUTE_UP, _ROUTE_REJECT, _ROUTE_LOCAL = 0x1, 0x200, 0x80000000
"""RTF_UP, RTF_REJECT of linux/route.h and RTF_LOCAL of linux/ipv6_route.h."""

_IFF_UP = 0x1
"""Of linux/if.h: switched on."""
_RUNNING = ("up", "unknown")
"""Operational states of an interface that counts as running (netif_oper_up of linux/netdevice.h)."""

_BRIDGES = ("docker", "br-", "virbr", "veth", "lxc", "lxd", "cni", "podman")
"""First letters of interfaces that lead to containers and virtual machines on this machine."""

_CONTAINER = re.compile(r"/docker[/-]|/kubepods|/lxc[./]|libpod-|containerd|/buildkit/")


def default_gateway(routes: str) -> str | None:
    """The gateway of the default route in the text of /proc/net/route; of several routes, the one of lowest metric."""
    found = [
        (int(fields[6]), _ipv4(fields[2]))
        for fields in _ipv4_routes(routes)
        if fields[1] == "00000000" and fields[7] == "00000000" and fields[2] != "00000000"
    ]
    return min(found)[1] if found else None


def routes_lead_out(routes: str, ipv6_routes: str, up: frozenset[str]) -> bool:
    """Whether the routing tables (/proc/net/route, /proc/net/ipv6_route) lead beyond this machine.

    A default route on an interface that is up does. A narrower route does too, unless it leads only to loopback,
    link-local or multicast addresses, or to containers of this machine.
    """
    for fields in _ipv4_routes(routes):
        default = fields[1] == "00000000"
        usable = fields[0] in up and (default or not fields[0].startswith(_BRIDGES))
        if usable and not _ipv4(fields[1]).startswith(("127.", "169.254.", "224.")):
            return True
    for line in ipv6_routes.splitlines():
        fields = line.split()
        if len(fields) < 10:
            continue
        destination, prefix, flags, name = fields[0], fields[1], int(fields[8], 16), fields[9]
        if not _is_usable(flags) or name == "lo" or name not in up:
            continue
        default = prefix == "00"
        if default or not (name.startswith(_BRIDGES) or destination.startswith(("fe8", "ff"))):
            return True
    return False


def named_in(routes: str, ipv6_routes: str) -> frozenset[str]:
    """The interfaces that the routing tables name, without loopback."""
    names = {f[0] for f in _ipv4_routes(routes)} | {line.split()[-1] for line in ipv6_routes.splitlines() if line}
    return frozenset(names - {"lo"})


def _ipv4_routes(text: str) -> list[list[str]]:
    rows = [line.split() for line in text.splitlines()[1:]]
    return [f for f in rows if len(f) >= 8 and f[0] != "lo" and _is_usable(int(f[3], 16))]


def _is_usable(flags: int) -> bool:
    return bool(flags & _ROUTE_UP) and not flags & (_ROUTE_REJECT | _ROUTE_LOCAL)


def _ipv4(little_endian: str) -> str:
    return socket.inet_ntoa(struct.pack("<I", int(little_endian, 16)))


def is_wsl(version: str) -> bool:
    """Whether the text of /proc/version is from a kernel for WSL."""
    return "microsoft" in version.lower()


def is_container(cgroup: str) -> bool:
    """Whether the text of a /proc/<pid>/cgroup is from a process in a container."""
    return _CONTAINER.search(cgroup) is not None


def published_port(cmdline: Sequence[str]) -> int | None:
    """The port of this machine that a docker-proxy with this command line listens on."""
    if "-host-port" not in cmdline[:-1] or "tcp" not in cmdline:
        return None
    return port_in(cmdline[list(cmdline).index("-host-port") + 1])


class Linux:
    """Linux as a `Platform`."""

    def __init__(self, root: Path = Path("/"), home: Path | None = None) -> None:
        self._root = root
        self._home = home or Path.home()

    def settings_roots(self) -> tuple[Path, ...]:
        """See `Platform`."""
        return (self._home / "Jts",)

    def installations(self) -> tuple[Installation, ...]:
        """See `Platform`."""
        home, opt = self._home, self._root / "opt"
        return installations.in_folders(
            (home / "Jts", home, opt, opt / "Jts", opt / "ibgateway", opt / "ibgateway/Jts", opt / "ibkr")
        )

    def surroundings(self) -> Surroundings:
        """See `Platform`."""
        marks = (self._root / ".dockerenv", self._root / "run/.containerenv")
        if any(mark.exists() for mark in marks) or is_container(self._text("proc/1/cgroup")):
            return Surroundings(SurroundingsKind.CONTAINER, "host.docker.internal")
        if is_wsl(self._text("proc/version")):
            # With mirrored networking Windows is 127.0.0.1; the interface loopback0 shows that.
            mirrored = (self._root / "sys/class/net/loopback0").exists()
            address = "127.0.0.1" if mirrored else default_gateway(self._text("proc/net/route"))
            return Surroundings(SurroundingsKind.WSL, address)
        told = "sys/class/dmi/id/"
        firmware = f"{self._text(told + 'sys_vendor')} {self._text(told + 'product_name')}"
        gateway = default_gateway(self._text("proc/net/route"))
        return virtual_machines.inside_of(" ".join(firmware.split()), self._text(told + "chassis_asset_tag"), gateway)

    def has_route(self) -> bool:
        """See `Platform`."""
        try:
            routes = kernel_file(self._root / "proc/net/route")
        except OSError:
            return interfaces.leads_out(interfaces.addresses_by_interface(), interfaces.interfaces_up())
        ipv6_routes = self._text("proc/net/ipv6_route")
        return routes_lead_out(routes, ipv6_routes, self._up(named_in(routes, ipv6_routes)))

    def _up(self, names: Iterable[str]) -> frozenset[str]:
        """Which of these interfaces are up and running."""
        found = set()
        for name in names:
            place = self._root / "sys/class/net" / name
            try:
                flags, state = kernel_file(place / "flags"), kernel_file(place / "operstate").strip()
            except OSError:
                # A sandbox without /sys.
                return interfaces.interfaces_up()
            if int(flags, 16) & _IFF_UP and state in _RUNNING:
                found.add(name)
        return frozenset(found)

    def socket_reader(self) -> SocketReader:
        """See `Platform`."""
        try:
            dump(frozenset({1}), lambda local, remote, inode: False)
        except OSError:
            # A sandbox, or a kernel without the tcp_diag module.
            return PsutilReader()
        return NetlinkReader()

    def process_table(self) -> ProcessTable:
        """See `Platform`."""
        return ProcTable()

    def is_elsewhere(self, pid: int) -> bool:
        """See `Platform`. Where the network of a process is withheld, its control group decides."""
        own, its = (self._root / "proc" / x / "ns/net" for x in ("self", str(pid)))
        try:
            return own.readlink() != its.readlink()
        except OSError:
            group = self._text(f"proc/{pid}/cgroup")
            return is_container(group) and group != self._text("proc/self/cgroup")

    def published_port(self, cmdline: list[str]) -> int | None:
        """See `Platform`."""
        return published_port(cmdline)

    def with_window(self, pids: frozenset[int]) -> frozenset[int] | None:
        """See `Platform`."""
        if not os.environ.get("DISPLAY"):
            return None
        from agent.platforms.foreground import linux

        return linux.with_window(pids)

    def bring_to_front(self, pid: int) -> str | None:
        """See `Platform`."""
        if not os.environ.get("DISPLAY"):
            return "Gatelight runs without a screen"
        from agent.platforms.foreground import linux

        return linux.bring_to_front(pid)

    def _text(self, path: str) -> str:
        try:
            return kernel_file(self._root / path)
        except OSError:
            return ""
