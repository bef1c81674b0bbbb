"""Relays beside the running agent: their reports are read as they are written."""

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path

from agent.app.running import RunningAgent
from agent.core.events import RelaysCounted
from agent.core.evidence.relays import relays_of, worth_telling
from agent.runtime.aside import OneAtATime
from agent.runtime.file_stamp import FileStamp, stamp_of

GLANCE_EVERY = 0.5
"""Seconds between two glances at the reports: a limit that is near is told before it is reached."""
_READ_EVERY = 5.0
"""Seconds between two readings at most: a relay that tells nothing any more is noticed."""
_TELL_EVERY = 10.0
"""Seconds after which numbers that decide nothing are taken in all the same."""
_DISK_SECONDS = 5.0
"""Seconds that the disk may take."""


class RelaysHost:
    """Follows the relays of this data folder; on the agent's loop."""

    def __init__(self, agent: RunningAgent) -> None:
        self._agent = agent
        self._disk = OneAtATime("reports of relays")
        self._following: asyncio.Task[None] | None = None
        self._stamps: Mapping[Path, FileStamp | None] = {}
        self._read = self._told = float("-inf")
        """Monotonic times of the latest reading, and of the latest one that the agent took in."""

    async def look(self) -> None:
        """Follow relays while any is configured, or runs. Called at every turn of the agent's duties."""
        state = self._agent.state
        wanted = bool(state.settings.relays or relays_of(state.machine))
        if wanted and self._following is None:
            self._following = asyncio.get_running_loop().create_task(self._follow(), name="relays")
        elif not wanted:
            await self.close()

    async def close(self) -> None:
        """Follow them no more. They go on."""
        following, self._following = self._following, None
        if following is not None:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                await self.glance()
            await asyncio.sleep(GLANCE_EVERY)

    async def glance(self) -> None:
        """Read the reports if they have changed; raises OSError where the disk does not answer."""
        stamps = await self._disk.within(_DISK_SECONDS, self._stamps_now)
        now = self._agent.now().monotonic
        if stamps == self._stamps and now - self._read < _READ_EVERY:
            return
        relays = await self._disk.within(_DISK_SECONDS, self._agent.world.relays)
        self._stamps, self._read = stamps, now
        if worth_telling(self._agent.state.machine.relays, relays) or now - self._told >= _TELL_EVERY:
            self._told = now
            self._agent.post(RelaysCounted(relays))

    def _stamps_now(self) -> Mapping[Path, FileStamp | None]:
        return {path: stamp_of(path) for path in self._agent.places.relays.glob("*.json")}
