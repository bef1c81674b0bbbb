"""Notices that the data folder, its lock or its control socket is gone, and makes them again."""

import logging
from collections.abc import Callable

from agent.errors import GatelightError
from agent.runtime.aside import OneAtATime, Together
from agent.runtime.control.channel import ControlServer
from agent.runtime.instance import Instance

logger = logging.getLogger("agent")

_LIMIT = 5.0
"""Seconds that the disk may take for one operation; after that the next turn tries again."""


class FolderWatch:
    """Checks that lock and control channel are where another Gatelight finds them; runs on the agent's loop.

    Beside an agent whose folder was deleted, moved or replaced, a second agent could start, and commands would no
    longer reach the first. So the folder is made anew. Where that fails, or another agent has it by now, this one ends.
    """

    def __init__(
        self,
        instance: Instance,
        control: ControlServer,
        *,
        made_again: Callable[[], None],
        lost: Callable[[GatelightError], None],
        together: Together | None = None,
    ) -> None:
        """`made_again` writes the folder's other files anew. `lost` ends the agent, for a reason in one sentence."""
        self._instance = instance
        self._control = control
        self._made_again = made_again
        self._lost = lost
        self._disk = OneAtATime("data folder", together)
        self._to_fill = False
        """The folder was lost and has no files yet; it may come back only after the time limit, at a later turn."""

    async def look(self) -> None:
        """Check once. Where the disk hangs or refuses an answer, the folder counts as unchanged."""
        try:
            held, found = await self._disk.within(_LIMIT, self._in_place)
            if not held:
                self._to_fill = True
                await self._disk.within(_LIMIT, self._instance.take_again)
            if self._to_fill:
                self._to_fill = False
                logger.warning("the data folder, or its lock, was deleted, moved or replaced: it is there again")
                self._made_again()
                found = await self._disk.within(_LIMIT, self._control.in_place)
            if not found:
                await self._control.renew()
        except OSError as fault:
            logger.debug("the data folder could not be looked at: %s", fault)
        except GatelightError as fault:
            logger.error("%s", fault)
            self._lost(fault)

    def _in_place(self) -> tuple[bool, bool]:
        """Of the lock, and of the control channel."""
        return self._instance.in_place(), self._control.in_place()
