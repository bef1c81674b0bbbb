"""The life of the program: the icon on the main thread, the agent on its own thread, in one order of start and stop.

The icon comes first and needs little. The agent (`agent.app.agent_host`) is loaded while the icon is shown.
"""

import asyncio
import contextlib
import logging
import os
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from agent.core.shown.display import SEPARATOR, Action, Display, IconState, MenuEntry, Notice, Quit
from agent.runtime import stop_signals
from agent.runtime.clock import SystemClock
from agent.tray.backend import TITLE, TrayUnavailable
from agent.tray.icon import Tray, open_tray

if TYPE_CHECKING:
    from agent.app.agent_host import AgentHost
    from agent.app.desktop import Desktop

logger = logging.getLogger("agent")

EXIT_LIMIT = 3.0
"""Seconds from the wish to stop to the end of the process, even if something hangs."""
LOG_SECONDS = 0.5
"""Seconds that the log may take for its last lines, when something did not stop in time."""
CLOSING_SECONDS = 1.5
"""Seconds until the icon is removed, even if something is still open."""
MOVE_SECONDS = 0.5
"""How soon an agent without an icon shows one on a desktop that it is told of."""
DESKTOP_SECONDS = 60.0
"""Seconds that a start at log-in waits for a desktop that can show an icon."""
STARTING = Display(
    IconState.UNKNOWN, f"{TITLE} starts", (MenuEntry(f"{TITLE} starts"), SEPARATOR, MenuEntry(f"Quit {TITLE}", Quit()))
)
"""Shown while the agent is loaded."""


