"""Linux: routes, WSL, containers and installations, from recorded files."""

from pathlib import Path

import pytest

from agent.core.facts import Installation, Surroundings, SurroundingsKind
from agent.platforms.linux import Linux, default_gateway, is_container, is_wsl, published_port, routes_lead_out
from agent.tws.applications import ApplicationKind

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
DEFAULT = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
SECOND_DEFAULT = "wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
LAN = "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
DOCKER = "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
LINK_LOCAL = "eth0\t0000FEA9\t00000000\t0001\t0\t0\t1000\t0000FFFF\t0\t0\t0\n"
REJECTED = "eth0\t00000000\t00000000\t0201\t0\t0\t100\t00000000\t0\t0\t0\n"
V6_DEFAULT = f"{0:032x} 00 {0:032x} 00 fe80{1:028x} 00000400 00000001 00000000 00000003     eth0\n"
V6_LINK = f"fe80{0:028x} 40 {0:032x} 00 {0:032x} 00000100 00000002 00000000 00000001     eth0\n"
V6_LOCAL = f"fd00{2:028x} 80 {0:032x} 00 {0:032x} 00000000 00000003 00000000 80200001     eth0\n"
V6_NO_DEFAULT = f"{0:032x} 00 {0:032x} 00 {0:032x} ffffffff 00000001 00000000 00200200       lo\n"
UP = frozenset({"lo", "eth0", "docker0"})


@pytest.mark.parametrize(
    ("routes", "ipv6", "up", "out"),
    [
        (HEAD + DEFAULT + LAN, "", UP, True),
        (HEAD + LAN, "", UP, True),
        (HEAD + DEFAULT, "", frozenset({"lo"}), False),
        (HEAD + DOCKER, "", UP, False),
        (HEAD + LINK_LOCAL, "", UP, False),
        (HEAD + REJECTED, "", UP, False),
        (HEAD, V6_DEFAULT, UP, True),
        (HEAD, V6_LINK + V6_LOCAL + V6_NO_DEFAULT, UP, False),
        (HEAD, V6_DEFAULT, frozenset({"lo"}), False),
        ("", "", UP, False),
    ],
    ids=[
        "default route",
        "local network only",
        "cable pulled",
        "containers only",
        "link-local only",
        "default rejected",
        "IPv6 only",
        "IPv6 without a way out",
        "IPv6 with the cable pulled",
        "nothing",
    ],
)
def test_the_routing_tables_tell_whether_there_is_a_way_out(
    routes: str, ipv6: str, up: frozenset[str], out: bool
) -> None:
    assert routes_lead_out(routes, ipv6, up) is out


def test_of_two_default_routes_the_cheaper_one_names_the_gateway() -> None:
    assert default_gateway(HEAD + SECOND_DEFAULT + DEFAULT + LAN) == "192.168.1.1"


def test_without_a_default_route_there_is_no_gateway() -> None:
    assert default_gateway(HEAD + LAN) is None


def test_wsl_is_told_by_its_kernel() -> None:
    assert is_wsl("Linux version 6.6.87.2-microsoft-standard-WSL2 (root@x) (gcc 11.2.0) #1 SMP")
    assert not is_wsl("Linux version 6.12.9-amd64 (debian-kernel@lists.debian.org)")


@pytest.mark.parametrize(
    ("cgroup", "container"),
    [
        ("12:pids:/docker/0123abcd\n", True),
        ("0::/system.slice/docker-0123abcd.scope\n", True),
        ("0::/kubepods.slice/kubepods-pod1.slice\n", True),
        ("0::/user.slice/user-1000.slice/libpod-77.scope\n", True),
        ("1:name=systemd:/lxc/box\n", True),
        ("0::/init.scope\n", False),
        ("0::/user.slice/user-1000.slice/session-2.scope\n", False),
        ("0::/system.slice/docker.service\n", False),
    ],
)
def test_a_container_is_told_by_its_control_group(cgroup: str, container: bool) -> None:
    assert is_container(cgroup) is container


def machine(root: Path, files: dict[str, str]) -> Linux:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Linux(root, root / "home/alice")


def test_plain_linux_is_inside_nothing(tmp_path: Path) -> None:
    linux = machine(tmp_path, {"proc/version": "Linux version 6.12.9-amd64", "proc/1/cgroup": "0::/init.scope"})

    assert linux.surroundings() == Surroundings()


