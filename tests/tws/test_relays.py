"""Names of relays, as the process lists of the three systems show them."""

import pytest

from agent.tws.relays import RelayKind, relay_kind

KNOWN = {
    RelayKind.CONTAINER: (
        "docker-proxy", "rootlessport", "slirp4netns", "pasta", "pasta.avx2", "passt.avx2", "com.docker.backend",
        "com.docker.backend.exe", "com.docker.back", "OrbStack Helper", "limactl", "gvproxy.exe", "vpnkit.exe",
    ),
    RelayKind.MACHINE: ("wslrelay.exe", "VBoxHeadless.exe", "vmnat.exe", "qemu-system-x86_64", "qemu-kvm"),
    RelayKind.TUNNEL: ("ssh", "SSH.EXE", "sshd-session", "plink.exe", "kubectl", "kubectl.exe", "stunnel4", "autossh"),
    RelayKind.RELAY: ("socat", "socat.exe", "svchost.exe", "nginx", "haproxy", "systemd-socket-"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in KNOWN.items() for name in names])
def test_a_relay_is_known_by_its_name(kind: RelayKind, name: str) -> None:
    assert relay_kind(name) is kind


@pytest.mark.parametrize(
    "name", ["java", "ibgateway.exe", "python3.12", "postgres", "ssh-agent", "webserver", "", None]
)
def test_other_programs_are_no_relays(name: str | None) -> None:
    assert relay_kind(name) is None
