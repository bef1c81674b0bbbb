"""The agent's end of the control channel on Windows: a named pipe that only this user can open.

asyncio makes pipes too, but with the rights a process gives by default, and open to other computers.
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
"""ERROR_ACCESS_DENIED and ERROR_PIPE_BUSY: there is a pipe of that name already, so ours would not be the first."""
_AGAIN_AFTER = 1.0
"""Seconds until another try to offer the pipe when the system had none to give."""

logger = logging.getLogger(__name__)


class NameTaken(OSError):
    """Another program made a pipe of this name before."""


class PipeServer:
    """A pipe that is offered until it is closed. To be made on a running loop; raises `NameTaken` or OSError."""

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
            # Wine makes another instance of a pipe that is there.
            self._offered.pop().close()
            raise NameTaken
        self._task = asyncio.get_running_loop().create_task(self._serve(), name="control pipe")

    def close(self) -> None:
        """Offer it no longer; clients that are there stay."""
        self._task.cancel()
        while self._offered:
            self._offered.pop().close()

    async def _serve(self) -> None:
        # A pipe is offered and not a listener: asyncio's own server works with these two as well.
        loop: Any = asyncio.get_running_loop()
        while True:
            pipe = self._offered[0]
            try:
                await loop._proactor.accept_pipe(pipe)
                came = True
            except OSError:
                # The client has gone again.
                came = False
            # There is one on offer at any time: without any, other users could make a pipe of this name.
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
