"""The parent's side of a disguised process: starts it, gives it orders, reads its answers, ends it."""

import asyncio
import contextlib
import errno
import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.errors import GatelightError, UsageError
from agent.simulator.disguise import Disguise, environment
from agent.simulator.process import PartReply

ANSWER_TIMEOUT = 15.0
"""Seconds an order may take. The slowest is the start: under two seconds on a busy machine."""

_LOG_TAIL = 400
"""Characters quoted from the end of the log of a process that has ended."""


class ProcessEnded(GatelightError):
    """A process of the simulator has ended."""


class PortInUse(UsageError):
    """The port a simulated application should listen on belongs to another program."""


def spawn(disguise: Disguise, first: dict[str, Any], log: Path) -> subprocess.Popen[bytes]:
    """Start a disguised process and give it its part. It ends when the pipe to its standard input is closed."""
    disguise.put_on()
    log.parent.mkdir(parents=True, exist_ok=True)
    # The process gets a session of its own, so that Ctrl-C in a terminal reaches only the parent.
    apart: dict[str, Any] = (
        {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    with log.open("ab") as errors:
        process = subprocess.Popen(
            disguise.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=disguise.folder,
            env=environment(),
            **apart,
        )
    _send(process, first)
    return process


def _send(process: subprocess.Popen[bytes], order: dict[str, Any]) -> None:
    """Give an order to a process that `spawn` started. ProcessEnded where it has ended."""
    if process.stdin is None:
        raise ProcessEnded("The process was started without a way to give it orders")
    try:
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()
    except (OSError, ValueError) as error:
        raise ProcessEnded(f"The simulated process {process.pid} has ended") from error


class Child:
    """A running disguised process. Belongs to the event loop that started it."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        log: Path,
        say: Callable[[str], None],
        wish: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._process = process
        self._log = log
        self._say = say
        self._wish = wish
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[asyncio.Future[PartReply]] = deque()
        self._over = asyncio.Event()
        threading.Thread(target=self._read, name=f"simulated process {process.pid}", daemon=True).start()

    @classmethod
    async def start(
        cls,
        disguise: Disguise,
        first: dict[str, Any],
        log: Path,
        say: Callable[[str], None] | None = None,
        wish: Callable[[str], None] = lambda _: None,
    ) -> tuple["Child", PartReply]:
        """Start a process and wait until it plays its part; returns it with its first answer."""
        child = cls(spawn(disguise, first, log), log, say or (lambda _: None), wish)
        try:
            return child, await child._answer(first)
        except BaseException:
            await child.kill()
            raise

    @property
    def pid(self) -> int:
        """Process ID."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return not self._over.is_set()

    async def ask(self, do: str, **arguments: Any) -> PartReply:
        """Give an order and wait for the answer. ValueError for an order that makes no sense."""
        order = {"do": do, **arguments}
        if not self.running:
            raise self._ended_error()
        _send(self._process, order)
        return await self._answer(order)

    async def kill(self) -> None:
        """End the process as `kill -9` does."""
        self._process.kill()
        await self._over.wait()

    async def terminate(self) -> None:
        """End the process as the system does at log-out; by force if that takes too long."""
        self._process.terminate()
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                await self._over.wait()
        except TimeoutError:
            await self.kill()

    async def ended(self) -> None:
        """Wait until it has ended."""
        await self._over.wait()

    async def _answer(self, order: dict[str, Any]) -> PartReply:
        future: asyncio.Future[PartReply] = self._loop.create_future()
        if not self.running:
            raise self._ended_error()
        self._waiting.append(future)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                answer = await future
        except TimeoutError as error:
            raise ProcessEnded(f"The simulated process {self.pid} did not answer in {ANSWER_TIMEOUT:.0f} s") from error
        if answer["ok"]:
            return answer
        if answer.get("errno") == errno.EADDRINUSE:
            raise PortInUse(str(answer["error"]))
        raise ValueError(answer["error"])

    def _read(self) -> None:
        output = self._process.stdout
        if output is not None:
            with contextlib.suppress(OSError, ValueError):
                for line in output:
                    self._hand_over(self._heard, line)
            output.close()
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._hand_over(self._finish)

    def _hand_over(self, act: Callable[..., None], *arguments: Any) -> None:
        # The loop may already be closed.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(act, *arguments)

    def _heard(self, line: bytes) -> None:
        try:
            answer = json.loads(line)
        except ValueError:
            return
        if "said" in answer:
            self._say(answer["said"])
        elif "wish" in answer:
            self._wish(answer["wish"])
        elif self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(answer)

    def _finish(self) -> None:
        self._over.set()
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(self._ended_error())

    def _ended_error(self) -> ProcessEnded:
        try:
            words = self._log.read_text(encoding="utf-8", errors="replace").strip()[-_LOG_TAIL:]
        except OSError:
            words = ""
        return ProcessEnded(f"The simulated process {self.pid} has ended" + (f": {words}" if words else ""))
