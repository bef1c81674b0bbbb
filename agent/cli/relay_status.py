"""`gatelight relay status`: what the running relays count, with the program behind each connection."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from agent.core.clock import lasting, took
from agent.observers.relays import owners_of, relay_runs, reports_in
from agent.platforms import current
from agent.runtime.clock import SystemClock
from agent.runtime.paths import Places

_LISTED = 12
"""Instruments of a program that are told by name."""


def show_relays(
    places: Places,
    as_json: Callable[[dict[str, Any]], None] | None,
    out: Callable[[str], None],
    say: Callable[[str], None],
) -> int:
    """Show them, `as_json` where that is wanted; returns the exit status."""
    relays = running_relays(places)
    if as_json is not None:
        as_json({"schema": 1, "relays": relays})
    elif relays:
        out(render_relays(relays))
    else:
        say("No relay runs: `gatelight relay NAME` starts one.")
    return 0 if relays else 3


def running_relays(places: Places) -> list[dict[str, Any]]:
    """What each running relay of this data folder reports, by name; its programs with process and name, if known."""
    found = sorted(filter(relay_runs, reports_in(places.relays)), key=lambda one: str(one.get("name", "")))
    ports = {int(one["port"]) for one in found if one["programs"]}
    owners = owners_of(current().socket_reader(), ports, SystemClock().now()) if ports else {}
    for one in found:
        one["age_s"] = round(max(0.0, time.time() - one["written"]), 1)
        for program in one["programs"]:
            if owner := owners.get((int(one["port"]), str(program["peer"]))):
                program |= {"pid": owner.pid, "name": owner.name}
    return found


def render_relays(relays: list[dict[str, Any]]) -> str:
    """The same for people."""
    return "\n\n".join("\n".join(_relay(one)) for one in relays)


def _relay(one: dict[str, Any]) -> Iterator[str]:
    ten, lines = one["history"]["ten_minutes"], one["lines"]
    leads = f"port {one['port']} leads to {one['to']} (pid {one['pid']})"
    yield f"Relay “{one['name']}”: {leads}, as of {lasting(one['age_s'])} ago"
    if not one["programs"]:
        yield "  No program is connected."
        return
    yield f"  Market data lines: {lines['used']} of {lines['of']}"
    yield f"  Historical requests: {ten['used']} of {ten['of']} in ten minutes; {_safe(one['history'], one['age_s'])}"
    yield f"  Clients: {one['clients']['used']} of {one['clients']['of']}"
    for program in one["programs"]:
        yield from _program(program)


def _safe(history: dict[str, Any], age: float) -> str:
    """When the next historical request is safe, by every rule; `age` of the report in seconds."""
    ten, contract, same = (history[name]["safe_in_s"] - age for name in ("ten_minutes", "same_contract", "identical"))
    told = "the next is safe now" if ten <= 0 else f"the next is safe in {lasting(ten)}"
    if contract > 0:
        told += f", for the busiest contract in {contract:.1f} s"
    if same > 0:
        told += f", the same one again in {lasting(same)}"
    return told


def _program(program: dict[str, Any]) -> Iterator[str]:
    name = program.get("name") or f"Program at {program['peer']}"
    known = [f"pid {program['pid']}"] if "pid" in program else []
    known += [f"client ID {program['client_id']}"] if "client_id" in program else []
    yield f"  {name}" + (f" ({', '.join(known)})" if known else "")
    if not program["counted"]:
        because = program.get("uncounted_because")
        yield f"    Not counted: {because}." if because else "    It has said nothing yet."
        return
    rate = program["messages_per_s"]
    yield (
        f"    {rate['now']} messages in that second (most {rate['most']}, TWS allows {rate['of']}), "
        f"{program['historical_requests']} historical requests, {program['orders']} orders"
    )
    opened = ", ".join(f"{number} {kind}" for kind, number in program["open"].items())
    if opened:
        names = list(dict.fromkeys(line["instrument"] for line in program["instruments"]))
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        yield f"    Open: {opened} ({', '.join(names[:_LISTED])}{more})"
    for refusal in program["refusals"][-3:]:
        asked = f": {refusal['request']}" if refusal["request"] else ""
        yield f"    TWS refused {lasting(refusal['ago_s'])} ago, for too many {refusal['limit']}{asked}"
    for kind, times in program["answers"].items():
        if "last_s" in times:
            yield f"    TWS answers {kind} in {took(times['median_s'])} (longest {took(times['most_s'])})"
