"""Where a relay listens, and who may connect."""

import socket

import pytest

from agent.relay.listening import Admission, open_listeners


@pytest.mark.parametrize(
    ("peer", "own", "taken"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "::1", True),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1", True),
        ("192.168.1.9", "192.168.1.9", True),
        ("192.168.1.20", "192.168.1.9", True),
        ("::ffff:192.168.1.20", "::ffff:192.168.1.9", True),
        ("192.168.1.21", "192.168.1.9", False),
        ("172.17.0.2", "172.17.0.1", True),
        ("172.18.0.2", "172.18.0.1", False),
        ("fe80::1%eth0", "fe80::2%eth0", False),
        ("fd00::7", "fd00::1", True),
        ("nonsense", "127.0.0.1", False),
    ],
)
def test_this_machine_and_what_the_user_named_may_connect(peer: str, own: str, taken: bool) -> None:
    assert Admission(("192.168.1.20", "172.17.0.1/16", "fd00::/8")).lets_in(peer, own) is taken


def test_with_nothing_named_this_machine_alone_may() -> None:
    assert Admission(()).lets_in("10.1.2.3", "10.1.2.3")
    assert not Admission(()).lets_in("10.1.2.4", "10.1.2.3")


@pytest.mark.parametrize(("beyond", "addresses"), [(False, {"127.0.0.1", "::1"}), (True, {"0.0.0.0", "::"})])
def test_it_listens_on_loopback_alone_unless_another_computer_is_named(beyond: bool, addresses: set[str]) -> None:
    opened = open_listeners("test", 0, beyond=beyond)
    try:
        assert {one.getsockname()[0] for one in opened} <= addresses
        assert len({one.getsockname()[1] for one in opened}) == 1
        assert opened[0].family is socket.AF_INET
    finally:
        for one in opened:
            one.close()
