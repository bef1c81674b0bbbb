"""From where this machine reaches a host, asked of the real kernel."""

import ipaddress
import socket

import pytest

from agent.core.session_facts import Way
from agent.session import ways as module
from agent.session.ways import MOST_WAYS, ways

V4, V6 = socket.AF_INET, socket.AF_INET6


def test_loopback_is_reached_from_loopback() -> None:
    assert ways([(V4, ("127.0.0.1", 4002))], None) == (Way("127.0.0.1", "127.0.0.1"),)


def test_another_address_of_loopback_is_reached_from_127_0_0_1() -> None:
    assert ways([(V4, ("127.0.1.1", 4002))], None) == (Way("127.0.1.1", "127.0.0.1"),)


def test_the_way_that_was_gone_is_marked() -> None:
    places = [(V6, ("::1", 4002, 0, 0)), (V4, ("127.0.0.1", 4002))]
    _, used = ways(places, ("127.0.0.1", "127.0.0.1"))

    assert used == Way("127.0.0.1", "127.0.0.1", used=True)


def test_ipv4_inside_ipv6_is_ipv4() -> None:
    assert ways([], ("::ffff:127.0.0.1", "::ffff:127.0.0.1")) == (Way("127.0.0.1", "127.0.0.1", used=True),)


def test_each_address_is_told_once_and_not_too_many() -> None:
    assert len(ways([(V4, ("127.0.0.1", 1)), (V4, ("127.0.0.1", 1))], None)) == 1
    assert len(ways([(V4, (f"127.0.0.{n}", 1)) for n in range(1, 50)], None)) == MOST_WAYS


def test_where_no_way_leads_none_is_made_up() -> None:
    assert ways([(V4, ("255.255.255.255", 1))], None)[0].ours is None


def test_a_neighbour_in_an_own_network_is_told_from_an_address_behind_a_router(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "own_networks", lambda: (ipaddress.ip_network("172.20.0.0/16"),))
    near, far = ways([], ("172.20.0.3", "172.20.0.2")) + ways([], ("172.20.0.3", "192.168.1.20"))

    assert near == Way("172.20.0.2", "172.20.0.3", used=True, near=True)
    assert not far.near


def test_where_the_networks_are_not_shown_no_neighbour_is_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> tuple[ipaddress.IPv4Network, ...]:
        raise PermissionError

    monkeypatch.setattr(module, "own_networks", refuse)

    assert not ways([], ("172.20.0.3", "172.20.0.2"))[0].near
