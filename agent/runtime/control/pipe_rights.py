"""Rights in a named pipe on Windows, and its owner: security descriptors and users, through ctypes.

Sources: Microsoft's "Security Descriptor Definition Language", "Named Pipe Security and Access Rights" and the pages of
the functions. An owner cannot be forged: only an administrator can give an object to another user.
"""

import ctypes
import sys
from ctypes import POINTER, byref, sizeof, wintypes
from typing import Any

assert sys.platform == "win32"

_TOKEN_QUERY = 0x0008
_TOKEN_USER = 1
_LONGEST_USER = 256
"""Bytes of a TOKEN_USER with its SID, which needs some 50."""
_KERNEL_OBJECT = 6
_OWNER = 1
_REVISION = 1

_advapi = ctypes.WinDLL("advapi32", use_last_error=True)
_kernel = ctypes.WinDLL("kernel32", use_last_error=True)


def _declare(library: Any, name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function


_local_free = _declare(_kernel, "LocalFree", wintypes.HLOCAL, wintypes.HLOCAL)
_close_handle = _declare(_kernel, "CloseHandle", wintypes.BOOL, wintypes.HANDLE)
_current_process = _declare(_kernel, "GetCurrentProcess", wintypes.HANDLE)
_open_token = _declare(
    _advapi, "OpenProcessToken", wintypes.BOOL, wintypes.HANDLE, wintypes.DWORD, POINTER(wintypes.HANDLE)
)
_token_information = _declare(
    _advapi,
    "GetTokenInformation",
    wintypes.BOOL,
    wintypes.HANDLE,
    ctypes.c_int,
    ctypes.c_void_p,
    wintypes.DWORD,
    POINTER(wintypes.DWORD),
)
_sid_to_string = _declare(_advapi, "ConvertSidToStringSidW", wintypes.BOOL, ctypes.c_void_p, POINTER(ctypes.c_void_p))
_string_to_descriptor = _declare(
    _advapi,
    "ConvertStringSecurityDescriptorToSecurityDescriptorW",
    wintypes.BOOL,
    wintypes.LPCWSTR,
    wintypes.DWORD,
    POINTER(ctypes.c_void_p),
    POINTER(wintypes.DWORD),
)
_security_info = _declare(
    _advapi,
    "GetSecurityInfo",
    wintypes.DWORD,
    wintypes.HANDLE,
    ctypes.c_int,
    wintypes.DWORD,
    POINTER(ctypes.c_void_p),
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
    POINTER(ctypes.c_void_p),
)


class _Attributes(ctypes.Structure):
    """SECURITY_ATTRIBUTES."""

    _fields_ = (
        ("length", wintypes.DWORD),
        ("descriptor", ctypes.c_void_p),
        ("inherit", wintypes.BOOL),
    )


class Rights:
    """A security descriptor for a new pipe. Raises OSError for a text that describes none."""

    def __init__(self, description: str) -> None:
        """`description` is in Microsoft's Security Descriptor Definition Language."""
        self._descriptor = ctypes.c_void_p()
        _check(_string_to_descriptor(description, _REVISION, byref(self._descriptor), None))
        self._attributes = _Attributes(sizeof(_Attributes), self._descriptor, False)

    @property
    def address(self) -> int:
        """The address of the SECURITY_ATTRIBUTES, valid while this object exists."""
        return ctypes.addressof(self._attributes)

    def __del__(self) -> None:
        _local_free(self._descriptor)


def ours_alone() -> Rights:
    """Rights for this user alone, with this user as the owner in any case, even of a process in other groups."""
    user = this_user()
    return Rights(f"O:{user}D:P(A;;GA;;;{user})")


def this_user() -> str:
    """The user of this process, as a SID in text form."""
    token = wintypes.HANDLE()
    _check(_open_token(_current_process(), _TOKEN_QUERY, byref(token)))
    try:
        found = ctypes.create_string_buffer(_LONGEST_USER)
        _check(_token_information(token, _TOKEN_USER, found, _LONGEST_USER, byref(wintypes.DWORD())))
        # A TOKEN_USER begins with the address of its SID.
        return _text(ctypes.c_void_p.from_buffer(found))
    finally:
        _close_handle(token)


def pipe_owner(handle: int) -> str | None:
    """The owner of an open pipe, as a SID in text form; None for a pipe without an owner."""
    owner, descriptor = ctypes.c_void_p(), ctypes.c_void_p()
    failure = _security_info(handle, _KERNEL_OBJECT, _OWNER, byref(owner), None, None, None, byref(descriptor))
    if failure:
        raise ctypes.WinError(failure)
    try:
        return _text(owner) if owner else None
    finally:
        _local_free(descriptor)


def _text(sid: ctypes.c_void_p) -> str:
    text = ctypes.c_void_p()
    _check(_sid_to_string(sid, byref(text)))
    try:
        return ctypes.wstring_at(text.value or 0)
    finally:
        _local_free(text)


def _check(done: int) -> None:
    if not done:
        raise ctypes.WinError(ctypes.get_last_error())
