"""Windows: whether a process runs as this user, and whether this one has elevated rights.

Import it on Windows only. Constants: winnt.h.
"""

import ctypes
from ctypes import wintypes
from typing import Any

_QUERY_LIMITED_INFORMATION = 0x1000
_TOKEN_QUERY = 0x8
_TOKEN_USER = 1
_TOKEN_ELEVATION_TYPE = 18
_FULL = 2
"""TokenElevationTypeFull: the other rights of a user whose programs have fewer, an administrator with UAC."""

_kernel32: Any = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined,unused-ignore]
_advapi32: Any = ctypes.WinDLL("advapi32", use_last_error=True)  # type: ignore[attr-defined,unused-ignore]
_kernel32.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
_kernel32.OpenProcess.restype = wintypes.HANDLE
_kernel32.GetCurrentProcess.restype = wintypes.HANDLE
_kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)
_advapi32.OpenProcessToken.argtypes = (wintypes.HANDLE, wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE))
_advapi32.GetTokenInformation.argtypes = (
    *(wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD),
    ctypes.POINTER(wintypes.DWORD),
)
_advapi32.EqualSid.argtypes = (ctypes.c_void_p, ctypes.c_void_p)


def runs_as_this_user(pid: int) -> bool:
    """Whether a process runs as this user; False where the system withholds that, as for another user's process."""
    process = _kernel32.OpenProcess(_QUERY_LIMITED_INFORMATION, False, pid)
    if not process:
        return False
    try:
        its, mine = _user(process), _user(_kernel32.GetCurrentProcess())
        return its is not None and mine is not None and bool(_advapi32.EqualSid(_sid(its), _sid(mine)))
    finally:
        _kernel32.CloseHandle(process)


def has_elevated_rights() -> bool:
    """Whether this process has more rights than its user's programs usually have; also where that is withheld."""
    token, told, size = wintypes.HANDLE(), wintypes.DWORD(), wintypes.DWORD()
    if not _advapi32.OpenProcessToken(_kernel32.GetCurrentProcess(), _TOKEN_QUERY, ctypes.byref(token)):
        return True
    try:
        asked = (_TOKEN_ELEVATION_TYPE, ctypes.byref(told), ctypes.sizeof(told), ctypes.byref(size))
        return not _advapi32.GetTokenInformation(token, *asked) or told.value == _FULL
    finally:
        _kernel32.CloseHandle(token)


def _user(process: Any) -> "ctypes.Array[ctypes.c_char] | None":
    """The TOKEN_USER of a process; None where it is withheld."""
    token = wintypes.HANDLE()
    if not _advapi32.OpenProcessToken(process, _TOKEN_QUERY, ctypes.byref(token)):
        return None
    try:
        size = wintypes.DWORD()
        _advapi32.GetTokenInformation(token, _TOKEN_USER, None, 0, ctypes.byref(size))
        found = ctypes.create_string_buffer(size.value)
        told = _advapi32.GetTokenInformation(token, _TOKEN_USER, found, size, ctypes.byref(size))
        return found if told else None
    finally:
        _kernel32.CloseHandle(token)


def _sid(user: "ctypes.Array[ctypes.c_char]") -> ctypes.c_void_p:
    """The SID in a TOKEN_USER, which begins with a pointer to it."""
    return ctypes.c_void_p.from_buffer(user)
