"""The tray for the rest of the program: one icon that shows the latest `Display` and passes clicks on.

Drawing runs on the icon's own thread, and clicks are handled on another thread, so that neither a slow panel nor a slow
agent can hold up the other.
"""

import logging
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any

from agent.core.shown.display import TEXT_LIMIT, TITLE_LIMIT, Action, Display, IconState, MenuOpened, Quit
from agent.core.text import shortened
from agent.tray.backend import TITLE, TRAY_NAME, Hooks, TrayIcon
from agent.tray.menu import pystray_menu, short_tooltip

logger = logging.getLogger(__name__)


_BALLOON_SECONDS = 2.0
"""Seconds the icon's thread has to show a balloon before the balloon counts as not shown."""

SESSION_END_SECONDS = 4.0
"""Seconds to wait for the agent at the end of the session. Windows waits 5 s after WM_ENDSESSION (HungAppTimeout)."""


class Tray:
    """One pystray icon in the tray."""

    def __init__(
        self,
        icon_type: Callable[[str, Hooks], TrayIcon],
        on_action: Callable[[Action], None],
        on_unseen: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._icon = icon_type(TRAY_NAME, self)
        self._on_action = on_action
        self._on_unseen = on_unseen
        self._unseen = ""
        self._actions: queue.SimpleQueue[Action | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._latest = Display(IconState.UNKNOWN, TITLE, ())
        self._shown: Display | None = None
        self._pushing = False
        self._running = False
        self._stop_asked = threading.Event()
        self._balloon_click: Action | None = None

    @property
    def unseen(self) -> str:
        """Why the icon is not shown at the moment, as a sentence; empty while it is shown or about to be."""
        return self._unseen

    def run(self, ready: Callable[[], None]) -> None:
        """Show the icon until `stop`; blocks, and needs the main thread.

        `ready` is called, on another thread, once the icon is shown or waits for a panel.
        Raises `TrayUnavailable` when no icon can be shown here: the agent can go on without one.
        """
        if self._stop_asked.is_set():
            return
        clicks = threading.Thread(target=self._hand_on_clicks, name="tray-clicks", daemon=True)
        clicks.start()

        def started(_: Any) -> None:
            with self._lock:
                self._running = True
            self._icon.post(self._push)
            # `stop` may have been called before the icon ran.
            if self._stop_asked.is_set():
                self._icon.stop()
            else:
                ready()

        try:
            self._icon.run(started)
        finally:
            with self._lock:
                self._running = False
            self._actions.put(None)
            clicks.join(timeout=1.0)

    def show(self, display: Display) -> None:
        """Show this from now on. Any thread may call it at any time. Only differences are sent to the panel."""
        with self._lock:
            if display == self._latest:
                return
            self._latest = display
            if self._pushing or not self._running:
                return
            self._pushing = True
        self._icon.post(self._push)

    def stop(self) -> None:
        """Take the icon away and let `run` return; from any thread, at any time, any number of times."""
        self._stop_asked.set()
        self._icon.stop()

    def balloon(self, title: str, text: str, click: Action | None) -> bool:
        """Show a message at the icon and ask for `click` when it is clicked; False where it was not shown.

        Waits for the icon's thread, so that thread must not call it.
        """
        if not self._icon.HAS_NOTIFICATION or not self._running:
            return False
        shown: queue.SimpleQueue[bool] = queue.SimpleQueue()

        def pop_up() -> None:
            try:
                self._balloon_click = click
                self._icon.notify(shortened(text, TEXT_LIMIT) or title, shortened(title, TITLE_LIMIT))
            except Exception:
                logger.exception("the icon could not show a balloon")
                shown.put(False)
            else:
                shown.put(True)

        self._icon.post(pop_up)
        try:
            return shown.get(timeout=_BALLOON_SECONDS)
        except queue.Empty:
            return False

    def quit_asked(self) -> None:
        """See `Hooks.quit_asked`."""
        self._actions.put(Quit())

    def session_ends(self) -> None:
        """See `Hooks.session_ends`: ends the agent and returns when it has ended."""
        self._hand_on(Quit())
        self._stop_asked.wait(SESSION_END_SECONDS)

    def balloon_clicked(self) -> None:
        """See `Hooks.balloon_clicked`."""
        if self._balloon_click is not None:
            self._actions.put(self._balloon_click)

    def menu_opened(self) -> None:
        """See `Hooks.menu_opened`."""
        self._actions.put(MenuOpened())

    def seen(self, unseen: str = "", *, tell: bool = True) -> None:
        """See `Hooks.seen`."""
        self._unseen = unseen
        if unseen and tell:
            self._on_unseen(unseen)

    def _push(self) -> None:
        """Bring the icon up to date; runs on the icon's thread."""
        with self._lock:
            display, shown = self._latest, self._shown
            self._pushing, self._shown = False, display
        if shown is None or shown.icon is not display.icon:
            self._icon.icon = self._icon.picture(display.icon)
        if shown is None or shown.tooltip != display.tooltip:
            self._icon.title = short_tooltip(display.tooltip)
        if shown is None or shown.menu != display.menu:
            self._icon.menu = pystray_menu(display.menu, self._actions.put, self._icon.spelt)
        if not self._icon.visible:
            self._icon.visible = True

    def _hand_on_clicks(self) -> None:
        while (action := self._actions.get()) is not None:
            self._hand_on(action)

    def _hand_on(self, action: Action) -> None:
        try:
            self._on_action(action)
        except Exception:
            logger.exception("%s could not be handed on", action)


def open_tray(
    on_action: Callable[[Action], None],
    wait_for_host: bool = True,
    on_unseen: Callable[[str], None] = lambda _: None,
) -> Tray:
    """The tray of this desktop; raises `TrayUnavailable`.

    `on_action` is called on a thread of the tray, one action after the other. `on_unseen` is called on the icon's
    thread when no panel shows the icon, with a sentence that says why. With `wait_for_host` a Linux desktop without a
    tray is waited for, as at log-in. Without it such a desktop is refused, or served through GTK where that is
    installed. Do not call this inside an event loop: on Linux it asks the session bus, which takes some milliseconds.
    """
    if sys.platform == "win32":
        from agent.tray.windows import WindowsIcon as WindowsIcon

        return Tray(WindowsIcon, on_action, on_unseen)
    if sys.platform == "darwin":
        from agent.tray.stock import mac_icon

        return Tray(mac_icon(), on_action, on_unseen)
    from agent.tray.linux import choose_icon

    return Tray(choose_icon(wait_for_host), on_action, on_unseen)
