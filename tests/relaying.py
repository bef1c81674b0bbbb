"""Relays in threads, for tests; and which tests of sessions also run through one."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

from agent.relay.meter import Meter
from agent.relay.poller import Poller
from agent.relay.pump import Relay, RelayOrder
from agent.simulator.server import Simulator

PATIENCE = 30.0
"""Seconds after which what should happen has failed to."""
RELAYED_TOO = frozenset(
    {"tests.session.test_ib", "tests.simulator.test_ib_async", "tests.simulator.test_ibkr_client"},
)
"""Modules whose tests of sessions run twice: straight to the simulated TWS, and through a relay."""


@contextmanager
def relaying(
    port: int,
    *,
    poller: Poller | None = None,
    meter: Meter | None = None,
    say: Callable[[str], None] = lambda _: None,
    **order: Any,
) -> Iterator[Relay]:
    """A relay to a port of this machine, in a thread, on a free port; it counts, as every relay does."""
    meter = Meter("test", "TWS", 100, lambda _: None) if meter is None else meter
    made = RelayOrder(**{"name": "test", "listen": 0, "host": "127.0.0.1", "port": port, **order})
    relay = Relay(made, say, poller, meter)
    relay.open()
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        yield relay
    finally:
        relay.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@contextmanager
def reporting(folder: Path, name: str, port: int, lines: int, **order: Any) -> Iterator[int]:
    """A relay to a port of this machine that leaves its reports in a folder; gives its own port.

    Its process is that of the tests, so `agent.observers.relays.relay_runs` knows it as none.
    """

    def give(report: dict[str, Any]) -> None:
        written = folder / f".{name}"
        written.write_text(json.dumps(report | {"started": time.time(), "pid": os.getpid()}))
        written.rename(folder / f"{name}.json")

    with relaying(port, meter=Meter(name, f"127.0.0.1:{port}", lines, give), name=name, **order) as relay:
        yield relay.port


class _Relayed:
    """A simulated TWS whose port is that of the relay in front of it."""

    def __init__(self, simulator: Simulator, relay: Relay) -> None:
        self._simulator = simulator
        self.port = relay.port

    def __getattr__(self, name: str) -> Any:
        return getattr(self._simulator, name)


Way = Callable[[Simulator], Simulator]
"""Makes a simulated TWS one whose port is the way to it."""


def way_of(name: str, relays: ExitStack) -> Way:
    """`straight`, or `relayed`: through a relay that ends with `relays`."""

    def relayed(simulator: Simulator) -> Simulator:
        return cast("Simulator", _Relayed(simulator, relays.enter_context(relaying(simulator.port))))

    return relayed if name == "relayed" else lambda simulator: simulator
