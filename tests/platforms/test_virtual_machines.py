"""What runs this machine, and which of its networks lead into others."""

from collections import namedtuple

import pytest

from agent.core.facts import Surroundings, SurroundingsKind, VirtualNetwork
from agent.platforms.virtual_machines import inside_of, networks

Address = namedtuple("Address", "address netmask")


@pytest.mark.parametrize(
    ("firmware", "gateway", "product", "outer"),
    [
        ("VMware, Inc. VMware Virtual Platform", "192.168.44.2", "VMware", "192.168.44.1"),
        ("VMware, Inc. VMware20,1", "192.168.1.1", "VMware", None),
        ("innotek GmbH VirtualBox", "10.0.2.2", "VirtualBox", "10.0.2.2"),
        ("Parallels International GmbH. Parallels Virtual Platform", "10.211.55.1", "Parallels", "10.211.55.2"),
        ("Microsoft Corporation Virtual Machine", "172.20.16.1", "Hyper-V", "172.20.16.1"),
        ("QEMU Standard PC (Q35 + ICH9, 2009)", "192.168.122.1", "QEMU", "192.168.122.1"),
        ("QEMU Standard PC (Q35 + ICH9, 2009)", None, "QEMU", None),
    ],
)
def test_a_virtual_machine_is_told_by_its_firmware(
    firmware: str, gateway: str | None, product: str, outer: str | None
) -> None:
    assert inside_of(firmware, "", gateway) == Surroundings(SurroundingsKind.VIRTUAL_MACHINE, outer, product)


@pytest.mark.parametrize(
    ("firmware", "asset_tag"),
    [
        ("LENOVO 20XW", ""),
        ("Microsoft Corporation Surface Laptop 4", ""),
        ("Amazon EC2 t3.small", ""),
        ("Microsoft Corporation Virtual Machine", "7783-7084-3265-9085-8269-3286-77\n"),
        ("", ""),
    ],
)
def test_a_machine_and_one_of_a_cloud_are_nothing_inside_another(firmware: str, asset_tag: str) -> None:
    assert inside_of(firmware, asset_tag, "10.0.2.2") == Surroundings()


def test_networks_of_virtual_machines_are_told_by_the_name_of_the_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = "255.255.255.0"
    found = {
        "eth0": [Address("192.168.1.20", mask)],
        "docker0": [Address("172.17.0.1", "255.255.0.0")],
        "br0": [Address("192.168.2.1", mask)],
        "vmnet8": [Address("192.168.44.1", mask), Address("fe80::1%vmnet8", "ffff:ffff:ffff:ffff::")],
        "bridge100": [Address("10.211.55.2", mask)],
        "bridge101": [Address("192.168.64.1", mask)],
        "vEthernet (WSL (Hyper-V firewall))": [Address("172.28.64.1", "255.255.240.0"), Address("00-15-5D-00", None)],
        "vEthernet (External)": [Address("192.168.1.21", mask)],
        "vboxnet0": [Address("fd17::1", "ffff:ffff:ffff:ffff::")],
    }
    monkeypatch.setattr("psutil.net_if_addrs", lambda: found)

    assert networks() == (
        VirtualNetwork("Docker", "172.17.0.1", 16),
        VirtualNetwork("VMware", "192.168.44.1", 24),
        VirtualNetwork("Parallels", "10.211.55.2", 24),
        VirtualNetwork("virtual machines", "192.168.64.1", 24),
        VirtualNetwork("WSL", "172.28.64.1", 20),
        VirtualNetwork("VirtualBox", "fd17::1", 64),
    )
