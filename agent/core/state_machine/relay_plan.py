"""What has to be done so that relays run as the configuration says, without cutting a connection."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from agent.core.facts import RelaySeen
from agent.core.relay_facts import RelayOrder

STARTS_ALLOWED = 3
"""Starts of one relay within `STARTS_COUNTED`; after these it is started once a minute."""
STARTS_COUNTED = 600.0
"""Seconds."""
STARTS_AGAIN_AFTER = 60.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class StartRelay:
    """Start a process for this."""

    order: RelayOrder


@dataclass(frozen=True, slots=True)
class TellRelay:
    """Tell a relay that runs to do this instead."""

    relay: RelaySeen
    order: RelayOrder


RelayStep: TypeAlias = StartRelay | TellRelay


def plan_relays(
    wanted: Sequence[RelayOrder], running: Sequence[RelaySeen], held: Collection[str]
) -> tuple[RelayStep, ...]:
    """The steps from the relays that run to those that are wanted.

    `held`: names of those that are not started now. A relay that the user has started by hand is never told anything.
    One that leaves its port, or is not wanted any more, takes no new connection and ends with its last one.
    """
    steps: list[RelayStep] = []
    listening = [relay for relay in running if not relay.draining]
    names = {order.name.casefold() for order in wanted}
    stay: set[int] = set()
    for order in wanted:
        there = next((relay for relay in listening if relay.port == order.listen), None)
        if there is None:
            if order.name not in held:
                steps.append(StartRelay(order))
        elif there.name.casefold() == order.name.casefold() or there.name.casefold() not in names:
            stay.add(there.pid)
            if there.kept and not _does(there, order):
                steps.append(TellRelay(there, order))
    steps += [TellRelay(one, _drained(one)) for one in listening if one.kept and one.pid not in stay]
    return tuple(steps)


def _does(relay: RelaySeen, order: RelayOrder) -> bool:
    """Whether a relay that listens on the port of an order does the rest of it too."""
    told = (relay.name, relay.host, relay.to_port, relay.allow, relay.lines)
    return told == (order.name, order.host.strip("[]"), order.port, order.allow, order.lines)


def _drained(relay: RelaySeen) -> RelayOrder:
    order = RelayOrder(relay.name, relay.port, relay.host, relay.to_port, relay.allow, max(1, relay.lines))
    return replace(order, drain=True)


def next_start(starts: Sequence[float], *, failed: bool) -> float:
    """Monotonic time from which on a relay may be started once more, after starts at these times.

    `failed`: the latest one could not begin, so that the next would not either.
    """
    if not starts:
        return float("-inf")
    recent = [at for at in starts if at > starts[-1] - STARTS_COUNTED]
    return starts[-1] + STARTS_AGAIN_AFTER if failed or len(recent) >= STARTS_ALLOWED else float("-inf")
