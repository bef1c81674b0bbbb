"""Windows on Windows: which processes have one, and bringing one to the front.

Import it on Windows only.
"""

import ctypes
import time
from ctypes import wintypes
from typing import Any

_FRONT_SECONDS = 1.5
"""Seconds that Windows may take to bring a window to the front."""

SW_RESTORE = 9
"""Show a minimised window as it was."""

_FINDER: Any = ctypes.WINFUNCTYPE(  # type: ignore[attr-defined,unused-ignore]
    wintypes.BOOL, wintypes.HWND, wintypes.LPARAM
)

_user32: Any = ctypes.WinDLL("user32")  # type: ignore[attr-defined,unused-ignore]
_user32.EnumWindows.argtypes = (_FINDER, wintypes.LPARAM)
_user32.GetWindowThreadProcessId.argtypes = (wintypes.HWND, ctypes.POINTER(wintypes.DWORD))
_user32.GetForegroundWindow.restype = wintypes.HWND
for _call in (
    *(_user32.IsWindowVisible, _user32.IsIconic, _user32.GetWindowTextLengthW),
    *(_user32.SetForegroundWindow, _user32.BringWindowToTop),
):
    _call.argtypes = (wintypes.HWND,)
_user32.ShowWindow.argtypes = (wintypes.HWND, ctypes.c_int)
_user32.SwitchToThisWindow.argtypes = (wintypes.HWND, wintypes.BOOL)
_user32.SwitchToThisWindow.restype = None


def with_window(pids: frozenset[int]) -> frozenset[int] | None:
    """Those of these processes that have a window."""
    return frozenset(pids.intersection(owner for _, owner in _windows()))


def bring_to_front(pid: int) -> str | None:
    """Bring the topmost window of a process to the front; returns what went wrong, or None."""
    mine = [window for window, owner in _windows() if owner == pid]
    if not mine:
        return "it has no window any more"
    if _user32.IsIconic(mine[0]):
        _user32.ShowWindow(mine[0], SW_RESTORE)
    # Windows allows this only to the program that the user works with; the second call does what Alt+Tab does.
    if not _user32.SetForegroundWindow(mine[0]):
        _user32.SwitchToThisWindow(mine[0], True)
    return None if _came(pid) else "Windows only let its button in the taskbar flash"


def _windows() -> list[tuple[int, int]]:
    """(window, process) of every window that is visible or minimised, topmost first."""
    found: list[tuple[int, int]] = []

    def take(window: int, _: int) -> bool:
        # Java has invisible windows, which have no title.
        if _user32.IsWindowVisible(window) and _user32.GetWindowTextLengthW(window):
            found.append((window, _owner(window)))
        return True

    _user32.EnumWindows(_FINDER(take), 0)
    return found


def _owner(window: int) -> int:
    pid = wintypes.DWORD()
    _user32.GetWindowThreadProcessId(window, ctypes.byref(pid))
    return pid.value


def _came(pid: int) -> bool:
    deadline = time.monotonic() + _FRONT_SECONDS
    while time.monotonic() < deadline:
        active = _user32.GetForegroundWindow()
        if active and _owner(active) == pid:
            return True
        time.sleep(0.05)
    return False
