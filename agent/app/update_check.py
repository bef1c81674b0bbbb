"""Asks the web from time to time whether there is a newer version, where the user wishes that; `core.updates` decides.

Nothing waits for it: the question is asked in a process of its own (`agent.runtime.fetcher`), and an answer that cannot
be used is a line in the log.
"""

import asyncio
import contextlib
import logging
import random
import sys
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

import agent
from agent.app.running import RunningAgent
from agent.core.events import UpdatesNoted
from agent.core.memory import UpdateNotes
from agent.core.updates import (
    NotARelease,
    Origin,
    address_to_ask,
    answered_with,
    begun,
    is_due,
    is_web_folder,
    plan_question,
    question_at,
    read_release,
)
from agent.runtime.fetching import fetch
from agent.runtime.memory_file import MemoryFile

logger = logging.getLogger("agent")

BUILT_IN = "_download_url"
"""A file beside the program's rooms, in a package that was built with an address."""
UNINSTALLER = "uninstall.exe"
"""Lies beside the program where the user's own setup put it; an .msi, which an administrator hands out, has none."""
_KEEP_SECONDS = 2.0
"""Seconds in which the agent writes down that it asks; else a later turn sees to it."""


@cache
def installed_here() -> Origin:
    """Where this installation came from."""
    folder = Path(agent.__file__).parent
    try:
        address = (folder / BUILT_IN).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        address = ""
    packaged = getattr(sys, "frozen", False)
    return Origin(address if is_web_folder(address) else "", manager_of(Path(sys.executable), sys.platform, packaged))


def manager_of(program: Path, system: str, packaged: bool) -> str:
    """What new versions of a program file are up to, in words for people; empty where the user alone fetches them."""
    if not packaged:
        return "the tool that installed it (pip, pipx or git)"
    if system == "win32":
        return "" if (program.parent / UNINSTALLER).exists() else "the administrator of this computer"
    # In /usr, but for /usr/local, package managers alone write (FHS 3.0, 4.9).
    owned = system == "linux" and program.is_relative_to("/usr") and not program.is_relative_to("/usr/local")
    return "the package manager of this system" if owned else ""


class UpdateCheck:
    """The check of one agent; on its loop."""

    def __init__(
        self,
        running: RunningAgent,
        memory: MemoryFile,
        *,
        fetch: Callable[[str], Awaitable[bytes]] = fetch,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`fetch` brings a file from the web, or raises OSError; `chance` is a number from 0 to 1, anew each time."""
        self._agent = running
        self._memory = memory
        self._fetch = fetch
        self._chance = chance
        self._asking: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """Ask where that is due; does not wait for the answer."""
        state, moment = self._agent.state, self._agent.now()
        now = moment.wall
        address = address_to_ask(state.settings.updates, state.origin)
        if not address or (self._asking is not None and not self._asking.done()):
            return
        notes = plan_question(state.memory.updates, address, now, self._chance())
        if not is_due(notes, now, moment.monotonic - state.started.monotonic):
            if notes != state.memory.updates:
                self._agent.post(UpdatesNoted(notes))
            return
        notes = begun(notes, now, self._chance())
        self._agent.post(UpdatesNoted(notes))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._agent.loop.caught_up(), _KEEP_SECONDS)
        if self._agent.state.memory.updates != notes or self._memory.unkept:
            # As long as it is not written down, each start would ask.
            return
        self._asking = asyncio.get_running_loop().create_task(self._ask(notes), name="new version")

    async def close(self) -> None:
        """The agent ends."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self, notes: UpdateNotes) -> None:
        try:
            release = read_release(await self._fetch(question_at(notes.address)), notes.address)
        except (OSError, NotARelease) as reason:
            logger.info("whether there is a newer version was not found out: %s", reason)
            return
        logger.info("the latest version is %s, as %s says", release.version, notes.address)
        self._agent.post(UpdatesNoted(answered_with(notes, release, self._agent.now().wall, self._chance())))
