"""Notices that the program's own files were replaced by an installer or a package manager, or are gone."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.runtime.aside import OneAtATime, Together
from agent.runtime.file_stamp import FileStamp, stamp_of

logger = logging.getLogger("agent")

GONE_TURNS = 6
"""Turns, a minute in all, that the files may be gone: during an upgrade they are gone for a moment."""
SETTLE_SECONDS = 5.0
"""Seconds after which new files are looked at again: an installer may still be at work."""
FILE_PARTS = 8
"""Of files that are as they were, the first is looked at in every turn, and of the others one part after the other:
an installer that goes through replaces all of them."""
_LOOK_SECONDS = 2.0
"""Seconds that the disk may take for one look."""
_TRY_SECONDS = 60.0
"""Seconds that the new files may take to show that they work."""


class ProgramWatch:
    """Looks at the program's files at every turn; lives on the agent's loop.

    A running program loads some of its modules late. Those of another version do not fit the ones in memory, so the
    program must start anew once its files were replaced. It does so when two looks in a row find the same new files,
    and these work: an installation that broke off in the middle leaves files of two versions.
    """

    def __init__(
        self,
        files: Sequence[Path],
        *,
        works: Callable[[], bool],
        replaced: Callable[[], None],
        removed: Callable[[], None],
        together: Together | None = None,
        settle: float = SETTLE_SECONDS,
    ) -> None:
        """`works` tries the files on the disk, and may take a while. `replaced` and `removed` are called at most once.

        `removed`: the files have been gone for `GONE_TURNS` turns, so the program was uninstalled.
        """
        self._files = tuple(files)
        self._works = works
        self._replaced = replaced
        self._removed = removed
        self._disk = OneAtATime("program files", together)
        self._own = self._last = self._refused = self._stamps()
        self._turn = 0
        self._gone = 0
        self._told = False
        self._settle = settle
        self._looking = False
        self._again: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """Look once. Where the disk does not answer, the files count as unchanged."""
        if self._told or self._looking:
            return
        self._looking = True
        try:
            await self._look()
        except OSError as fault:
            logger.debug("the program files could not be looked at: %s", fault)
        finally:
            self._looking = False

    async def _look(self) -> None:
        found = await self._disk.within(_LOOK_SECONDS, self._glanced_at)
        settled, self._last = found == self._last, found
        if None in found:
            self._count_as_gone(found)
            return
        self._gone = 0
        if found in (self._own, self._refused):
            return
        if not settled:
            self._look_again_soon()
            return
        works = await self._disk.within(_TRY_SECONDS, self._works)
        settled = await self._disk.within(_LOOK_SECONDS, self._stamps) == found
        if works and settled:
            self._told = True
            logger.info("the program files were replaced: Gatelight starts anew")
            self._replaced()
        elif not works:
            self._refused = found
            logger.warning("the program files were replaced by others that do not start: Gatelight goes on as it is")

    def _look_again_soon(self) -> None:
        if self._again is None or self._again.done():
            self._again = asyncio.get_running_loop().create_task(self._soon(), name="program files again")

    async def _soon(self) -> None:
        await asyncio.sleep(self._settle)
        await self.look()

    def _count_as_gone(self, found: tuple[FileStamp | None, ...]) -> None:
        self._gone = self._gone + 1 if not any(found) else 0
        if self._gone >= GONE_TURNS:
            self._told = True
            logger.warning("the program files are gone: Gatelight ends")
            self._removed()

    def _glanced_at(self) -> tuple[FileStamp | None, ...]:
        """The stamps of all files, as far as they have to be read for that."""
        if self._last == self._own:
            self._turn = (self._turn + 1) % FILE_PARTS
            part = {0, *range(self._turn, len(self._files), FILE_PARTS)}
            if all(stamp_of(self._files[number]) == self._own[number] for number in part):
                return self._own
        return self._stamps()

    def _stamps(self) -> tuple[FileStamp | None, ...]:
        return tuple(stamp_of(file) for file in self._files)
