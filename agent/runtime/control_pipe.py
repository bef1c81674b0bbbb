"""The control channel on Windows: the client's end of a named pipe, whose name `control.pipe_name` tells.

Only this user, the system and administrators can write to a pipe made without rights of its own, so only they can ask.
"""

import _winapi
import sys
import time
from typing import Any

from agent.runtime.clock import SystemClock

assert sys.platform == "win32"


_RETRY = 0.01
"""Seconds until another try where the server is busy."""
_BROKEN_PIPE = 109
"""ERROR_BROKEN_PIPE: the server has closed its end."""
_PIPE_BUSY = 231
"""ERROR_PIPE_BUSY: between two clients the server needs a moment to offer the pipe again."""
_MORE_DATA = 234
"""ERROR_MORE_DATA: the answer goes on."""


def ask(name: str, line: bytes, timeout: float, longest: int) -> bytes:
    """One line out and one back within the time limit; OSError or TimeoutError otherwise."""
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
    while True:
        try:
            handle = _winapi.CreateFile(
                name, access, 0, _winapi.NULL, _winapi.OPEN_EXISTING, _winapi.FILE_FLAG_OVERLAPPED, _winapi.NULL
            )
            break
        except OSError as error:
            if error.winerror != _PIPE_BUSY:
                raise
            time.sleep(min(_RETRY, left()))
    try:
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
