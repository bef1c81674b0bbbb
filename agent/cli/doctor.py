"""`gatelight doctor`: one thorough look that needs no running agent, judged by the agent's own decisions."""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

from agent.app.fix_host import abilities
from agent.app.known_links import ask_for_links, with_links
from agent.app.one_look import OneLook, Wait, willing
from agent.app.world import RealWorld
from agent.cli.report import so_far
from agent.cli.terminal import columns, is_terminal, laid_out
from agent.config.reading import load
from agent.core.clock import Moment
from agent.core.names import meant_by
from agent.core.shown.display import IconState
from agent.core.shown.status import Status, status_to_json
from agent.runtime.clock import SystemClock
from agent.runtime.instance import running_pid
from agent.runtime.paths import Places

_Waiting = Callable[[Wait, Status | None, Moment], None]


def examine(places: Places, name: str | None, say: Callable[[str], None], *, live: bool = False) -> Status:
    """Look at the named connection, or at all of them; raises UsageError, ConfigError or CouldNotFindOut.

    `live`: where the user sees it, what is known so far is shown while the look goes on, instead of a line said.
    """
    settings = willing(load(places.config, named=places.config_named), name)
    fellow = running_pid(places)
    if fellow is not None:
        # The agent that runs has a fixed client ID already: asked for once more, TWS would refuse it.
        settings = replace(settings, connections=tuple(replace(c, client_id="auto") for c in settings.connections))
    # It may have watched for hours what a look would have to watch for half a minute.
    links = () if fellow is None else ask_for_links(places, SystemClock().now().monotonic)
    shows = live and is_terminal(sys.stderr)

    async def look(waiting: _Waiting) -> Status:
        world = RealWorld(fellow=fellow, only=lambda machine: with_links(machine, links), relays=places.relays)
        silent_or_said = (lambda _: None) if shows else say
        async with OneLook(settings, world, say=silent_or_said, waiting=waiting, can=abilities(places.config)) as agent:
            return await agent.complete()

    with _progress() if shows else contextlib.nullcontext(lambda *_: None) as waiting:
        seen = asyncio.run(look(waiting))
    names = [c.name for c in seen.connections]
    meant = names if name is None else meant_by(name, names)
    return replace(seen, connections=tuple(c for c in seen.connections if c.name in meant))


@contextlib.contextmanager
def _progress() -> Iterator[_Waiting]:
    """Shows, on a terminal, what is known so far and how long it still takes. Nothing of it stays."""
    from agent.cli.colours import Countdown

    with Countdown() as countdown:

        def show(wait: Wait, status: Status | None, now: Moment) -> None:
            if not wait.text:
                return
            left = "" if wait.until is None else f" {max(1, round(wait.until - now.monotonic))} s left"
            known = "" if status is None else so_far(status_to_json(status, thorough=True))
            countdown.show(laid_out(known, columns(sys.stderr)), wait.text + left)

        yield show


def exit_status(status: Status) -> int:
    """0 healthy, 1 a problem was found, 4 it could not be found out."""
    problems = [p for c in status.connections for p in c.problems if p.visible]
    if any(p.severity != "info" and p.code != "agent-cannot-see" for p in problems):
        return 1
    good = {IconState.CONNECTED, IconState.MAINTENANCE, IconState.PAUSED}
    if status.connections and all(c.overall in good for c in status.connections):
        return 0
    if any(p.code not in ("agent-cannot-see", "login-due") for p in problems):
        return 1
    return 4
