"""The composition root: puts the running program together, and has the one order of starting and stopping."""

import asyncio
import contextlib
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agent.autostart import LogInStart
from agent.channels import Chain, Channel
from agent.channels.rich import RichChannel
from agent.clicks import Clicks, Scene
from agent.config import load
from agent.core.display import Action, AskFix, DoFix, Notice, ShowSteps
from agent.core.events import ConfigRejected, Reconfigured, UserAsked
from agent.core.events import Woke as WokeEvent
from agent.core.facts import MachineFacts
from agent.core.menu import display, tooltip
from agent.core.problem import Severity
from agent.core.settings import Settings
from agent.core.state import Knowledge
from agent.core.status import Status
from agent.core.timing import Timing
from agent.errors import ConfigError
from agent.fix_host import FixHost, abilities, run_aside
from agent.page_host import Agent as PageAgent
from agent.page_host import PageHost
from agent.runtime.answers import answer
from agent.runtime.clock import SystemClock, Woke
from agent.runtime.control import ControlServer
from agent.runtime.loop import AgentLoop
from agent.runtime.memory_file import MemoryFile
from agent.runtime.paths import Places
from agent.tray.icon import Tray, TrayUnavailable, open_tray
from agent.world import RealWorld, first_state

if TYPE_CHECKING:
    from agent.setup_host import SetupHost

logger = logging.getLogger("agent")

EXIT_LIMIT = 3.0
"""Seconds from the wish to stop to the end of the process, however stuck anything is."""
CLOSING_SECONDS = 1.5
"""Seconds until the icon is taken away even if what is open could not be closed."""
DESKTOP_SECONDS = 60.0
"""How long a start at log-in waits for a desktop that can show an icon."""
MEMORY_FILE = "memory.json"


