"""The agent's end of the control channel on Windows: a named pipe that only this user can open.

asyncio can make pipes too, but with the default rights of a process, and open to other computers.
"""

import _winapi
import asyncio
import logging
import sys
from asyncio import windows_utils
from collections.abc import Callable
from typing import Any

from agent.runtime.control import pipe_rights

assert sys.platform == "win32"

REJECT_REMOTE_CLIENTS = 0x0008
"""PIPE_REJECT_REMOTE_CLIENTS (winbase.h)."""
_TAKEN = (5, 231)
"""ERROR_ACCESS_DENIED and ERROR_PIPE_BUSY: another pipe has the name already."""
_AGAIN_AFTER = 1.0
"""Seconds until another try to offer the pipe after the system refused one."""

logger = logging.getLogger(__name__)


class NameTaken(OSError):
    """Another program has made a pipe of this name."""


class PipeServer:
    """A pipe that is offered until it is closed. Made on a running loop; raises `NameTaken` or OSError."""

    def __init__(self, name: str, accept: Callable[[], asyncio.BaseProtocol]) -> None:
        """`accept` makes the protocol of a client."""
        self._name = name
        self._accept = accept
        self._rights = pipe_rights.ours_alone()
        self._offered: list[windows_utils.PipeHandle] = []
        try:
            self._offer(_winapi.FILE_FLAG_FIRST_PIPE_INSTANCE)
        except OSError as failure:
            raise NameTaken(*failure.args) if failure.winerror in _TAKEN else failure from None
        if pipe_rights.pipe_owner(self._offered[0].handle) != pipe_rights.this_user():
            # Wine makes another instance of an existing pipe.
            self._offered.pop().close()
            raise NameTaken
        self._task = asyncio.get_running_loop().create_task(self._serve(), name="control pipe")

    def close(self) -> None:
        """Stop offering the pipe; connected clients stay."""
        self._task.cancel()
        while self._offered:
            self._offered.pop().close()

    async def _serve(self) -> None:
        # A pipe has no listener; asyncio's own server uses these two methods as well.
        loop: Any = asyncio.get_running_loop()
        while True:
            pipe = self._offered[0]
            try:
                await loop._proactor.accept_pipe(pipe)
                came = True
            except OSError:
                # The client is gone already.
                came = False
            # One pipe is offered at any time: otherwise another user could make a pipe of this name.
            while len(self._offered) < 2:
                try:
                    self._offer()
                except OSError as failure:
                    logger.warning("the control channel cannot take another client yet: %s", failure.strerror)
                    await asyncio.sleep(_AGAIN_AFTER)
            del self._offered[0]
            if came:
                loop._make_duplex_pipe_transport(pipe, self._accept())
            else:
                pipe.close()

    def _offer(self, flags: int = 0) -> None:
        handle = _winapi.CreateNamedPipe(
            self._name,
            _winapi.PIPE_ACCESS_DUPLEX | _winapi.FILE_FLAG_OVERLAPPED | flags,
            _winapi.PIPE_TYPE_MESSAGE | _winapi.PIPE_READMODE_MESSAGE | _winapi.PIPE_WAIT | REJECT_REMOTE_CLIENTS,
            _winapi.PIPE_UNLIMITED_INSTANCES,
            windows_utils.BUFSIZE,
            windows_utils.BUFSIZE,
            _winapi.NMPWAIT_WAIT_FOREVER,
            self._rights.address,
        )
        self._offered.append(windows_utils.PipeHandle(handle))
