"""Stand-ins: the same private thing is the same word, addresses stay addresses, and what is public stays as it is."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tws.hosts import address_of
from agent.tws.privacy import Private
from agent.tws.stand_ins import STAND_INS_EXPLAINED, StandIns

PRIVATE = Private(
    homes=("/data/alice.smith",),
    names=("alice.smith", "root"),
    words=("ntfys://box:pw7secret@ntfy.example.org/my-topic",),
)


def stand_ins() -> StandIns:
    return StandIns(PRIVATE, ("nas", "tws", "vm", "Trading-Box", "192.168.1.9", "localhost"), ("problem", "nas-4"))


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("DU1234567 and U7654321A, DU1234567", "account-1 and account-2, account-1"),
        ("F1234567 DF1234567 I1234567 u1234567", "account-1 account-2 account-3 account-4"),
        ("DUP123456,DUM123456", "account-1,account-2"),
        ("address:fe80::1 name:2a00:1450::5", "address:2001:db8:1::1 name:2001:db8:2::1"),
        ("/home/bob/x /data/alice.smith/k C:\\Users\\bob\\Jts /root", "~/x ~/k ~\\Jts ~"),
        ("alice.smith-bot of ALICE.SMITH", "user-1-bot of user-1"),
        ("root of all", "root of all"),
        ("192.168.1.5:4001 192.168.1.6 192.168.2.1 10.0.0.1", "100.65.1.1:4001 100.65.1.2 100.65.2.1 100.66.1.1"),
        ("8.8.8.8 and 8.8.4.4, 8.8.8.8", "192.88.99.1 and 192.88.99.2, 192.88.99.1"),
        ("127.0.0.1 127.0.1.1 ::1 0.0.0.0 :: localhost", "127.0.0.1 127.0.1.1 ::1 0.0.0.0 :: localhost"),
        ("fe80::1%eth0 [2a00:1450::5]:80 2a00:1450::6", "2001:db8:1::1 [2001:db8:2::1]:80 2001:db8:2::2"),
        ("::ffff:192.168.1.5", "100.65.1.1"),
        ("mybox.corp.example.com at nas:4002 of Trading-Box", "host-3 at host-2:4002 of host-1"),
        ("tws is up", "tws is up"),
        ("tws", "host-1"),
        ("VM", "host-1"),
        ("https://hooks.slack.com/services/T0/xyz", "https://host-1/•••"),
        ("http://nas2:8080/x", "http://host-1:8080/•••"),
        ("topic my-topic, pw7secret", "topic secret-2, secret-1"),
        ("bob@example.org wrote", "user-1@host-1 wrote"),
        ("DESKTOP-AB12CD3 and Annas-MacBook-Pro.local", "host-2 and host-1"),
        ("ibcalpha.ibc.IbcGateway /opt/config.ini edemo hunter2", "ibcalpha.ibc.IbcGateway •••"),
        ("password=hunter2 token: abcdef123 Bearer eyJhbGciOi", "password=•••"),
        ("token: abcdef123 and Bearer eyJhbGciOi", "token: ••• and Bearer •••"),
        ("pass\\u00adword\\ufeff=hunter2 and\\x0d", "password=•••"),
        ("DU12\\U0000200b34567 C:\\users", "account-1 C:\\users"),
        ("DU12\u200b34\xad567", "account-1"),
        ("problem", "problem"),
        ("nas-4", "nas-4"),
    ],
)
def test_what_stands_in(text: str, made: str) -> None:
    assert stand_ins().text(text) == made


@pytest.mark.parametrize(
    "text",
    [
        "IB Gateway 10.45.1 (pid 3117) listens on 4002, since 12:34:56",
        "java.io.IOException at java.net.SocketException in gatelight.log",
        "Market data farm connection is OK:usfarm.nj",
        "gdc1.ibllc.com:4001 and ndc1.ibllc.com",
        "host.docker.internal",
        "2026-11-29 19:24:42.123 +0100",
        "std::string",
        "256.1.1.1 1.2.3.4.5",
        "config.toml recording.jsonl about.txt start.sh tws.exe",
        "DU•••567",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert stand_ins().text(text) == text


def test_lines_and_json_have_the_same_ones() -> None:
    made = stand_ins()

    assert made.lines("pw=x y\nof nas\n") == "pw=•••\nof host-1\n"
    assert made.json({"nas": ["nas", 1, None, {"host": "192.168.1.5"}]}) == {
        "nas": ["host-1", 1, None, {"host": "100.65.1.1"}]
    }


V4 = st.ip_addresses(v=4).filter(lambda a: not (a.is_loopback or a.is_unspecified))


@given(one=V4, other=V4)
def test_an_address_stays_one_and_keeps_its_network(one: ipaddress.IPv4Address, other: ipaddress.IPv4Address) -> None:
    made = stand_ins()
    a, b = (ipaddress.ip_address(made.text(f"{address}")) for address in (one, other))
    public = [x for x in (one, other) if x.is_global and not x.is_multicast]

    assert (a == b) == (one == other)
    assert {one in ipaddress.ip_network("192.88.99.0/24"), a.is_global} == {one in public} or a.is_global == (
        one in public
    )
    if not public:
        for prefix in (16, 24):
            together = other in ipaddress.ip_network((int(one), prefix), strict=False)
            assert (b in ipaddress.ip_network((int(a), prefix), strict=False)) == together


V6 = st.ip_addresses(v=6).filter(lambda a: address_of(str(a)) == a and not (a.is_loopback or a.is_unspecified))


@given(address=V6)
def test_an_ipv6_address_is_never_seen_again(address: ipaddress.IPv6Address) -> None:
    said = stand_ins().text(f"from [{address}]:4001 and {address.exploded} came {str(address).upper()}")

    assert str(address) not in said.lower()
    assert address.exploded not in said


def test_every_kind_is_explained() -> None:
    told = "\n".join(STAND_INS_EXPLAINED)

    for word in (
        "account-1",
        "user-1",
        "host-1",
        "secret-1",
        "100.64.0.0/10",
        "2001:db8::/32",
        "192.88.99",
        "~",
        "•••",
    ):
        assert word in told
