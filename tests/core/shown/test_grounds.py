"""Every value of a connection names the fact it stands on, and goes with it."""

from dataclasses import fields, replace

import pytest

from agent.core.facts import Facts, Unknown
from agent.core.shown.display import IconState
from agent.core.shown.grounds import GROUNDS, Ground, grounded
from agent.core.shown.status import ShownApplication, ShownConnection, ShownProgram
from agent.tws.farms import Farm, FarmKind, FarmStatus
from tests.problems.scene import backing_off, connected, connection, facts, gateway, machine

FULL = ShownConnection(
    "Paper Gateway",
    "127.0.0.1",
    4002,
    IconState.CONNECTED,
    "connected",
    0.0,
    application=ShownApplication("gateway", "10.45", 3117, 0.0, (4002,)),
    client_id=7,
    server_version=178,
    latency=0.001,
    trading_mode="paper",
    accounts=("DU1234567",),
    farms=(Farm("usfarm", FarmKind.MARKET_DATA, FarmStatus.OK, 0.0),),
    programs=(ShownProgram(1, "bot", 0.0),),
)


def test_every_value_names_its_fact() -> None:
    assert {f.name for f in fields(ShownConnection)} == set(GROUNDS), "name the fact of each field in `GROUNDS`"
    assert all(ground.words for ground in Ground)


def lost(seen: Facts) -> set[str]:
    """The fields whose values are gone."""
    kept = grounded(FULL, seen)
    return {f.name for f in fields(FULL) if getattr(kept, f.name) != getattr(FULL, f.name)}


OF_SESSION = {"server_version", "latency", "trading_mode", "accounts", "farms"}


@pytest.mark.parametrize(
    ("seen", "gone"),
    [
        (facts(machine(gateway()), connected()), set()),
        (facts(machine(gateway()), replace(connected(), heartbeat_unanswered=2)), {"latency", "farms"}),
        (facts(machine(gateway()), backing_off()), OF_SESSION),
        (facts(machine(), backing_off()), OF_SESSION | {"application"}),
        (facts(machine(gateway(), sockets=Unknown("no rights")), connected()), {"programs"}),
        (facts(machine(gateway()), connected(), wants=connection(host="192.0.2.7")), {"programs"}),
    ],
)
def test_a_value_whose_fact_is_not_known_now_is_not_shown(seen: Facts, gone: set[str]) -> None:
    assert lost(seen) - {"application"} == gone - {"application"}


def test_what_stands_is_not_touched() -> None:
    seen = facts(machine(gateway()), connected())

    assert grounded(FULL, seen) is FULL
    assert grounded(replace(FULL, programs=None), seen).programs is None
