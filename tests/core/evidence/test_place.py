"""Where a host is, and as what the application sees this machine."""

import pytest

from agent.core.evidence.place import Whereabouts, place_of, relayed_from, seen_as
from agent.core.facts import Known, Surroundings, SurroundingsKind, VirtualNetwork
from agent.core.session_facts import Way
from agent.tws.relays import RelayKind
from tests.problems.scene import backing_off, connection, facts, machine, relay

IN_WSL = Known(Surroundings(SurroundingsKind.WSL, "172.28.64.1"))
IN_DOCKER = Known(Surroundings(SurroundingsKind.CONTAINER, "host.docker.internal"))
IN_VM = Known(Surroundings(SurroundingsKind.VIRTUAL_MACHINE, "10.211.55.2", "Parallels"))
VMWARE = (VirtualNetwork("VMware", "192.168.44.1", 24),)


@pytest.mark.parametrize(
    ("host", "around", "ways", "where"),
    [
        ("127.0.0.1", machine(), (), Whereabouts.LOOPBACK),
        ("::ffff:127.0.0.1", machine(), (), Whereabouts.LOOPBACK),
        ("192.168.1.20", machine(), (), Whereabouts.NETWORK),
        ("tws.example", machine(), (), Whereabouts.NETWORK),
        ("8.8.8.8", machine(), (), Whereabouts.PUBLIC),
        ("tws.example", machine(), (Way("8.8.8.8", "192.168.1.7"),), Whereabouts.PUBLIC),
        ("100.64.0.9", machine(), (), Whereabouts.NETWORK),
        ("192.168.44.128", machine(virtual_networks=VMWARE), (), Whereabouts.INSIDE),
        ("vm.local", machine(virtual_networks=VMWARE), (Way("192.168.44.128", "192.168.44.1"),), Whereabouts.INSIDE),
        ("192.168.45.128", machine(virtual_networks=VMWARE), (), Whereabouts.NETWORK),
        ("172.28.64.1", machine(surroundings=IN_WSL), (), Whereabouts.OUTSIDE),
        ("host.docker.internal", machine(surroundings=IN_DOCKER), (), Whereabouts.OUTSIDE),
        ("host.containers.internal", machine(surroundings=IN_DOCKER), (), Whereabouts.OUTSIDE),
        ("mac.local", machine(surroundings=IN_VM), (Way("10.211.55.2", "10.211.55.3"),), Whereabouts.OUTSIDE),
        ("host.docker.internal", machine(), (), Whereabouts.NETWORK),
    ],
)
def test_where_a_host_is(host: str, around: object, ways: tuple[Way, ...], where: Whereabouts) -> None:
    seen = facts(around, backing_off(ways=ways), wants=connection(host=host, port=4002))  # type: ignore[arg-type]

    assert place_of(seen) is where


def test_an_own_name_is_this_machine_and_loopback_where_it_comes_from_there() -> None:
    wants = connection(host="trader-pc", port=4002, here=True)

    assert place_of(facts(session=backing_off(), wants=wants)) is Whereabouts.HERE
    debian = backing_off(ways=(Way("127.0.1.1", "127.0.0.1", used=True),))
    assert place_of(facts(session=debian, wants=wants)) is Whereabouts.LOOPBACK


def test_wsl_that_shares_its_addresses_is_seen_as_it_is() -> None:
    mirrored = machine(surroundings=Known(Surroundings(SurroundingsKind.WSL, "127.0.0.1")))
    session = backing_off(ways=(Way("192.168.1.9", "192.168.1.7", used=True),))
    far = connection(host="192.168.1.9", port=4002)

    assert seen_as(facts(mirrored, session, wants=far)).address == "192.168.1.7"
    behind = seen_as(facts(machine(surroundings=IN_WSL), session, wants=far))
    assert behind.address == "the address of Windows"
    assert behind.lines[0] == "Gatelight’s connection came from 192.168.1.7"


def test_a_public_address_of_our_own_is_seen_as_it_is() -> None:
    session = backing_off(ways=(Way("8.8.8.8", "9.9.9.9", used=True),))

    assert seen_as(facts(machine(), session, wants=connection(host="8.8.8.8"))).address == "9.9.9.9"


@pytest.mark.parametrize("program", ["ssh", "plink.exe", "autossh"])
def test_behind_a_tunnel_it_is_that_of_its_other_end(program: str) -> None:
    assert seen_as(facts(), relay(4002, program)).address.startswith("the address of the tunnel’s other end (127.0.0.1")


def test_behind_another_relay_the_address_is_told_by_its_kind() -> None:
    assert seen_as(facts(), relay(4002, "docker-proxy")).address == "the gateway address of the container’s network"
    assert seen_as(facts(), relay(4002, "socat")).address == relayed_from(RelayKind.RELAY)


@pytest.mark.parametrize("kind", list(RelayKind))
def test_every_kind_of_relay_has_words_for_the_address_it_gives(kind: RelayKind) -> None:
    assert "address" in relayed_from(kind)
