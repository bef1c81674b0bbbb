"""The networks of this machine, asked of the real system."""

import ipaddress

from agent.platforms.interfaces import addresses_by_interface, own_networks
from agent.tws.hosts import address_of


def test_each_address_of_this_machine_is_in_one_of_its_own_networks() -> None:
    told = [address_of(a) for found in addresses_by_interface().values() for a in found]
    networks = own_networks()

    for address in told:
        if address is not None and not address.is_loopback:
            assert any(address in network for network in networks)


def test_loopback_is_none_of_them() -> None:
    assert not any(ipaddress.ip_address("127.0.0.1") in network for network in own_networks())
