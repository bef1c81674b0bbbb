"""pystray's own icons where they suffice: on macOS, and on GTK desktops without a StatusNotifierItem host."""

import importlib
from collections.abc import Callable
from typing import Any

from agent.core.shown.display import IconState
from agent.tray.artwork import icon_picture
from agent.tray.backend import Hooks, TrayIcon
from agent.tray.menu import as_they_are, pystray
from agent.tray.waking import waking_for_signals

PICTURE_SIZE = 64
"""Pixels of the one picture these icons take; they scale it down to 22 or 44."""


def mac_icon() -> Callable[[str, Hooks], TrayIcon]:
    """An item of the menu bar. AppKit needs every call on the main thread, where its loop runs."""
    base: Any = pystray("_darwin").Icon
    call_after = importlib.import_module("PyObjCTools.AppHelper").callAfter

    class Icon(base):  # type: ignore[misc]
        """pystray's icon, with AppKit's loop woken for signals."""

        def run(self, setup: Callable[[Any], None] | None = None) -> None:
            with waking_for_signals(call_after):
                super().run(setup)

    return _with_posting(Icon, call_after)


def gtk_icon() -> Callable[[str, Hooks], TrayIcon]:
    """An AppIndicator, else a GtkStatusIcon; raises ImportError or ValueError where neither is installed."""
    try:
        base = pystray("_appindicator").Icon
    except (ImportError, ValueError):
        base = pystray("_gtk").Icon
    glib = importlib.import_module("gi.repository.GLib")

    def post(call: Callable[[], None]) -> None:
        def once() -> bool:
            call()
            return False

        glib.idle_add(once)

    return _with_posting(base, post)


def _with_posting(base: Any, post_call: Callable[[Callable[[], None]], Any]) -> Callable[[str, Hooks], TrayIcon]:
    class Icon(base):  # type: ignore[misc]
        """pystray's icon with what `TrayIcon` adds."""

        def post(self, call: Callable[[], None]) -> None:
            post_call(call)

        def picture(self, state: IconState) -> Any:
            return icon_picture(state, PICTURE_SIZE)

        def spelt(self, label: str) -> str:
            return as_they_are(label)

    def make(name: str, _: Hooks) -> TrayIcon:
        icon: TrayIcon = Icon(name)
        return icon

    return make
