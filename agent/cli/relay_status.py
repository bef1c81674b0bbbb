"""`gatelight relay status`: what the running relays count, with the program behind each connection."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from agent.core.clock import lasting, took
from agent.core.evidence.relays_together import limits_by_application
from agent.core.shown.relayed import HistoryUse, ProgramUse, RelayUse, relay_use
from agent.observers.relays import RelayObserver
from agent.platforms import current
from agent.runtime.clock import SystemClock
from agent.runtime.paths import Places

_LISTED = 12
"""Instruments of a program that are told by name."""
_REFUSALS_LISTED = 5


def show_relays(
    places: Places,
    as_json: Callable[[dict[str, Any]], None] | None,
    out: Callable[[str], None],
    say: Callable[[str], None],
) -> int:
    """Show them, `as_json` where that is wanted; returns the exit status."""
    observer, now = RelayObserver(places.relays, current().socket_reader), SystemClock().now()
    if as_json is not None:
        relays = observer.told(now)
        as_json({"schema": 1, "relays": relays, "applications": limits_by_application(relays)})
    elif relays := observer.told_together(now):
        out(render_relays(relays, time.time()))
    else:
        say("No relay runs: `gatelight relay NAME` starts one.")
    return 0 if relays else 3


def render_relays(relays: list[dict[str, Any]], now: float) -> str:
    """What they count for people, by the application to which they lead; `now` in epoch seconds."""
    return "\n\n".join("\n".join(_relay(one, now)) for one in relays)


def _relay(told: dict[str, Any], now: float) -> Iterator[str]:
    use = relay_use(told)
    if isinstance(use, str):
        yield f"Relay “{told.get('name', '')}”: what it counts is not known, since {use}."
        return
    ago = f"as of {lasting(max(0.0, now - use.as_of))} ago"
    if len(use.relays) == 1:
        (only,) = use.relays
        yield f"Relay “{only.name}”: port {only.port} leads to {use.to} (pid {only.pid}), {ago}"
    else:
        named = [f"“{one.name}” on port {one.port} (pid {one.pid})" for one in use.relays]
        yield f"Relays {', '.join(named[:-1])} and {named[-1]} lead to {use.to} and share its limits, {ago}"
    if not use.programs:
        yield "  No program is connected."
    yield f"  Market data lines: {use.lines.used} of {use.lines.of}. {use.lines.to_do}"
    history = use.history
    yield f"  Historical requests: {history.used} of {history.of} in ten minutes. {history.to_do} {_safe(history, now)}"
    yield f"  Messages a second: {use.rate_to_do}"
    yield f"  Clients: {use.clients} of {use.clients_allowed}"
    if use.beside:
        yield f"  {use.beside}"
    yield "  Programs that go past a relay, and TWS itself, use the same limits and are not counted."
    yield from _refusals(use, now)
    for program in use.programs:
        yield from _program(program)
    yield from _answers(use)


def _safe(history: HistoryUse, now: float) -> str:
    """When the next historical request is safe, by every rule."""
    told = f"The next is safe {_in(history.safe_at - now)}"
    if history.contract_safe_at > now:
        told += f", for the busiest contract {_in(history.contract_safe_at - now)}"
    if history.identical_safe_at > now:
        told += f", and the same one again {_in(history.identical_safe_at - now)}"
    return f"{told}."


def _in(seconds: float) -> str:
    return "now" if seconds <= 0 else f"in {lasting(max(1.0, seconds))}"


def _refusals(use: RelayUse, now: float) -> Iterator[str]:
    for one in use.refusals[:_REFUSALS_LISTED]:
        asked = f": {one.request}" if one.request else ""
        ago = lasting(max(0.0, now - one.at))
        yield f"  TWS refused {one.program} {ago} ago, too many {one.limit} (notice {one.code}){asked}"
    if (more := len(use.refusals) - _REFUSALS_LISTED) > 0:
        yield f"  {more} more {'was' if more == 1 else 'were'} refused in the last quarter of an hour."
    if use.refusals_to_do:
        yield f"  What to do: {use.refusals_to_do}"


def _several(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _program(program: ProgramUse) -> Iterator[str]:
    yield f"  {program.name}" + (f", through “{program.relay}”" if program.relay else "")
    if program.uncounted:
        yield f"    Not counted: {program.uncounted}."
        return
    counted = (
        (program.lines, "market data line", ""),
        (program.history, "historical request", " in ten minutes"),
        (program.orders, "order", ""),
    )
    used = [f"{_several(number, what)}{when}" for number, what, when in counted if number]
    rate = f"{_several(program.rate, 'message')} in the latest second"
    used += [f"{rate}, {program.most} at most, {program.rate_allowed} allowed"]
    yield f"    {', '.join(used)}"
    if program.instruments:
        more = len(program.instruments) - _LISTED + program.left_out
        listed = ", ".join(program.instruments[:_LISTED]) + (f" and {more} more" if more > 0 else "")
        yield f"    Open: {', '.join(program.kinds)} ({listed})"


def _answers(use: RelayUse) -> Iterator[str]:
    for one in use.answers:
        waiting = f", {one.waiting} without an answer yet" if one.waiting else ""
        if one.usual is not None and one.longest is not None:
            times = f"half of them in {took(one.usual)}, the slowest in {took(one.longest)}"
            yield f"  TWS answers {one.program} about {one.kind}: {times}{waiting}"
        elif waiting:
            yield f"  TWS answers {one.program} about {one.kind}: {waiting[2:]}"
    if use.answers_to_do:
        yield f"  What to do: {use.answers_to_do}"
