from dataclasses import replace

import pytest

from agent.core.facts import RelaySeen, Unknown
from agent.core.relay_facts import RelayOrder
from agent.core.state_machine.relay_plan import (
    STARTS_AGAIN_AFTER,
    STARTS_COUNTED,
    RelayStep,
    StartRelay,
    TellRelay,
    next_start,
    plan_relays,
)

MINE = RelayOrder("Mine", 5002, "127.0.0.1", 4002)
YOURS = RelayOrder("Yours", 5003, "127.0.0.1", 4001)


def running(order: RelayOrder, pid: int = 880, **told: object) -> RelaySeen:
    seen = RelaySeen(order.name, pid, order.listen, order.host, order.port, Unknown("not counted here"))
    return replace(seen, allow=order.allow, lines=order.lines, kept=True, **told)  # type: ignore[arg-type]


R = running(MINE)
DRAIN = TellRelay(R, replace(MINE, drain=True))


@pytest.mark.parametrize(
    ("wanted", "seen", "steps"),
    [
        ((MINE,), (), (StartRelay(MINE),)),
        ((MINE,), (R,), ()),
        ((replace(MINE, name="MINE"),), (R,), (TellRelay(R, replace(MINE, name="MINE")),)),
        ((replace(MINE, port=4001),), (R,), (TellRelay(R, replace(MINE, port=4001)),)),
        ((replace(MINE, allow=("192.0.2.7",)),), (R,), (TellRelay(R, replace(MINE, allow=("192.0.2.7",))),)),
        ((replace(MINE, lines=50),), (R,), (TellRelay(R, replace(MINE, lines=50)),)),
        ((replace(MINE, name="Other"),), (R,), (TellRelay(R, replace(MINE, name="Other")),)),
        ((replace(MINE, listen=6000),), (R,), (StartRelay(replace(MINE, listen=6000)), DRAIN)),
        ((), (R,), (DRAIN,)),
        ((), (replace(R, draining=True),), ()),
        ((MINE,), (replace(R, draining=True),), (StartRelay(MINE),)),
        # A relay that the user runs is left alone, and none is started beside it.
        ((replace(MINE, port=4001),), (replace(R, kept=False),), ()),
        ((replace(MINE, name="Other"),), (replace(R, kept=False),), ()),
        ((), (replace(R, kept=False),), ()),
        # Two that change ports with each other: first both have to leave them.
        (
            (replace(MINE, listen=5003), replace(YOURS, listen=5002)),
            (R, running(YOURS, 881)),
            (DRAIN, TellRelay(running(YOURS, 881), replace(YOURS, drain=True))),
        ),
    ],
)
def test_the_steps_from_what_runs_to_what_is_wanted(
    wanted: tuple[RelayOrder, ...], seen: tuple[RelaySeen, ...], steps: tuple[RelayStep, ...]
) -> None:
    assert plan_relays(wanted, seen, ()) == steps


def test_one_that_is_held_is_not_started() -> None:
    assert plan_relays((MINE, YOURS), (), {"Mine"}) == (StartRelay(YOURS),)


def test_a_relay_that_does_not_last_is_started_seldom() -> None:
    assert next_start((), failed=True) == float("-inf")
    assert next_start((10.0, 11.0), failed=False) < 11.0
    assert next_start((10.0, 11.0, 12.0), failed=False) == 12.0 + STARTS_AGAIN_AFTER
    assert next_start((10.0, 11.0, 11.0 + STARTS_COUNTED), failed=False) < 11.0
    assert next_start((10.0,), failed=True) == 10.0 + STARTS_AGAIN_AFTER


def test_an_order_survives_its_way_to_the_relay() -> None:
    order = RelayOrder("Mine", 5002, "fe80::1", 4002, ("192.0.2.0/24",), 50, drain=True)

    assert RelayOrder.of_json(order.to_json()) == order
    for change in ({"listen": 70000}, {"port": 0}, {"lines": 0}, {"allow": 5}, {"port": "x"}):
        with pytest.raises((ValueError, TypeError)):
            RelayOrder.of_json(order.to_json() | change)
