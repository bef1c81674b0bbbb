"""The control channel on Windows: the client's end of the named pipe with the name `channel.pipe_name`.

Another user may have made a pipe of that name before the agent. A client trusts only a pipe of this user, and lets the
server learn its user but not act as that user.
"""

import _winapi
import sys
import time
from typing import Any

from agent.runtime.clock import countdown
from agent.runtime.control import pipe_rights

assert sys.platform == "win32"


_RETRY = 0.01
"""Seconds until another try while the server is busy."""
_BROKEN_PIPE = 109
"""ERROR_BROKEN_PIPE: the server has closed its end."""
_PIPE_BUSY = 231
"""ERROR_PIPE_BUSY: after a client the server needs a moment to offer the pipe again."""
_MORE_DATA = 234
"""ERROR_MORE_DATA: the answer goes on."""
_IDENTIFICATION_ONLY = 0x0011_0000
"""SECURITY_SQOS_PRESENT and SECURITY_IDENTIFICATION (winbase.h)."""


def ask(name: str, line: bytes, timeout: float, longest: int) -> bytes:
    """Send one line and read one, within `timeout` seconds.

    Raises PermissionError for a pipe of another user, TimeoutError, or another OSError.
    """
    left = countdown(timeout)

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
