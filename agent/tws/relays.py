"""Programs that pass connections on: by which name each is known, and what it leads to.

A name is a hint. Whether a program relays is proven by what it does: a relay that leads to a TWS answers as one.
"""

import re
from enum import StrEnum


class RelayKind(StrEnum):
    """What a relay leads to, as users call it."""

    CONTAINER = "container"
    """A container engine publishes a port of a container."""
    MACHINE = "virtual machine"
    """A virtual machine, or WSL, publishes a port of the system in it."""
    TUNNEL = "tunnel"
    """Another computer, reached through a connection that this program keeps."""
    RELAY = "relay"
    """Any address, as its configuration says."""


_NAMES: dict[RelayKind, str] = {
    # Docker: docker-proxy (Docker's documentation, "Packet filtering and firewalls"); on Docker Desktop
    # com.docker.backend, formerly vpnkit ("Networking on Docker Desktop"). Rootless Docker and nerdctl: RootlessKit
    # (its docs/port.md). Podman: rootlessport, slirp4netns or pasta (podman-run(1), --network); conmon holds the ports
    # of root's containers; in its virtual machine gvproxy (gvisor-tap-vsock) and win-sshproxy. OrbStack: its "OrbStack
    # Helper". Lima, and Colima, Finch and Rancher Desktop, which build on it: limactl, or ssh (Lima's documentation,
    # "Port Forwarding"); Rancher Desktop on Windows: host-switch. LXD and Incus: forkproxy of their server.
    RelayKind.CONTAINER: """
        docker-proxy rootlesskit rootlesskit-docker-proxy rootlessport slirp4netns pasta passt conmon gvproxy
        win-sshproxy com.docker.backend com.docker.vpnkit com.docker.proxy com.docker.slirp vpnkit vpnkit-bridge
        vpnkit-forwarder limactl orbstack orbstack_helper host-switch rancher-desktop lxd incusd
    """,
    # WSL: wslrelay, with mirrored networking wslservice (WSL's technical documentation, "Localhost"); before, wslhost.
    # VirtualBox: the process of the machine itself (its manual, "Network Address Translation"). VMware: vmnat and
    # vmnet-natd (its documentation of nat.conf). QEMU listens itself (its documentation, hostfwd), and on Linux it does
    # so for Docker Desktop. UTM: QEMULauncher. Parallels: prl_naptd.
    RelayKind.MACHINE: """
        wslrelay wslservice wslhost vboxheadless virtualboxvm virtualbox vboxnetnat vmnat vmnet-natd
        qemu qemu-system qemu-kvm qemulauncher prl_naptd
    """,
    # OpenSSH (ssh(1): -L listens as ssh, -R as sshd, since 9.8 as sshd-session), dropbear, PuTTY, Bitvise, MobaXterm,
    # stunnel, kubectl port-forward (OpenShift: oc) and programs that do the same, tunnels of cloud providers.
    RelayKind.TUNNEL: """
        ssh sshd sshd-session autossh dropbear dbclient putty plink kitty bvssh bitvise mobaxterm stunnel tstunnel
        ghostunnel kubectl oc k9s lens chisel frpc frps cloudflared session-manager-plugin wstunnel sshuttle
    """,
    # Gatelight's own (`agent.relay`).
    # `netsh interface portproxy` listens in the IP Helper service, which runs in svchost (Microsoft's documentation of
    # netsh interface portproxy). The servers pass TCP on when told to, nginx by its stream module.
    RelayKind.RELAY: """
        gatelight socat rinetd redir portfwd gost ncat simpleproxy haproxy nginx envoy traefik caddy svchost
        systemd-socket-proxyd xinetd
    """,
}
_KINDS = {name: kind for kind, names in _NAMES.items() for name in names.split()}

_ENDING = re.compile(r"(?:\.(?:exe|bin|avx2|avx512\w*|sse\w*))+$")
"""Of a program file, and of a build for one kind of processor: passt comes with pasta.avx2 (its Makefile)."""
_BUILD = re.compile(r"[-_.]?(?:\d[\w.]*|(?:x86_64|i386|amd64|arm64|aarch64)[\w.-]*)$")
"""A version or a processor at the end of a name, as in stunnel4 and qemu-system-x86_64."""
_SHORTEST_CUT = 15
"""Characters that Linux keeps of a name: what is cut there stands for the longer one."""


def relay_kind(program: str | None) -> RelayKind | None:
    """What a program of this name passes connections on to; None for any that is not known to."""
    if not program:
        return None
    name = _ENDING.sub("", program.strip().lower()).replace(" ", "_")
    for spelled in (name, _BUILD.sub("", name)):
        if spelled in _KINDS:
            return _KINDS[spelled]
    if len(name) >= _SHORTEST_CUT:
        return next((kind for known, kind in _KINDS.items() if known.startswith(name)), None)
    return None
