"""`gatelight relay stop NAME`, or `--all`: ends relays, started by hand or not, and says what that cuts off."""

import json
import time
from collections.abc import Callable
from typing import Any

from agent.config.text import found_words
from agent.core.relay_facts import RelayOrder
from agent.errors import RelayError, UsageError
from agent.observers.relays import last_words, relay_runs, reports_in
from agent.platforms.files import reason_of, replace_own_file
from agent.runtime.clock import countdown
from agent.runtime.paths import Places

_ENDS_WITHIN = 15.0
"""Seconds until a relay that was told to stop must have ended; it takes about one."""
_BETWEEN = 0.1


def stop_relay(places: Places, name: str | None, say: Callable[[str], None], *, every: bool = False) -> int:
    """End it, or `every` one; returns the exit status: 3 where none of them runs. Raises UsageError, or RelayError."""
    found = [told for told in reports_in(places.relays) if relay_runs(told)]
    if every:
        if name is not None:
            raise UsageError("Give the name of a relay, or --all; not both.")
    elif name is None:
        raise UsageError("Which relay? `gatelight relay stop NAME`; `gatelight relay status` names those that run.")
    else:
        found = [told for told in found if str(told.get("name")).casefold() == name.strip().casefold()]
    if not found:
        say("No relay runs." if name is None else f"No relay {found_words(name)} runs.")
        return 3
    failed: list[RelayError] = []
    for told in found:
        try:
            _end(places, told)
        except RelayError as fault:
            # The others end all the same.
            failed.append(fault)
            continue
        # Its last report may be older than the latest connection.
        programs = last_words(places.relays, int(told["pid"])).get("cut", len(told["programs"]))
        cut = f", and with it the connections of {programs} program{'s' if programs > 1 else ''}" if programs else ""
        say(f"Relay “{told['name']}” has ended{cut}.")
    if failed:
        raise RelayError(" ".join(map(str, failed)))
    return 0


def _end(places: Places, told: dict[str, Any]) -> None:
    order = RelayOrder(str(told["name"]), int(told["port"]), "127.0.0.1", 1, stop=True)
    path = places.relays / f"{told['port']}-{told['pid']}.order"
    try:
        replace_own_file(path, json.dumps(order.to_json()).encode())
    except OSError as fault:
        raise RelayError(f"The relay cannot be told to end ({reason_of(fault)}): end process {told['pid']}.") from None
    left = countdown(_ENDS_WITHIN)
    try:
        while relay_runs(told):
            left()
            time.sleep(_BETWEEN)
    except TimeoutError:
        raise RelayError(f"Relay “{told['name']}” does not end: end process {told['pid']}.") from None


def relays_go_on(places: Places, say: Callable[[str], None]) -> None:
    """Say which relays go on without the agent, and how to end them."""
    names = [f"“{told.get('name')}”" for told in reports_in(places.relays) if relay_runs(told)]
    if names:
        what = f"The relay {names[0]} goes" if len(names) == 1 else f"The relays {', '.join(names)} go"
        say(f"{what} on, so that no program loses its connection; `gatelight relay stop NAME` ends one.")


def running_already(places: Places, order: RelayOrder, fault: RelayError) -> RelayError:
    """Why a relay could not begin: it runs already, or what `fault` says."""
    for told in reports_in(places.relays):
        if told.get("port") == order.listen and relay_runs(told):
            return RelayError(
                f"Relay “{told.get('name')}” runs already on port {order.listen} (pid {told['pid']}): "
                "`gatelight relay status` shows it, and `gatelight relay stop NAME` ends it."
            )
    return fault
