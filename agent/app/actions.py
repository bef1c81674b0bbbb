"""Clicks that concern the program itself: opening pages and files, the start at log-in, the end."""

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from agent.app.login_start import LogInStart
from agent.app.page_host import PageError, PageHost, view_of
from agent.app.running import RunningAgent
from agent.core.events import UserAsked, UserLooked
from agent.core.shown.display import (
    Action,
    AskFix,
    DoFix,
    MenuOpened,
    OpenLog,
    OpenPage,
    OpenRelease,
    Quit,
    ShowSteps,
    StartAtLogin,
)
from agent.platforms.autostart.entry import AutostartError
from agent.runtime.clock import SystemClock

logger = logging.getLogger("agent")

LOGIN_EVERY = 10.0
"""Seconds between two readings of the start at log-in, while the menu changes."""


class Actions:
    """Carries out actions that concern the program, and passes the others on to the agent."""

    def __init__(
        self,
        agent: RunningAgent,
        *,
        page: PageHost,
        leave: Callable[[], None],
        fix: Callable[[AskFix | DoFix], None],
        refresh: Callable[[], None],
    ) -> None:
        """`leave` ends the program, `fix` takes a wish for a fix, `refresh` shows the menu anew; from any thread."""
        self._agent = agent
        self._login = agent.login
        self._page = page
        self._leave = leave
        self._fix = fix
        self._refresh = refresh
        self._at_login: bool | None = None
        self._login_due = 0.0

    def act(self, action: Action) -> None:
        """Take a click; not on the agent's thread, since opening a file may take time."""
        self._agent.post_from_anywhere(UserLooked())
        match action:
            case MenuOpened():
                pass
            case Quit():
                self._leave()
            case OpenLog():
                self._open(self._agent.places.log_file, "the log")
            case OpenPage(view):
                self._open_page(view)
            case OpenRelease(page):
                self._open_web(lambda: page)
            case AskFix() | DoFix():
                self._fix(action)
            case ShowSteps(connection, code):
                opened = self._page.enabled and self._open_page(view_of(connection, code))
                # The agent soon looks for the effect of these steps.
                self._agent.post_from_anywhere(UserAsked(replace(action, as_notice=not opened)))
            case StartAtLogin(on):
                self._start_at_login(on)
            case _:
                self._agent.post_from_anywhere(UserAsked(action))

    def act_aside(self, action: Action) -> None:
        """Take a click on a thread that must not block: the agent's, or that of the icon, which receives signals."""
        if isinstance(action, Quit):
            self._leave()
            return
        threading.Thread(target=self.act, args=(action,), name="click", daemon=True).start()

    def at_login(self) -> bool | None:
        """Whether the menu entry for the start at log-in is checked; None: there is no such entry."""
        if self._login is not None and SystemClock().now().monotonic >= self._login_due:
            # Not again while a disk hangs: each reading would leave a thread behind.
            self._login_due = math.inf
            threading.Thread(target=self._read_login, args=(self._login,), name="start at log-in", daemon=True).start()
        return self._at_login

    def _read_login(self, login: LogInStart) -> None:
        """Read the start at log-in. In a thread, because a disk may hang, and the agent's thread makes the menu."""
        shown = login.shown()
        self._login_due = SystemClock().now().monotonic + LOGIN_EVERY
        if shown != self._at_login:
            self._at_login = shown
            self._refresh()

    def _open_page(self, view: str) -> bool:
        return self._open_web(lambda: self._page.address_from_anywhere(view))

    def _open_web(self, address: Callable[[], str]) -> bool:
        from agent.platforms.opening import open_address

        try:
            open_address(address())
        except PageError as reason:
            logger.warning("%s", reason)
        except OSError as fault:
            logger.warning("no browser could be opened (%s)", fault.strerror or type(fault).__name__)
        else:
            return True
        return False

    def _start_at_login(self, on: bool) -> None:
        if self._login is None:
            return
        try:
            self._login.switch(on)
        except AutostartError as fault:
            logger.warning("start at log-in could not be switched %s: %s", "on" if on else "off", fault)
        else:
            logger.info("start at log-in is %s now", "on" if on else "off")
            self._at_login = on
        self._refresh()

    def _open(self, path: Path, what: str) -> None:
        from agent.platforms.opening import open_path

        try:
            open_path(path)
        except OSError as fault:
            logger.warning("%s could not be opened (%s): it is %s", what, fault.strerror or type(fault).__name__, path)
