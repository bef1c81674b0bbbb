"""Hosts as people write them: one spelling, loopback, public."""

import pytest

from agent.tws.hosts import address_of, is_impossible, is_local, is_public, spelled_host


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.2", "127.255.255.254", "localhost", "LOCALHOST", " localhost ", "localhost."),
        *("::1", "[::1]", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "[::FFFF:127.0.0.1]", "::ffff:7f00:1"),
        *("0.0.0.0", "::", "ip6-localhost", "ip6-loopback", "localhost6", "tws.localhost"),
    ],
)
def test_these_hosts_mean_this_machine(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize(
    "host",
    [
        *("192.168.1.20", "128.0.0.1", "127.0.0", "127.0.0.256", "fe80::1", "trader-pc", "", "localhost.example.com"),
        *("notlocalhost", "::ffff:192.168.1.20", "::2"),
    ],
)
def test_these_hosts_need_not(host: str) -> None:
    assert not is_local(host)


@pytest.mark.parametrize(
    ("host", "spelled"),
    [
        ("Trader-PC.", "trader-pc"),
        ("[FE80::1%eth0]", "fe80::1"),
        ("::ffff:192.168.1.20", "192.168.1.20"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        (" 192.168.1.20 ", "192.168.1.20"),
    ],
)
def test_a_host_has_one_spelling(host: str, spelled: str) -> None:
    assert spelled_host(host) == spelled
    assert spelled_host(spelled) == spelled


def test_a_name_has_no_address_of_its_own() -> None:
    assert address_of("trader-pc") is None
    assert str(address_of("[::ffff:10.0.0.1]")) == "10.0.0.1"


@pytest.mark.parametrize("host", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(host: str) -> None:
    assert is_public(host)


@pytest.mark.parametrize(
    "host", ["192.168.1.20", "10.0.0.1", "172.20.1.1", "100.64.3.4", "fd00::1", "fe80::1", "127.0.0.1", "a"]
)
def test_other_addresses_and_names_are_not(host: str) -> None:
    assert not is_public(host)


@pytest.mark.parametrize("host", ["0.0.0.127", "0.1.2.3", "224.0.0.1", "255.255.255.255", "240.0.0.1", "ff02::1"])
def test_addresses_that_no_computer_has_are_told(host: str) -> None:
    assert is_impossible(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "127.0.0.1", "::1", "10.0.0.255", "192.168.1.20", "fe80::1", "pc"])
def test_addresses_that_a_computer_may_have_are_not(host: str) -> None:
    assert not is_impossible(host)
