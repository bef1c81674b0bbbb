"""Windows on an X11 screen: which processes have one, and bringing one to the front.

Java's windows are X11 windows on Wayland too. Only a window manager that follows the EWMH tells anything.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
from Xlib import X
from Xlib import error as x_error
from Xlib.display import Display
from Xlib.protocol import event as x_event

from agent.platforms.bounded_process import BoundedProcess

_FRONT_SECONDS = 1.5
"""Seconds that a window manager may take to bring a window to the front."""

_BY_THE_USER = 2
"""Source indication of the EWMH: the user asks for it, not the application."""
_JAVA = "java"
_LONGEST_PROPERTY = 1 << 12
"""Units of four bytes, one for each window; a program may write a property of any length."""

_TROUBLE = (x_error.XError, x_error.DisplayError, x_error.ConnectionClosedError, OSError)


def with_window(pids: frozenset[int]) -> frozenset[int] | None:
    """Those of these processes that have a window; None where the screen does not tell that."""
    try:
        with _screen() as display:
            listed = _windows(display)
            return None if listed is None else frozenset(p for p in pids if _of(p, listed))
    except _TROUBLE:
        return None


def bring_to_front(pid: int) -> str | None:
    """Bring the topmost window of a process to the front; returns what went wrong, or None."""
    try:
        with _screen() as display:
            mine = _of(pid, _windows(display) or [])
            if not mine:
                return "it has no window on this screen any more"
            _activate(display, mine[-1])
            return None if _came(display, set(mine)) else "the window manager did not bring its window to the front"
    except _TROUBLE as trouble:
        return f"the screen cannot be reached ({type(trouble).__name__})"


@contextmanager
def _screen() -> Iterator[Display]:
    display = Display()
    try:
        yield display
    finally:
        display.close()


def _windows(display: Display) -> list[tuple[int, int]] | None:
    """(window, process) of every window, topmost last; None where the window manager does not list them."""
    root = display.screen().root
    listed = _property(display, root, "_NET_CLIENT_LIST_STACKING") or _property(display, root, "_NET_CLIENT_LIST")
    if listed is None:
        return None
    found = []
    for number in listed:
        window = display.create_resource_object("window", number)
        try:
            told = _property(display, window, "_NET_WM_PID")
            if told and _of_this_machine(display, window):
                found.append((int(number), int(told[0])))
        except x_error.XError:
            # It was closed meanwhile.
            continue
    return found


def _property(display: Display, window: Any, name: str) -> Any:
    """The value of a property, None where the window has none of that name."""
    found = window.get_property(display.get_atom(name), X.AnyPropertyType, 0, _LONGEST_PROPERTY)
    return None if found is None else found.value


def _of_this_machine(display: Display, window: Any) -> bool:
    """Whether a window's process runs here: on a forwarded screen, a process ID may be another machine's."""
    told = _property(display, window, "WM_CLIENT_MACHINE")
    if not told:
        return True
    name = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
    return name.split(".")[0].casefold() in (socket.gethostname().split(".")[0].casefold(), "localhost")


def _of(pid: int, listed: list[tuple[int, int]]) -> list[int]:
    """The windows of a process, topmost last; if it has none, those of its Java parent or children."""
    own = [window for window, owner in listed if owner == pid]
    return own or [window for window, owner in listed if _are_kin(pid, owner)]


def _are_kin(pid: int, owner: int) -> bool:
    try:
        one, other = psutil.Process(pid), BoundedProcess(owner)
        related = one.ppid() == owner or other.ppid() == pid
        return related and other.name().lower().startswith(_JAVA)
    except (psutil.Error, OSError):
        return False


def _activate(display: Display, number: int) -> None:
    root, window = display.screen().root, display.create_resource_object("window", number)
    asked = x_event.ClientMessage(
        window=window,
        client_type=display.get_atom("_NET_ACTIVE_WINDOW"),
        data=(32, [_BY_THE_USER, X.CurrentTime, 0, 0, 0]),
    )
    root.send_event(asked, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
    display.flush()


def _came(display: Display, windows: set[int]) -> bool:
    deadline = time.monotonic() + _FRONT_SECONDS
    while time.monotonic() < deadline:
        active = _property(display, display.screen().root, "_NET_ACTIVE_WINDOW")
        if active and int(active[0]) in windows:
            return True
        time.sleep(0.05)
    return False
