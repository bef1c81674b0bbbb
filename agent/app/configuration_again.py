"""Reads the configuration again when its file has changed; one that cannot be used leaves the earlier one in force."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from agent.app.fix_host import abilities
from agent.config.reading import load
from agent.config.sources import included, patterns_in
from agent.core.events import ConfigRejected, Reconfigured
from agent.core.facts import Abilities
from agent.core.settings import Settings
from agent.errors import ConfigError
from agent.runtime.aside import within
from agent.runtime.file_stamp import FileStamp, stamp_of
from agent.runtime.paths import Places

logger = logging.getLogger("agent")

_READ_SECONDS = 5.0
"""Seconds that reading the configuration again may take."""


class ConfigurationStamp:
    """Tells one state of the files of a configuration from another: they change, come and go. Called aside."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[FileStamp | None, tuple[str, ...]] = None, ()
        """The stamp of the main file, and the patterns it had then."""

    def __call__(self) -> tuple[object, ...]:
        """What differs once any of them has changed."""
        main = stamp_of(self._path)
        if main is None:
            return (None,)
        if main != self._read[0]:
            self._read = main, patterns_in(self._path)
        names = (name for _, found in included(self._path, self._read[1]) for name in found or ())
        return main, *((name, stamp_of(self._path.parent / name)) for name in names)


class ConfigurationAgain:
    """Everything happens on the agent's loop."""

    def __init__(
        self,
        places: Places,
        post: Callable[[Reconfigured | ConfigRejected], None],
        taken: Callable[[Settings], None],
    ) -> None:
        """`post` hands an event to the agent; `taken` is called with new settings before that."""
        self._places = places
        self._post = post
        self._taken = taken
        self._one_reading = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None

    def changed(self) -> None:
        """Read it again."""
        self._reading = asyncio.get_running_loop().create_task(self.read(), name="configuration")

    async def read(self) -> None:
        """Read it now; returns when it is taken in or refused."""

        def read() -> tuple[Settings, Abilities]:
            return load(self._places.config, named=self._places.config_named), abilities(self._places.config)

        try:
            async with self._one_reading:
                settings, able = await within(_READ_SECONDS, read, "configuration")
        except TimeoutError:
            logger.warning("the configuration could not be read within %.0f s; the earlier one stays", _READ_SECONDS)
        except ConfigError as fault:
            logger.warning("the new configuration cannot be used, the earlier one stays in force: %s", fault)
            self._post(ConfigRejected(str(fault)))
        else:
            self._taken(settings)
            logger.info("the configuration was read again")
            self._post(Reconfigured(settings, able))
