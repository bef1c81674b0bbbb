"""Notices that the data folder, or what makes an agent its only one, is gone, and puts it there again."""

import logging
from collections.abc import Callable

from agent.errors import GatelightError
from agent.runtime.aside import OneAtATime
from agent.runtime.control.channel import ControlServer
from agent.runtime.instance import Instance

logger = logging.getLogger("agent")

_LIMIT = 5.0
"""Seconds in which the disk has to show the folder, or take it again; else it is asked at the next turn."""


class FolderWatch:
    """Looks whether lock and control channel lie where another Gatelight would find them; lives on the agent's loop.

    A folder that was deleted, moved or replaced would let a second agent start beside this one, which could no longer
    be asked or stopped. It is made anew; where that cannot be, or another agent has it by now, this one ends.
    """

    def __init__(
        self,
        instance: Instance,
        control: ControlServer,
        *,
        made_again: Callable[[], None],
        lost: Callable[[GatelightError], None],
    ) -> None:
        """`made_again` writes anew what else the folder holds. `lost` ends the agent, with the reason as a sentence."""
        self._instance = instance
        self._control = control
        self._made_again = made_again
        self._lost = lost
        self._disk = OneAtATime("data folder")
        self._to_fill = False
        """The folder was lost; what is taken again after the time limit is filled at a later turn."""

    async def look(self) -> None:
        """Look once. What a disk that hangs or refuses does not tell counts as unchanged."""
        try:
            if not await self._disk.within(_LIMIT, self._instance.in_place):
                self._to_fill = True
                await self._disk.within(_LIMIT, self._instance.take_again)
            if self._to_fill:
                self._to_fill = False
                logger.warning("the data folder, or its lock, was deleted, moved or replaced: it is there again")
                self._made_again()
            await self._control.renew()
        except OSError as fault:
            logger.debug("the data folder could not be looked at: %s", fault)
        except GatelightError as fault:
            logger.error("%s", fault)
            self._lost(fault)
