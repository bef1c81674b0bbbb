"""What Wine lacks for psutil, made good for tests: only a Windows Python under Wine imports this, at its start.

1. psutil asks NtQuerySystemInformation for the executable of a process, by SystemProcessIdInformation; Wine 8 refuses
   that with WinError 87. QueryFullProcessImageNameW, which Windows has too, works for every process.
2. Wine learns the owner of a socket from /proc/PID/fd, where the socket is found once its process has used the
   descriptor itself. Until then the owner is 0. One question that changes nothing, `getsockopt`, is such a use.
3. Wine 8 never tells the owner of a socket of IPv6, nor of a connection that was accepted. The owner of the listener
   on the same port stands in.
4. On Windows a port can be bound while old connections to it are in TIME_WAIT. Wine hands the call to Linux, which
   refuses that without SO_REUSEADDR; with it Linux still refuses a second listener.
5. After SO_EXCLUSIVEADDRUSE, which Windows recommends, Wine 8 refuses every bind with WinError 10022. Linux, which
   Wine hands the call to, lets no second program listen anyway.
"""

import ctypes
import os
import socket
import sys
from typing import Any, TypeAlias

AS_IT_IS = "GATELIGHT_TESTS_WINE_AS_IT_IS"
"""Set in the environment of a program that meets Wine with its gaps."""

if sys.platform == "win32":
    from ctypes import wintypes

    from psutil import _psutil_windows, _pswindows

    _Row: TypeAlias = tuple[int, int, int, tuple[str, int], tuple[str, int], int, int]
    """Descriptor, family, type, this end, the other end, state, owner."""

    _LISTEN = _psutil_windows.MIB_TCP_STATE_LISTEN
    _QUERY_LIMITED_INFORMATION = 0x1000
    _LONGEST_PATH = 32768

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.OpenProcess.restype = wintypes.HANDLE
    _kernel.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
    _kernel.QueryFullProcessImageNameW.argtypes = (
        wintypes.HANDLE,
        wintypes.DWORD,
        wintypes.LPWSTR,
        ctypes.POINTER(wintypes.DWORD),
    )
    _kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
    _bind, _listen, _setsockopt = socket.socket.bind, socket.socket.listen, socket.socket.setsockopt
    _connect = socket.socket.connect

    def _executable(pid: int) -> str:
        handle = _kernel.OpenProcess(_QUERY_LIMITED_INFORMATION, False, pid)
        if not handle:
            raise ctypes.WinError(ctypes.get_last_error())
        try:
            size = wintypes.DWORD(_LONGEST_PATH)
            path = ctypes.create_unicode_buffer(size.value)
            if not _kernel.QueryFullProcessImageNameW(handle, 0, path, ctypes.byref(size)):
                raise ctypes.WinError(ctypes.get_last_error())
            return path.value
        finally:
            _kernel.CloseHandle(handle)

    class _Extension:
        """psutil's C part with two functions replaced."""

        def __getattr__(self, name: str) -> object:
            return getattr(_psutil_windows, name)

        @staticmethod
        def proc_exe(pid: int) -> str:
            return _executable(pid)

        @staticmethod
        def net_connections(pid: int, families: list[int], types: list[int]) -> list[_Row]:
            rows = _psutil_windows.net_connections(-1, families, types)
            owners = {row[3][1]: row[6] for row in rows if row[5] == _LISTEN and row[6]}
            named = [(*row[:6], row[6] or (owners.get(row[3][1], 0) if row[3] else 0)) for row in rows]
            return [row for row in named if pid in (-1, row[6])]

    def _use(used: socket.socket) -> None:
        if used.type == socket.SOCK_STREAM and used.family in (socket.AF_INET, socket.AF_INET6):
            used.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    def _set_option(self: socket.socket, level: int, option: int, *value: Any) -> None:
        if (level, option) != (socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE):
            _setsockopt(self, level, option, *value)

    def _bind_again(self: socket.socket, address: object) -> None:
        if self.type == socket.SOCK_STREAM and self.family in (socket.AF_INET, socket.AF_INET6):
            self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(self, address)

    def _listen_and_use(self: socket.socket, *arguments: int) -> None:
        _listen(self, *arguments)
        _use(self)

    def _connect_and_use(self: socket.socket, address: Any) -> None:
        _connect(self, address)
        _use(self)

    if hasattr(ctypes.windll.ntdll, "wine_get_version") and AS_IT_IS not in os.environ:
        _pswindows.cext = _Extension()
        _pswindows.convert_dos_path = lambda path: path
        socket.socket.setsockopt = _set_option  # type: ignore[method-assign,assignment]
        socket.socket.bind = _bind_again  # type: ignore[method-assign]
        socket.socket.connect = _connect_and_use  # type: ignore[method-assign]
        socket.socket.listen = _listen_and_use  # type: ignore[method-assign]