class App:
    """The running program. It is the `Desktop` of its agent."""

    def __init__(
        self,
        assemble: "Callable[[Desktop], AgentHost]",
        *,
        tray: bool,
        autostarted: bool = False,
        say: Callable[[str], None] = lambda _: None,
        give_up: Callable[[], None] | None = None,
    ) -> None:
        """`assemble` makes the agent; with an icon it is called on the agent's thread.

        `autostarted`: the user's session is only beginning, and the desktop may not be ready. `give_up` is called
        `EXIT_LIMIT` seconds after the wish to stop, if the program still runs; by default it ends the process at once.
        A caller that goes on after `run` gives another one.
        """
        self._give_up = give_up or self._leave
        self._assemble = assemble
        self._wants_tray = tray
        self._autostarted = autostarted
        self._say = say
        self._tray: Tray | None = None
        self._host: AgentHost | None = None
        self._on_its_way = threading.Event()
        self._assembled = threading.Event()
        self._core = threading.Thread(target=self._serve_aside, name="core", daemon=True)
        self._begun = threading.Lock()
        self._fault: BaseException | None = None
        self._wishes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._served = threading.Event()
        self._told_unseen = False
        self._moved = threading.Event()
        """The desktop is another one than that of the icon."""
        self.begins_anew = False
        """The program is to start again from its files, which are new, once this agent has ended."""

    def run(self, asked_to_stop: threading.Event | None = None) -> None:
        """Run until told to stop; main thread only. `asked_to_stop` is set when a signal came before this listens.

        Raises the error that kept the agent from being made or started (GatelightError where the user can help).
        """
        threading.Thread(target=self._stop_when_asked, name="stop", daemon=True).start()
        stop_signals.listen(self.leave)
        if asked_to_stop is not None and asked_to_stop.is_set():
            logger.info("Gatelight ends")
            return
        if not self._wants_tray:
            self._serve()
            return
        self._tray = self._open_tray(quiet=self._autostarted)
        if self._tray is None:
            # There is no desktop yet; the agent does not wait for it.
            self._begin()
            if self._autostarted:
                self._wait_for_desktop()
        self._show_icons()
        if not self._stopping.is_set():
            self._begin()
        while self._core.is_alive():
            self._core.join(EXIT_LIMIT if self._stopping.is_set() else MOVE_SECONDS)
            self._show_icons()
        if self._fault is not None:
            raise self._fault

    # ── the agent's desktop ─────────────────────────────────────────────────────────────────────

    @property
    def tray(self) -> Tray | None:
        """See `Desktop`."""
        return self._tray

    @property
    def wants_icon(self) -> bool:
        """See `Desktop`."""
        return self._wants_tray

    def move(self) -> None:
        """See `Desktop`."""
        self._moved.set()
        if self._tray is not None:
            self._tray.stop()

    def leave(self) -> None:
        """Ask for the end, from any thread or signal handler; the process ends within `EXIT_LIMIT` seconds."""
        # A signal may come while this thread holds any lock, even that for starting threads; this call needs no lock.
        self._wishes.put(None)

    def begin_anew(self) -> None:
        """See `Desktop`."""
        self.begins_anew = True
        self.leave()

    @property
    def has_icon(self) -> bool:
        """Whether there is an icon that the user can see."""
        return self._tray is not None and not self._tray.unseen

    # ── the agent's thread ──────────────────────────────────────────────────────────────────────

    def _begin(self) -> None:
        """Start the agent's thread, once; from any thread."""
        with self._begun:
            if self._core.ident is None:
                self._core.start()

    def _serve_aside(self) -> None:
        try:
            self._serve()
        except BaseException as fault:
            # `run` raises it on the main thread, where the program can report it.
            self._fault = fault

    def _serve(self) -> None:
        # The wish to stop sets `_stopping` before it looks for the agent, so one of the two always notices the other.
        self._on_its_way.set()
        try:
            if not self._stopping.is_set():
                self._host = self._assemble(self)
                self._assembled.set()
            if self._host is not None and not self._stopping.is_set():
                asyncio.run(self._host.serve())
        finally:
            logger.info("Gatelight ends")
            self._assembled.set()
            self._served.set()
            if self._tray is not None:
                self._tray.stop()

    def _stop_when_asked(self) -> None:
        self._wishes.get()
        self._stopping.set()
        watchdog = threading.Timer(EXIT_LIMIT, self._give_up)
        watchdog.daemon = True
        watchdog.start()
        if self._on_its_way.is_set():
            self._assembled.wait(1.0)
            if self._host is not None:
                self._host.stop()
            # The icon is last: at the end of a Windows session, Windows ends the process after its icon.
            self._served.wait(CLOSING_SECONDS)
        if self._tray is not None:
            self._tray.stop()

    # ── the icon ────────────────────────────────────────────────────────────────────────────────

    def _open_tray(self, *, quiet: bool = False) -> Tray | None:
        try:
            tray = open_tray(self._clicked, on_unseen=self._icon_is_unseen)
        except TrayUnavailable as reason:
            if not quiet:
                self._say(f"No tray icon: {reason} Gatelight goes on without it, as with --no-tray.")
                logger.info("no tray icon: %s", reason)
            return None
        tray.show(STARTING)
        return tray

    def _show_icons(self) -> None:
        """One icon after the other, on each desktop that there is; until the end, or until there is none any more."""
        while not (self._stopping.is_set() or self._served.is_set()):
            if self._moved.is_set():
                self._moved.clear()
                self._tray = self._open_tray()
                if self._host is not None:
                    self._host.refresh()
            # An agent that has failed meanwhile takes away an icon that it sees; this one it may not have seen.
            if self._tray is None or self._served.is_set():
                return
            self._show_icon(self._tray)

    def _show_icon(self, tray: Tray) -> None:
        """Show the icon until the program ends, or until the desktop is gone, or another one."""
        try:
            tray.run(ready=self._begin)
        except TrayUnavailable as gone:
            logger.warning("%s Going on without an icon.", gone)
            self._tray = None
        else:
            if not self._moved.is_set():
                self.leave()
                self._stopping.wait(EXIT_LIMIT)

    def _wait_for_desktop(self) -> None:
        """Wait for a desktop that can show icons: at log-in a program may start earlier."""
        clock = SystemClock()
        deadline = clock.now().monotonic + DESKTOP_SECONDS
        while self._tray is None and clock.now().monotonic < deadline:
            if self._stopping.wait(1.0) or self._served.is_set() or self._moved.is_set():
                return
            self._tray = self._open_tray(quiet=True)
        if self._tray is None:
            self._tray = self._open_tray()
        if self._host is not None:
            self._host.refresh()

    def _clicked(self, action: Action) -> None:
        if self._host is not None:
            self._host.act(action)
        elif isinstance(action, Quit):
            self.leave()

    def _icon_is_unseen(self, reason: str) -> None:
        """Tell the user once that the icon cannot be shown."""
        if self._told_unseen:
            return
        self._told_unseen = True
        logger.warning("no tray icon: %s", reason)
        if self._autostarted or self._host is None:
            return
        from agent.core.problem import Severity

        self._say(f"No tray icon: {reason} Gatelight goes on without it; it appears when one does.")
        text = f"{reason} Notices come all the same; in a terminal, “gatelight status” tells the rest."
        title = "Gatelight runs, but its icon cannot be shown"
        self._host.announce(Notice("gatelight/icon", Severity.INFO, title, text))

    def _leave(self) -> None:
        logger.error("something did not stop in time; leaving")
        # In a thread, because the disk of the log may be what hangs.
        writing = threading.Thread(target=logging.shutdown, name="log ends", daemon=True)
        writing.start()
        writing.join(LOG_SECONDS)
        if self.begins_anew:
            from agent.app.own_files import start_anew

            with contextlib.suppress(OSError):
                start_anew()
        os._exit(0)
