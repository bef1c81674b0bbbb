"""Chooses the kind of icon that a Linux desktop can show."""

import asyncio
import importlib.util
import os
from collections.abc import Callable

from agent.platforms.session_bus import NoSessionBus, close_session_bus, connect_session_bus, has_owner
from agent.tray.backend import Hooks, TrayIcon, TrayUnavailable
from agent.tray.sni import NO_HOST, WATCHER, _sentence
from agent.tray.sni import SniIcon as SniIcon


def choose_icon(wait_for_host: bool) -> Callable[[str, Hooks], TrayIcon]:
    """The icon type to use here; raises `TrayUnavailable`.

    It is never pystray's own X11 icon, which has no menu and takes no clicks.
    """
    loop = asyncio.new_event_loop()
    try:
        host = loop.run_until_complete(_host_is_there())
    except NoSessionBus as reason:
        return _gtk_or(_sentence(reason))
    finally:
        loop.close()
    if host or wait_for_host:
        return SniIcon
    return _gtk_or(NO_HOST)


async def _host_is_there() -> bool:
    bus = await connect_session_bus()
    try:
        return await has_owner(bus, WATCHER)
    finally:
        await close_session_bus(bus)


def _gtk_or(reason: str) -> Callable[[str, Hooks], TrayIcon]:
    """pystray's own icon over GTK, where there is a screen and PyGObject of the distribution can be imported."""
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if screen and importlib.util.find_spec("gi"):
        from agent.tray.stock import gtk_icon

        try:
            return gtk_icon()
        except (ImportError, ValueError):
            # ValueError: PyGObject is installed, but GTK 3 or the indicator library is not.
            pass
    raise TrayUnavailable(reason)
