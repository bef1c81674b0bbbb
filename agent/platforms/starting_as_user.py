"""Windows: starting a program with the rights of the user's own programs, also from a process with more of them.

An installation that an administrator runs with elevated rights must not hand them on to a program whose configuration,
with the commands in it, every program of that user can change. Import it on Windows only. The source of the way:
Microsoft's pages of UpdateProcThreadAttribute (PROC_THREAD_ATTRIBUTE_PARENT_PROCESS: the new process has the rights of
the parent that is named) and GetShellWindow. Constants: winbase.h, winnt.h.
"""

import contextlib
import ctypes
import subprocess
from collections.abc import Iterator, Mapping
from ctypes import wintypes
from pathlib import Path
from typing import Any

from agent.platforms.starting import detached
from agent.platforms.user_windows import has_elevated_rights, runs_as_this_user

_PARENT_PROCESS = 0x0002_0000
_CREATE_PROCESS = 0x0080
_EXTENDED = 0x0008_0000
_APART = 0x0000_0208
"""DETACHED_PROCESS and CREATE_NEW_PROCESS_GROUP."""

_kernel32: Any = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined,unused-ignore]
_user32: Any = ctypes.WinDLL("user32", use_last_error=True)  # type: ignore[attr-defined,unused-ignore]
_kernel32.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
_kernel32.OpenProcess.restype = wintypes.HANDLE
_kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)
_kernel32.InitializeProcThreadAttributeList.argtypes = (
    *(ctypes.c_void_p, wintypes.DWORD, wintypes.DWORD),
    ctypes.POINTER(ctypes.c_size_t),
)
_kernel32.UpdateProcThreadAttribute.argtypes = (
    *(ctypes.c_void_p, wintypes.DWORD, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t),
    *(ctypes.c_void_p, ctypes.c_void_p),
)
_kernel32.DeleteProcThreadAttributeList.argtypes = (ctypes.c_void_p,)
_kernel32.CreateProcessW.argtypes = (
    *(wintypes.LPCWSTR, wintypes.LPWSTR, ctypes.c_void_p, ctypes.c_void_p, wintypes.BOOL, wintypes.DWORD),
    *(ctypes.c_void_p, wintypes.LPCWSTR, ctypes.c_void_p, ctypes.c_void_p),
)
_user32.GetShellWindow.restype = wintypes.HWND
_user32.GetWindowThreadProcessId.argtypes = (wintypes.HWND, ctypes.POINTER(wintypes.DWORD))


class _StartUp(ctypes.Structure):
    """STARTUPINFOEXW: of its first part only the size is told."""

    _fields_ = (
        ("size", wintypes.DWORD),
        ("told", ctypes.c_void_p * 12),
        ("attributes", ctypes.c_void_p),
    )


class _Started(ctypes.Structure):
    """PROCESS_INFORMATION."""

    _fields_ = (
        ("process", wintypes.HANDLE),
        ("thread", wintypes.HANDLE),
        ("pid", wintypes.DWORD),
        ("thread_id", wintypes.DWORD),
    )


def start_as_user(command: list[str], environment: Mapping[str, str], folder: Path | None) -> None:
    """Start a program in `folder` that outlives this one, with the rights of the desktop's programs; raises OSError.

    From a process with elevated rights it gets that one's environment, and it is a PermissionError where no desktop of
    this user is at hand, as for an administrator on that of another user, or in a remote shell.
    """
    if not has_elevated_rights():
        detached(command, environment, folder)
        return
    with _desktop() as parent, _attributes(parent) as attributes:
        _create(command, folder, attributes)


@contextlib.contextmanager
def _desktop() -> Iterator[wintypes.HANDLE]:
    """The process of the desktop that this user sees."""
    pid = wintypes.DWORD()
    window = _user32.GetShellWindow()
    if not window or not _user32.GetWindowThreadProcessId(window, ctypes.byref(pid)):
        raise PermissionError("there is no desktop")
    if not runs_as_this_user(pid.value):
        raise PermissionError("the desktop is that of another user")
    process = _kernel32.OpenProcess(_CREATE_PROCESS, False, pid.value)
    _check(process)
    try:
        yield wintypes.HANDLE(process)
    finally:
        _kernel32.CloseHandle(process)


@contextlib.contextmanager
def _attributes(parent: wintypes.HANDLE) -> Iterator[Any]:
    """The list of attributes that names a parent; valid inside."""
    size = ctypes.c_size_t()
    _kernel32.InitializeProcThreadAttributeList(None, 1, 0, ctypes.byref(size))
    made = ctypes.create_string_buffer(size.value)
    _check(_kernel32.InitializeProcThreadAttributeList(made, 1, 0, ctypes.byref(size)))
    try:
        about = (_PARENT_PROCESS, ctypes.byref(parent), ctypes.sizeof(parent))
        _check(_kernel32.UpdateProcThreadAttribute(made, 0, *about, None, None))
        yield made
    finally:
        _kernel32.DeleteProcThreadAttributeList(made)


def _create(command: list[str], folder: Path | None, attributes: Any) -> None:
    begun = _StartUp(ctypes.sizeof(_StartUp), attributes=ctypes.addressof(attributes))
    started = _Started()
    line = ctypes.create_unicode_buffer(subprocess.list2cmdline(command))
    place = None if folder is None else str(folder)
    told = (ctypes.byref(begun), ctypes.byref(started))
    _check(_kernel32.CreateProcessW(command[0], line, None, None, False, _EXTENDED | _APART, None, place, *told))
    _kernel32.CloseHandle(started.thread)
    _kernel32.CloseHandle(started.process)


def _check(done: Any) -> None:
    if not done:
        raise ctypes.WinError(ctypes.get_last_error())  # type: ignore[attr-defined,unused-ignore]
