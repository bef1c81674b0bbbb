"""`gatelight relay NAME`: the relay, in the foreground. Imports little, since the process lives for days.

`keep_relay` is the same in a process that the agent has started. `status` and `stop` are in `relay_status` and
`relay_stop`.
"""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from agent.config.reading import load
from agent.config.relays import STATUS, STOP, order_of
from agent.config.text import found_words
from agent.core.relay_facts import RelayOrder
from agent.core.settings import RelaySettings, Settings
from agent.errors import RelayError, UsageError
from agent.platforms.files import reason_of
from agent.platforms.folders import make_private
from agent.platforms.loaded_files import load_no_more
from agent.relay.keeping import OrderReader, learnt_before, leave_word, lines_beside, order_path, report_path
from agent.relay.meter import Meter
from agent.relay.pump import Relay
from agent.relay.report import ReportWriter
from agent.runtime import stop_signals
from agent.runtime.paths import Places


def command(
    places: Places,
    name: str,
    which: str | None,
    say: Callable[[str], None],
    as_json: Callable[[dict[str, Any]], None] | None,
    out: Callable[[str], None],
    *,
    every: bool = False,
) -> int:
    """Relay until a signal comes; returns the exit status. Raises ConfigError, UsageError or RelayError.

    With the name `status`, show what the running relays count; with `stop`, end the one called `which`, or `every` one.
    """
    # Both are imported late: a relay itself stays small.
    if name == STOP:
        from agent.cli.relay_stop import stop_relay

        return stop_relay(places, which, say, every=every)
    if every:
        raise UsageError("Only `gatelight relay stop` takes --all.")
    if which is not None:
        raise UsageError("A relay has one name; put one of several words between quotation marks.")
    if name == STATUS:
        from agent.cli.relay_status import show_relays

        return show_relays(places, as_json, out, say)
    settings = load(places.config, named=places.config_named)
    order = order_of(_relay_of(settings, name), settings.connections)

    def refused(fault: RelayError) -> RelayError:
        from agent.cli.relay_stop import running_already

        return running_already(places, order, fault)

    _serve(order, places.relays, say, kept=False, refused=refused)
    return 0


def keep_relay(told: str) -> int:
    """Relay in a process that the agent has started, and that outlives it; `told` is JSON of the order and a folder.

    Returns the exit status; the reason why a relay could not begin is left in the folder.
    """
    given = json.loads(told)
    order, folder = RelayOrder.of_json(given["order"]), Path(given["folder"]).absolute()
    try:
        _serve(order, folder, lambda _: None, kept=True, refused=lambda fault: fault)
    except RelayError as fault:
        leave_word(report_path(folder, order.listen), order, str(fault))
        return fault.exit_status
    return 0


def _serve(
    order: RelayOrder,
    folder: Path,
    say: Callable[[str], None],
    *,
    kept: bool,
    refused: Callable[[RelayError], RelayError],
) -> None:
    """Relay; `kept` by the agent. `refused` makes what is told of the reason why it could not begin."""
    path = report_path(folder, order.listen)
    writer = _writer(path, order, say)
    meter = None
    if writer is not None:
        beside = partial(lines_beside, folder)
        meter = Meter(order.name, order.target, order.lines, writer.give, beside=beside)
    relay = Relay(order, say, meter=meter)
    orders = None
    try:
        if meter is not None:
            meter.begin_as(kept=kept, learnt=learnt_before(folder, order))
            orders = OrderReader(order_path(path), relay.obey, say)
        try:
            relay.open()
        except RelayError as fault:
            raise refused(fault) from None
        stop_signals.listen(relay.stop)
        say(
            f"Relay “{order.name}” listens on port {relay.port} and leads to {order.target}: "
            f"let programs connect to {relay.port} instead of {order.port}. Ctrl-C ends it."
        )
        if kept:
            # The folder that the agent started it in can be removed from now on.
            with suppress(OSError):
                os.chdir(folder.anchor)
        # An update puts other files in the place of ours, and the relay goes on: all that it ever needs is there.
        load_no_more()
        relay.run()
    finally:
        stop_signals.ignore()
        if orders is not None:
            orders.close()
        if writer is not None and meter is not None:
            writer.close(keep=bool(meter.for_the_next))
        if relay.was_told_to_stop:
            leave_word(path, order, cut=relay.cut, known=None if meter is None else meter.for_the_next)


def _writer(path: Path, order: RelayOrder, say: Callable[[str], None]) -> ReportWriter | None:
    """What writes down the counts; None, and a sentence, where that cannot be: connections are relayed all the same."""
    try:
        make_private(path.parent)
    except OSError as fault:
        say(f"{path.parent} cannot be written ({reason_of(fault)}), so relay “{order.name}” counts nothing.")
        return None
    return ReportWriter(path)


def _relay_of(settings: Settings, name: str) -> RelaySettings:
    for relay in settings.relays:
        if relay.name.casefold() == name.strip().casefold():
            return relay
    if not settings.relays:
        raise UsageError(
            "No relay is configured: write one into the configuration, headed [[relays]], with name, listen and to."
        )
    known = ", ".join(found_words(relay.name) for relay in settings.relays)
    raise UsageError(f"There is no relay {found_words(name)}: known are {known}.")
