"""The tray icon on Windows: pystray's, which also ends cleanly with the session, draws sharp and takes balloon clicks.

This module can be imported on Windows only.
"""

import contextlib
import ctypes
import queue
import winreg
from collections.abc import Callable
from typing import Any

from agent.core.shown.display import IconState
from agent.tray.artwork import Background, icon_picture
from agent.tray.backend import Hooks
from agent.tray.menu import pystray
from agent.tray.waking import waking_for_signals

_win32_icon = pystray("_win32")
_PystrayIcon: Any = _win32_icon.Icon
win32 = _win32_icon.win32

WM_CLOSE = 0x0010
WM_QUERYENDSESSION = 0x0011
WM_ENDSESSION = 0x0016
WM_SETTINGCHANGE = 0x001A
WM_LBUTTONUP = 0x0202
WM_RBUTTONUP = 0x0205
WM_POSTED = 0x8000 + 23
"""WM_APP plus our own number: a call waits in the queue."""
NIN_BALLOONUSERCLICK = 0x0405
"""The shell's message for a click on the icon's balloon (WM_USER + 5)."""
SPI_GETHIGHCONTRAST = 0x0042
HCF_HIGHCONTRASTON = 0x0001
COLOR_WINDOW = 5
SM_CXSMICON = 49
"""The system metric for the side of a small icon, in pixels at the screen's scale."""

_THEME = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"


def taskbar_background() -> Background:
    """The taskbar's background: light, dark or high contrast. Windows before 10 does not tell: then it is unknown."""
    if (contrast := _high_contrast()) is not None:
        return contrast
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _THEME) as key:  # type: ignore[attr-defined,unused-ignore]
            light, _ = winreg.QueryValueEx(key, "SystemUsesLightTheme")  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return Background.ANY
    return Background.LIGHT if light else Background.DARK


class _HighContrast(ctypes.Structure):
    """HIGHCONTRASTW."""

    _fields_ = (("size", ctypes.c_uint), ("flags", ctypes.c_uint), ("scheme", ctypes.c_wchar_p))


def _high_contrast() -> Background | None:
    """The background of a high contrast theme; None while high contrast is off."""
    user32 = ctypes.windll.user32  # type: ignore[attr-defined,unused-ignore]
    asked = _HighContrast(ctypes.sizeof(_HighContrast), 0, None)
    if not user32.SystemParametersInfoW(SPI_GETHIGHCONTRAST, asked.size, ctypes.byref(asked), 0):
        return None
    if not asked.flags & HCF_HIGHCONTRASTON:
        return None
    colour = user32.GetSysColor(COLOR_WINDOW)
    light = sum((colour >> shift) & 0xFF for shift in (0, 8, 16)) > 3 * 127
    return Background.WHITE if light else Background.BLACK


class WindowsIcon(_PystrayIcon):  # type: ignore[misc]
    """pystray's Windows icon with the additions of `TrayIcon`."""

    def __init__(self, name: str, hooks: Hooks) -> None:
        super().__init__(name)
        self._hooks = hooks
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._icon_handle: Any = None
        self._menu_is_open = False
        self._menu_is_stale = False
        self._state: IconState | None = None
        self._background = taskbar_background()
        self._message_handlers |= {
            WM_POSTED: self._on_posted,
            WM_CLOSE: self._on_close,
            WM_QUERYENDSESSION: lambda _wparam, _lparam: 1,
            WM_ENDSESSION: self._on_end_session,
            WM_SETTINGCHANGE: self._on_setting_change,
        }

    def run(self, setup: Callable[[Any], None] | None = None) -> None:
        """See `TrayIcon.run`."""
        with waking_for_signals(self.post):
            super().run(setup)

    def post(self, call: Callable[[], None]) -> None:
        """See `TrayIcon.post`."""
        self._calls.put(call)
        # OSError: the icon has stopped and its window is gone.
        with contextlib.suppress(OSError):
            win32.PostMessage(self._hwnd, WM_POSTED, 0, 0)

    def picture(self, state: IconState) -> Any:
        """See `TrayIcon.picture`."""
        self._state = state
        side = ctypes.windll.user32.GetSystemMetrics(SM_CXSMICON) or 16  # type: ignore[attr-defined,unused-ignore]
        return icon_picture(state, side, self._background)

    def spelt(self, label: str) -> str:
        """See `TrayIcon.spelt`: a single & would underline the next letter."""
        return label.replace("&", "&&")

    def _on_posted(self, _wparam: int, _lparam: int) -> int:
        while True:
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                return 0
            call()

    def _on_close(self, _wparam: int, _lparam: int) -> int:
        self._hooks.quit_asked()
        return 0

    def _on_end_session(self, ending: int, _lparam: int) -> int:
        # Windows ends the process once this returns, so the agent has to end in here.
        if ending:
            self._hooks.session_ends()
        return 0

    def _on_setting_change(self, _wparam: int, _lparam: int) -> int:
        background = taskbar_background()
        if background is not self._background and self._state is not None:
            self._background = background
            self.icon = self.picture(self._state)
        return 0

    def _on_display_change(self, wparam: int, lparam: int) -> None:
        # Another resolution or scale needs another size of picture.
        if self._state is not None:
            self.icon = self.picture(self._state)
        super()._on_display_change(wparam, lparam)

    def _on_notify(self, wparam: int, lparam: int) -> None:
        if lparam == NIN_BALLOONUSERCLICK:
            self._hooks.balloon_clicked()
            return
        if lparam == WM_LBUTTONUP and not any(item.default for item in self.menu or ()):
            # No line of the menu is the default, so a left click opens the menu.
            lparam = WM_RBUTTONUP
        self._menu_is_open = lparam == WM_RBUTTONUP
        if self._menu_is_open:
            self._hooks.menu_opened()
        try:
            super()._on_notify(wparam, lparam)
        finally:
            self._menu_is_open = False
            if self._menu_is_stale:
                self._update_menu()

    def _mainloop(self) -> None:
        # taskkill closes all windows of a process, the one that menus belong to included. pystray takes the icon away
        # and then fails to close that window again.
        with contextlib.suppress(OSError):
            super()._mainloop()

    def _update_menu(self) -> None:
        # Messages arrive while a menu is open. To replace the menu now would close it under the user's hand.
        self._menu_is_stale = self._menu_is_open
        if not self._menu_is_open:
            super()._update_menu()

    def _assert_icon_handle(self) -> None:
        # pystray would load every picture at 32 pixels and let Windows shrink it.
        if self._icon_handle:
            return
        side = self.icon.width
        with _win32_icon.serialized_image(self.icon, "ICO") as path:
            self._icon_handle = win32.LoadImage(None, path, win32.IMAGE_ICON, side, side, win32.LR_LOADFROMFILE)
