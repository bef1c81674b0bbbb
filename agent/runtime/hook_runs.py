"""Runs the command of one hook: one process at a time, with a time limit, the change on its standard input.

No shell is involved. What the command writes is dropped. A command that is over its limit is ended together with the
processes that it has started and that are still its descendants.
"""

import asyncio
import contextlib
import logging
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from agent.core.settings import HookSettings
from agent.platforms.starting import child_environment, find_program
from agent.runtime.aside import in_thread
from agent.tws.privacy import redact

logger = logging.getLogger("agent")

MOST_CHANGES_WAITING = 20
"""Changes that wait for a command that takes long; of more, the oldest are dropped."""
_ENDING_SECONDS = 2.0
"""Seconds that a process may take to be gone once it is killed."""


class HookRuns:
    """The runs of one hook; on the agent's loop."""

    def __init__(self, hook: HookSettings, tell: Callable[[str], Awaitable[None]]) -> None:
        """`tell` is called after each run: with the reason of a failure, in words for users, or with nothing."""
        self.hook = hook
        self._tell = tell
        self._waiting: deque[bytes] = deque()
        self._task: asyncio.Task[None] | None = None
        self._run: _Run | None = None
        self.dropped = 0
        """Changes for which the command was not run."""

    def take(self, change: bytes) -> None:
        """Run the command for a change, once it is its turn."""
        if len(self._waiting) >= MOST_CHANGES_WAITING:
            self._waiting.popleft()
            self.dropped += 1
            logger.warning("hook %s is too slow: a change was dropped (%d so far)", self.hook.name, self.dropped)
        self._waiting.append(change)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run_all(), name="hook")

    async def close(self) -> None:
        """End a command that runs; what waits is dropped."""
        self._waiting.clear()
        if self._run is not None:
            self._run.end()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run_all(self) -> None:
        while self._waiting:
            self._run = run = _Run(self.hook)
            change = self._waiting.popleft()
            try:
                fault = await in_thread(partial(run.run, change), "hook")
            except Exception as unknown:
                logger.exception("hook %s failed", self.hook.name)
                fault = f"failed ({type(unknown).__name__})"
            self._run = None
            if fault:
                logger.warning("hook %s: its command %s", self.hook.name, fault)
            else:
                logger.info("hook %s: its command was run", self.hook.name)
            await self._tell(fault)


class _Run:
    """One run; `run` in a thread, `end` from any."""

    def __init__(self, hook: HookSettings) -> None:
        self._hook = hook
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False

    def run(self, change: bytes) -> str:
        """Run the command; why it failed, as the end of a sentence that begins with the command, or nothing."""
        environment = child_environment()
        program = find_program(self._hook.command[0], environment)
        if program is None:
            return "is not there, or may not be executed"
        try:
            with self._lock:
                if self._ended:
                    return "was not started: Gatelight ends, or the hook was changed"
                self._process = process = _started([program, *self._hook.command[1:]], environment)
        except OSError as fault:
            return f"cannot be run by the system ({redact(fault.strerror or type(fault).__name__)})"
        try:
            process.communicate(change, self._hook.limit)
        except subprocess.TimeoutExpired:
            self.end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_ENDING_SECONDS)
            return f"took longer than {self._hook.limit:g} s and was ended"
        finally:
            if process.stdin is not None:
                # A process that never reads leaves bytes behind, and closing would try to write them.
                with contextlib.suppress(OSError, ValueError):
                    process.stdin.close()
        if process.returncode == 0 or self._ended:
            return ""
        return f"ended with status {process.returncode}"

    def end(self) -> None:
        """End the process and its descendants, or keep it from starting."""
        with self._lock:
            self._ended = True
            process = self._process
        if process is None or process.poll() is not None:
            return
        with contextlib.suppress(psutil.Error):
            family = psutil.Process(process.pid).children(recursive=True)
            for one in family:
                with contextlib.suppress(psutil.Error):
                    one.kill()
        with contextlib.suppress(OSError):
            process.kill()


def _started(command: list[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return subprocess.Popen(
        command,
        env=environment,
        cwd=Path.home(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **apart,
    )
