"""What the user is told at the first start on a desktop: what Gatelight does, and where its icon is."""

import asyncio
import contextlib
import sys
from collections.abc import Callable

from agent.app.running import RunningAgent
from agent.core.events import Welcomed
from agent.core.problem import Severity
from agent.core.shown.display import TEXT_LIMIT, Action, MenuEntry, Notice, OpenPage
from agent.core.shown.status import Status
from agent.core.text import shortened
from agent.runtime.memory_file import MemoryFile
from agent.tray.icon import Tray

FIRST_START = "Gatelight watches from here"
_PLACES = {
    "win32": "at the right end of the taskbar, perhaps behind the arrow",
    "darwin": "in the menu bar",
}
_MOST_NAMED = 3
"""Connections up to which each is named."""
_KEEP_SECONDS = 2.0
"""Seconds in which the agent writes down that it welcomes the user; else a later look sees to it."""


class Welcome:
    """The first start on a desktop: one notice, and the set-up where nothing has been set up. Once and for all."""

    def __init__(
        self,
        agent: RunningAgent,
        memory: MemoryFile,
        *,
        icon: Callable[[], Tray | None],
        opens_page: Callable[[], bool],
        act: Callable[[Action], None],
    ) -> None:
        """`opens_page`: whether the user can open the page; `act` takes a click, and returns at once."""
        self._agent = agent
        self._memory = memory
        self._icon = icon
        self._opens_page = opens_page
        self._act = act
        self._due = False

    async def look(self) -> None:
        """Welcome the user where that is due; on the agent's loop."""
        icon, state = self._icon(), self._agent.state
        if icon is None or state.shown is None or not state.machine.taken:
            return
        if not state.memory.welcomed:
            self._due = True
            self._agent.post(Welcomed())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._agent.loop.caught_up(), _KEEP_SECONDS)
        if not self._due or self._memory.unkept:
            # As long as it is not written down, each start would be the first one.
            return
        self._due = False
        page = self._opens_page()
        if not icon.unseen:
            await self._agent.world.announce(greeting(state.shown, page=page))
        if page and not state.settings.connections:
            self._act(OpenPage("setup"))


def greeting(status: Status, *, page: bool, system: str = sys.platform) -> Notice:
    """The notice. `page`: a click on the icon opens the page; without one its menu tells all."""
    names = [c.called for c in status.connections]
    if len(names) > _MOST_NAMED:
        names = [f"{len(names)} connections"]
    named = " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part) if names else "TWS and IB Gateway"
    click = "a click on it opens its page" if page else "its menu tells what is wrong and what to do"
    rest = f"It tells you when a link is lost, and why. Its icon is {_PLACES.get(system, 'in the panel')}: {click}."
    text = f"{shortened(f'Gatelight watches {named}', TEXT_LIMIT - len(rest) - 2)}. {rest}"
    offers = (MenuEntry("Open Gatelight page", OpenPage()),) if page else ()
    return Notice("gatelight/first-start", Severity.INFO, FIRST_START, text, stays=True, offers=offers)
