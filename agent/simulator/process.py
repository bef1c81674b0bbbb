"""What really runs in a disguised process: it takes its part and its orders as JSON lines on standard input.

The first line names the part to play. Each line is answered by one line on standard output. The process ends at once
when its input ends, because the parent closed the pipe or died in any way: there are no orphans.
"""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any, Protocol, TypeAlias

from agent.simulator.namespace import enter_own_network

Order: TypeAlias = Mapping[str, Any]
"""One line: `do` names the order, the rest are its arguments."""

PartReply: TypeAlias = dict[str, Any]

_PARTS = {
    "application": "agent.simulator.application:ApplicationPart",
    "ib-servers": "agent.simulator.surroundings:IbServersPart",
    "relay": "agent.simulator.surroundings:RelayPart",
    "bystander": "agent.simulator.surroundings:BystanderPart",
    "clients": "agent.simulator.surroundings:ClientsPart",
}
"""The parts by name. A part is imported when it is played, so that a small part costs little memory and time."""

NO_PART = 2
"""Exit status of a process that was started without a part to play."""


class Part(Protocol):
    """One part a process can play."""

    async def begin(self, order: Order) -> PartReply:
        """Begin to play the part; the order is the first line."""
        ...

    async def perform(self, order: Order) -> PartReply:
        """Carry out one order. ValueError or OSError, in one sentence, where that fails."""
        ...


Tell: TypeAlias = Callable[[str], None]
"""Tells the parent process in words what has happened."""


def main_of_process() -> None:
    """Play the part that the first line of standard input names, until the input ends."""
    first = sys.stdin.buffer.readline()
    try:
        order = json.loads(first)
        module, _, name = _PARTS[order["part"]].partition(":")
    except (ValueError, KeyError, TypeError):
        sys.stderr.write("This process plays a part for the simulator of Gatelight; start `gatelight simulate`.\n")
        sys.exit(NO_PART)
    if order.get("own_network"):
        # This comes before the second thread starts: only a process with one thread gets a user namespace.
        order["own_network"] = enter_own_network()
    part: Part = getattr(import_module(module), name)(_tell)
    asyncio.run(_play(part, order))


async def _play(part: Part, first: Order) -> None:
    orders: asyncio.Queue[Order] = asyncio.Queue()
    threading.Thread(target=_listen, args=(asyncio.get_running_loop(), orders), daemon=True).start()
    await _answer(part.begin, first)
    while True:
        await _answer(part.perform, await orders.get())


def _listen(loop: asyncio.AbstractEventLoop, orders: asyncio.Queue[Order]) -> None:
    for line in sys.stdin.buffer:
        loop.call_soon_threadsafe(orders.put_nowait, json.loads(line))
    # sys.exit would wait for the loop, which may be stuck, and no parent is left to read a reason.
    os._exit(0)


async def _answer(act: Callable[[Order], Awaitable[PartReply]], order: Order) -> None:
    try:
        _write({"ok": True, **await act(order)})
    except (ValueError, OSError) as error:
        number = error.errno if isinstance(error, OSError) else None
        _write({"ok": False, "error": str(error), "errno": number})


def _tell(text: str) -> None:
    _write({"said": text})


def wish(what: str) -> None:
    """Ask the parent process for a change that only the parent can make to the simulated application."""
    _write({"wish": what})


def _write(line: PartReply) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main_of_process()