class App:
    """The running program: the agent on its own thread, the tray on the main one."""

    def __init__(
        self,
        places: Places,
        settings: Settings,
        *,
        tray: bool,
        timing: Timing | None = None,
        knowledge: Knowledge | None = None,
        login: LogInStart | None = None,
        autostarted: bool = False,
        config_error: str | None = None,
        only: Callable[[MachineFacts], MachineFacts] = lambda machine: machine,
        say: Callable[[str], None] = lambda _: None,
        on_status: Callable[[Status], None] = lambda _: None,
        on_notice: Callable[[Notice], None] = lambda _: None,
    ) -> None:
        """`only` narrows what a look may see; `on_status`, `on_notice` let somebody watch, on the agent's thread.

        With `login` the menu offers the start at log-in. `autostarted`: the session is only just beginning, so that
        desktop and network may still be on their way. `config_error`: why `settings` are not those of the file.
        """
        self._places = places
        self._say = say
        self._on_status = on_status
        self._wants_tray = tray
        self._autostarted = autostarted
        self._page = PageHost(
            places,
            PageAgent(
                state=lambda: self._loop.state,
                now=lambda: self._world.now(),
                ask=self._answer,
                sent=lambda: self._world.traffic.lately(),
                announce=lambda notice: self._world.announce(notice),
                config_changed=self._config_changed,
            ),
            login,
        )
        self._clicks = Clicks(
            places,
            login,
            page=self._page,
            scene=lambda: Scene(self._status, self._loop.state.machine.utc_offset),
            leave=self.stop,
            fix=self._fix,
            hand_on=lambda action: self._loop.post_from_anywhere(UserAsked(action)),
            refresh=self._refresh,
        )
        self._tray: Tray | None = None
        self._rich: RichChannel | None = None
        self._stopping = threading.Event()
        self._wishes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._status: Status | None = None
        self._loop_ready = threading.Event()
        self._served = threading.Event()
        self._aio: asyncio.AbstractEventLoop | None = None
        self._told_unseen = False
        memory_file = MemoryFile(places.data / MEMORY_FILE)
        self._world = RealWorld(
            channels=self._channels(settings, on_notice, desktop=tray and settings.notifications.desktop),
            show=self._show,
            memory_file=memory_file,
            only=only,
        )
        state = first_state(settings, self._world.now(), memory=memory_file.read(), timing=timing, known=knowledge)
        state = replace(state, abilities=abilities(places.config), config_error=config_error)
        if autostarted:
            state = replace(state, hold_until=state.started.monotonic + state.timing.wake_grace)
        self._loop = AgentLoop(state, self._world)
        self._login = login
        self._setup: SetupHost | None = None
        self._fixes = FixHost(
            lambda: self._loop.state,
            self._world.now,
            self._loop.post,
            self._world.announce,
            places.config,
            self._config_changed,
        )

    def run(self, asked_to_stop: threading.Event | None = None) -> None:
        """Run until told to stop; on the main thread. `asked_to_stop`: who asked before anybody listened here."""
        threading.Thread(target=self._stop_when_asked, name="stop", daemon=True).start()
        self._listen_to_signals()
        if asked_to_stop is not None and asked_to_stop.is_set():
            logger.info("Gatelight ends")
            return
        waits = self._wants_tray and self._autostarted
        if self._wants_tray:
            self._tray = self._open_tray(quiet=waits)
        if self._tray is None and not waits:
            asyncio.run(self._serve())
            return
        thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="core", daemon=True)
        thread.start()
        if self._tray is None:
            self._wait_for_desktop()
        if self._tray is None:
            while thread.is_alive():
                thread.join(0.5)
            return
        try:
            self._tray.run(ready=lambda: None)
        except TrayUnavailable as gone:
            logger.warning("%s Going on without an icon.", gone)
            self._tray = None
            while thread.is_alive():
                thread.join(0.5)
        else:
            self.stop()
        thread.join(EXIT_LIMIT)

    @property
    def has_icon(self) -> bool:
        """Whether there is an icon that could tell what happens."""
        return self._tray is not None and not self._tray.unseen

    def stop(self) -> None:
        """Ask for the end, from any thread or signal handler; the process is gone within `EXIT_LIMIT`."""
        # A signal may come while this thread holds any lock, even that for starting threads: only this needs none.
        self._wishes.put(None)

    def _stop_when_asked(self) -> None:
        self._wishes.get()
        self._stopping.set()
        watchdog = threading.Timer(EXIT_LIMIT, _leave)
        watchdog.daemon = True
        watchdog.start()
        self._loop_ready.wait(1.0)
        self._loop.stop_from_anywhere()
        # The icon last: at the end of a Windows session the process lives no longer than its icon.
        self._served.wait(CLOSING_SECONDS)
        if self._tray is not None:
            self._tray.stop()

    def _wait_for_desktop(self) -> None:
        """At log-in a program may be started before the desktop can show icons."""
        deadline = self._world.now().monotonic + DESKTOP_SECONDS
        while self._tray is None and self._world.now().monotonic < deadline:
            if self._stopping.wait(1.0):
                return
            self._tray = self._open_tray(quiet=True)
        if self._tray is None:
            self._tray = self._open_tray()
        self._refresh()

    def _open_tray(self, *, quiet: bool = False) -> Tray | None:
        try:
            return open_tray(self._clicks.act, on_unseen=self._icon_is_unseen)
        except TrayUnavailable as reason:
            if not quiet:
                self._say(f"No tray icon: {reason} Gatelight goes on without it, as with --no-tray.")
                logger.info("no tray icon: %s", reason)
            return None

    def _icon_is_unseen(self, reason: str) -> None:
        """Whoever has just started Gatelight and looks for its icon is told that it cannot be seen; once."""
        if self._told_unseen:
            return
        self._told_unseen = True
        logger.warning("no tray icon: %s", reason)
        aio = self._aio
        if self._autostarted or aio is None:
            return
        self._say(f"No tray icon: {reason} Gatelight goes on without it; it appears when one does.")
        text = f"{reason} Notices come all the same; in a terminal, “gatelight status” tells the rest."
        notice = Notice("gatelight/icon", Severity.INFO, "Gatelight runs, but its icon cannot be shown", text)
        asyncio.run_coroutine_threadsafe(self._world.announce(notice), aio)

    def _listen_to_signals(self) -> None:
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)
            # Under nohup the end of the terminal is to be ignored.
            if number is not None and (name != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN):
                with contextlib.suppress(ValueError, OSError):
                    signal.signal(number, lambda *_: self.stop())

    def _channels(self, settings: Settings, on_notice: Callable[[Notice], None], *, desktop: bool) -> Chain:
        from agent.channels.hearing import HearingChannel
        from agent.channels.log import LogChannel

        chain: list[Channel] = []
        if desktop:
            from agent.channels.balloon import BalloonChannel
            from agent.channels.desktop import DesktopChannel
            from agent.tray.artwork import icons_folder

            self._rich = RichChannel(icons_folder(), self._clicks.act_aside)
            chain += [self._rich, DesktopChannel(icons_folder())]
            if sys.platform == "win32":
                chain.append(BalloonChannel(self._balloon))
        log = LogChannel()
        # Without a desktop the log is the way of telling; with one it is told besides.
        always: list[Channel] = [HearingChannel(on_notice), *([log] if chain else [])]
        if settings.notifications.remote:
            from agent.channels.remote import RemoteChannel

            always.append(RemoteChannel(settings.notifications.remote))
        return Chain(chain or [log], always=always)

    async def _serve(self) -> None:
        # Not before the icon is there: its library takes a while to load.
        from agent.runtime.schedule import Schedule

        self._aio = asyncio.get_running_loop()
        control = ControlServer(self._places, self._answer)
        schedule = Schedule(self._world.now, slept=SystemClock().slept, woke=self._woke, files=self._config_changed)
        schedule.watch(self._places.config)
        await control.start()
        schedule.start()
        await self._page.begin()
        running = asyncio.ensure_future(self._loop.run())
        await asyncio.sleep(0)
        self._loop_ready.set()
        try:
            await running
        finally:
            schedule.stop()
            await control.close()
            await self._page.end()
            if self._setup is not None:
                await self._setup.close()
            if self._rich is not None:
                await self._rich.close()
            logger.info("Gatelight ends")
            self._served.set()
            if self._tray is not None:
                self._tray.stop()

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request.get("command") == "show":
            await self._show_up()
            return {"done": True}
        if request.get("command") in ("setup", "data-test"):
            return await self._set_up().answer(request)
        if request.get("command") == "page":
            return await self._page.answer(request)
        if request.get("command") == "fix":
            return await self._fixes.answer(request)
        return answer(self._loop, request)

    def _set_up(self) -> "SetupHost":
        if self._setup is None:
            # Only now: most days nobody sets anything up.
            from agent.setup_host import SetupHost

            self._setup = SetupHost(
                self._places,
                self._loop,
                self._world,
                self._world.test_data,
                announce=self._world.announce,
                config_changed=self._config_changed,
                login=self._login,
            )
        return self._setup

    def _woke(self, woke: Woke) -> None:
        self._loop.post(WokeEvent(woke.slept_for))

    def _config_changed(self) -> None:
        try:
            settings = load(self._places.config, named=self._places.config_named)
        except ConfigError as fault:
            logger.warning("the new configuration cannot be used, the earlier one stays in force: %s", fault)
            self._loop.post(ConfigRejected(str(fault)))
        else:
            logger.info("the configuration was read again")
            self._loop.post(Reconfigured(settings, abilities(self._places.config)))

    def _show(self, status: Status) -> None:
        self._status = status
        self._on_status(status)
        self._page.shown(status)
        self._refresh()

    def _refresh(self) -> None:
        """Show the latest once more: what is not in the status may have changed."""
        if self._status is not None and self._tray is not None:
            offset = self._loop.state.machine.utc_offset
            self._tray.show(display(self._status, offset, self._clicks.at_login(), page=self._page.enabled))

    def _fix(self, wish: AskFix | DoFix) -> None:
        """Somebody clicked a fix; on any thread."""
        if self._aio is not None:
            work = self._fixes.do(wish) if isinstance(wish, DoFix) else self._fixes.ask(wish.id, wish.connection)
            run_aside(work, self._aio)

    def _balloon(self, title: str, text: str, click: Action | None) -> bool:
        return self._tray is not None and self._tray.balloon(title, text, click)

    async def _show_up(self) -> None:
        """Somebody started Gatelight once more: show the one that runs."""
        status = self._status
        worst = status.worst if status is not None else None
        if not self._wants_tray or status is None:
            return
        if worst is not None:
            self._clicks.act_aside(ShowSteps(*worst))
        else:
            await self._world.announce(Notice("gatelight", Severity.INFO, "Gatelight already runs", tooltip(status)))


def _leave() -> None:
    logger.error("something did not stop in time; leaving")
    logging.shutdown()
    os._exit(0)
