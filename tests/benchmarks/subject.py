"""A measured program as the benchmark holds it: started, listened to, ended by its own pid."""

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

SUBJECTS = Path(__file__).with_name("subjects.py")
PATIENCE = 60.0
"""Seconds to wait for a sign that is bound to come."""
END_LIMIT = 5.0
"""Seconds a program may take to end."""


class NeverSaid(Exception):
    """A sign that was waited for did not come."""


def environment(cache: Path) -> dict[str, str]:
    """Compiled modules are kept in a folder of the benchmark's own, as an installed program has them."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(cache)}


async def end(process: Process) -> None:
    """End a process that was started here."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), END_LIMIT)
        except TimeoutError:
            process.kill()
            await process.wait()


class Subject:
    """A measured program and the signs it gave; see `subjects.py`."""

    def __init__(self, name: str, process: Process) -> None:
        self.name = name
        self.process = process
        self.signs: list[Mapping[str, Any]] = []
        self._came = asyncio.Event()

    @property
    def pid(self) -> int:
        return self.process.pid

    async def listen(self) -> None:
        """Take in what it says, until it ends."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.signs.append(json.loads(line))
            self._came.set()
        self._came.set()

    async def until(
        self, met: Callable[[Mapping[str, Any]], bool], what: str, *, since: float = 0.0, patience: float = PATIENCE
    ) -> float:
        """Monotonic time of the first sign of a kind at or after `since`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while True:
                    self._came.clear()
                    for sign in self.signs:
                        if sign["at"] >= since and met(sign):
                            return float(sign["at"])
                    await self._came.wait()
        raise NeverSaid(f"{self.name} never said: {what}; it said last: {self.signs[-1:]}")

    async def connected(self, since: float = 0.0) -> float:
        """When it was connected first, at or after `since`."""
        return await self.until(lambda s: s.get("phase") == "connected", "connected", since=since)


@asynccontextmanager
async def subject(name: str, cache: Path, **options: Any) -> AsyncIterator[Subject]:
    """One of `subjects.py` at work; options by their names, True for one without a value."""
    words = [name]
    for key, value in options.items():
        words += [f"--{key.replace('_', '-')}"] if value is True else [f"--{key.replace('_', '-')}", str(value)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SUBJECTS), *words, stdin=PIPE, stdout=PIPE, env=environment(cache)
    )
    started = Subject(name, process)
    listening = asyncio.ensure_future(started.listen())
    try:
        yield started
    finally:
        assert process.stdin is not None
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_LIMIT)
        await end(process)
        listening.cancel()