@pytest.mark.parametrize("mark", [".dockerenv", "run/.containerenv"])
def test_a_container_reaches_its_host_by_name(tmp_path: Path, mark: str) -> None:
    linux = machine(tmp_path, {mark: "", "proc/version": "Linux 6.6-microsoft-standard-WSL2"})

    assert linux.surroundings() == Surroundings(SurroundingsKind.CONTAINER, "host.docker.internal")


def test_wsl_reaches_windows_at_its_gateway(tmp_path: Path) -> None:
    linux = machine(tmp_path, {"proc/version": "Linux 6.6-microsoft-standard-WSL2", "proc/net/route": HEAD + DEFAULT})

    assert linux.surroundings() == Surroundings(SurroundingsKind.WSL, "192.168.1.1")


def test_wsl_with_mirrored_networking_reaches_windows_on_loopback(tmp_path: Path) -> None:
    linux = machine(
        tmp_path,
        {"proc/version": "Linux 6.6-microsoft", "proc/net/route": HEAD + DEFAULT, "sys/class/net/loopback0/mtu": ""},
    )

    assert linux.surroundings() == Surroundings(SurroundingsKind.WSL, "127.0.0.1")


def test_both_applications_are_found_where_installers_put_them(tmp_path: Path) -> None:
    linux = machine(
        tmp_path,
        {
            "home/alice/Jts/1045/tws": "",
            "home/alice/Jts/ibgateway/10.50.1d/ibgateway": "",
            "home/alice/Jts/1030/jts.ini": "",
            "opt/ibgateway/ibgateway": "",
            "home/alice/Jts/darykq/tws": "",
        },
    )
    found = {(i.kind, i.version, i.path) for i in linux.installations()}

    assert found == {
        (ApplicationKind.TWS, "10.45", str(tmp_path / "home/alice/Jts/1045")),
        (ApplicationKind.GATEWAY, "10.50", str(tmp_path / "home/alice/Jts/ibgateway/10.50.1d")),
        (ApplicationKind.GATEWAY, None, str(tmp_path / "opt/ibgateway")),
    }
    assert all(isinstance(i, Installation) for i in linux.installations())


def test_a_process_of_another_network_is_elsewhere(tmp_path: Path) -> None:
    linux = machine(tmp_path, {})
    for pid, network in (("self", "net:[1]"), ("10", "net:[1]"), ("11", "net:[2]")):
        folder = tmp_path / "proc" / pid / "ns"
        folder.mkdir(parents=True)
        (folder / "net").symlink_to(network)

    assert not linux.is_elsewhere(10)
    assert linux.is_elsewhere(11)


def test_where_its_network_is_withheld_the_control_group_tells(tmp_path: Path) -> None:
    linux = machine(
        tmp_path,
        {
            "proc/self/cgroup": "0::/user.slice\n",
            "proc/10/cgroup": "0::/system.slice/docker-12.scope\n",
            "proc/11/cgroup": "0::/user.slice/user-1001.slice\n",
        },
    )

    assert linux.is_elsewhere(10)
    assert not linux.is_elsewhere(11)


def test_a_container_relay_tells_its_port_on_this_machine() -> None:
    cmdline = ["/usr/bin/docker-proxy", "-proto", "tcp", "-host-ip", "127.0.0.1", "-host-port", "4001"]

    assert published_port([*cmdline, "-container-ip", "172.18.0.2", "-container-port", "4003"]) == 4001
    assert published_port(["ssh", "-L", "4001:localhost:4001", "server"]) is None
    assert published_port(["docker-proxy", "-proto", "tcp", "-host-port"]) is None
    assert published_port(["docker-proxy", "-proto", "udp", "-host-port", "4001"]) is None
    assert published_port(["docker-proxy", "-proto", "tcp", "-host-port", "1" * 5000]) is None


@pytest.mark.parametrize(
    ("flags", "state", "route"),
    [("0x1003", "up", True), ("0x1003", "unknown", True), ("0x1002", "up", False), ("0x1003", "down", False)],
)
def test_a_route_counts_while_its_interface_is_on_and_running(
    tmp_path: Path, flags: str, state: str, route: bool
) -> None:
    name = DEFAULT.split()[0]
    linux = machine(
        tmp_path,
        {
            "proc/net/route": HEAD + DEFAULT,
            f"sys/class/net/{name}/flags": flags + "\n",
            f"sys/class/net/{name}/operstate": state + "\n",
        },
    )

    assert linux.has_route() is route
