"""The control channel on Windows: the client's end of a named pipe, whose name `channel.pipe_name` tells.

Another user can have made a pipe of that name before the agent did: only one that belongs to this user is believed, and
its server is shown who asks, but cannot act as this user.
"""

import _winapi
import sys
import time
from typing import Any

from agent.runtime.clock import SystemClock
from agent.runtime.control import pipe_rights

assert sys.platform == "win32"


_RETRY = 0.01
"""Seconds until another try where the server is busy."""
_BROKEN_PIPE = 109
"""ERROR_BROKEN_PIPE: the server has closed its end."""
_PIPE_BUSY = 231
"""ERROR_PIPE_BUSY: between two clients the server needs a moment to offer the pipe again."""
_MORE_DATA = 234
"""ERROR_MORE_DATA: the answer goes on."""
_IDENTIFICATION_ONLY = 0x0011_0000
"""SECURITY_SQOS_PRESENT and SECURITY_IDENTIFICATION (winbase.h)."""


def ask(name: str, line: bytes, timeout: float, longest: int) -> bytes:
    """One line out and one back within the time limit; PermissionError for a pipe of another user, OSError or
    TimeoutError otherwise.
    """
    clock = SystemClock()
    deadline = clock.now().monotonic + timeout

    def left() -> float:
        seconds = deadline - clock.now().monotonic
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def finish(operation: Any) -> None:
        if _winapi.WaitForSingleObject(operation.event, max(1, int(left() * 1000))) != _winapi.WAIT_OBJECT_0:
            operation.cancel()
            raise TimeoutError

    access = _winapi.GENERIC_READ | _winapi.GENERIC_WRITE
    flags = _winapi.FILE_FLAG_OVERLAPPED | _IDENTIFICATION_ONLY
    while True:
        try:
            handle = _winapi.CreateFile(name, access, 0, _winapi.NULL, _winapi.OPEN_EXISTING, flags, _winapi.NULL)
            break
        except OSError as error:
            if error.winerror != _PIPE_BUSY:
                raise
            time.sleep(min(_RETRY, left()))
    try:
        if pipe_rights.pipe_owner(handle) != pipe_rights.this_user():
            raise PermissionError
        operation, _ = _winapi.WriteFile(handle, line, overlapped=True)
        finish(operation)
        operation.GetOverlappedResult(True)
        received = bytearray()
        while not received.endswith(b"\n") and len(received) <= longest:
            operation, _ = _winapi.ReadFile(handle, 1 << 16, overlapped=True)
            finish(operation)
            _, code = operation.GetOverlappedResult(True)
            if code not in (0, _MORE_DATA, _BROKEN_PIPE):
                raise OSError(code, "the pipe broke")
            received += operation.getbuffer() or b""
            if code == _BROKEN_PIPE:
                break
    finally:
        _winapi.CloseHandle(handle)
    return bytes(received)
