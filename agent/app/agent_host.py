"""The agent on its own loop, with everything that serves it: control channel, page, fixes, set-up, channels.

Loading and assembling it takes a third of a second, so the icon comes first: see `agent.app.lifecycle`.
"""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.app.actions import Actions
from agent.app.channels import Channels
from agent.app.configuration_again import ConfigurationAgain, ConfigurationStamp
from agent.app.desktop import Desktop
from agent.app.fix_host import FixHost, abilities, run_aside
from agent.app.greeting import Welcome
from agent.app.history_host import HistoryHost
from agent.app.login_start import LogInStart
from agent.app.outward import Outward
from agent.app.own_files import own_files, own_files_work
from agent.app.page_host import PageHost
from agent.app.running import RunningAgent
from agent.app.update_check import installed_here
from agent.app.weekly import WeeklySummary
from agent.app.world import RealWorld, first_state
from agent.channels import ChannelHost
from agent.core.commands import AskDataTest, AskPageAddress, Command, SetUp, ShowRunning, Wish, read_command
from agent.core.events import Woke
from agent.core.problem import Severity
from agent.core.settings import NotificationSettings, Settings
from agent.core.shown.display import (
    Action,
    AskFix,
    DoFix,
    Notice,
    Quit,
    ShowSteps,
)
from agent.core.shown.menu import display, tooltip
from agent.core.shown.status import Status
from agent.core.shown.targets import targets_of
from agent.core.state_machine.quiet import all_quiet
from agent.core.state_machine.state import Knowledge
from agent.core.state_machine.telling import taken_back
from agent.core.timing import Timing
from agent.core.updates import Origin
from agent.errors import GatelightError
from agent.platforms.desktop_session import is_session, is_worth_a_move, take_over
from agent.platforms.opening import has_browser
from agent.runtime.aside import Together
from agent.runtime.clock import ClockGap, SystemClock
from agent.runtime.control.answers import answer
from agent.runtime.control.channel import ControlServer
from agent.runtime.folder_watch import FolderWatch
from agent.runtime.instance import Instance
from agent.runtime.loop import AgentLoop
from agent.runtime.memory_file import MemoryFile
from agent.runtime.paths import Places
from agent.runtime.program_watch import ProgramWatch
from agent.runtime.schedule import Schedule
from agent.tws.outside import mask

if TYPE_CHECKING:
    from agent.app.setup_host import SetupHost

logger = logging.getLogger("agent")

MEMORY_FILE = "memory.json"


_KEEP_SECONDS = 2.0
"""Seconds that a command waits until it is taken in; it needs a hundredth of one."""
_NOT_KEPT = (
    "This holds for now, but it could not be written down ({reason}), and a restart of Gatelight forgets it: "
    "free some space in the data folder, and ask again."
)


class AgentHost:
    """One agent. Everything except `act`, `stop`, `refresh` and `announce` happens on its loop."""

    def __init__(
        self,
        places: Places,
        settings: Settings,
        desktop: Desktop,
        *,
        instance: Instance | None = None,
        timing: Timing | None = None,
        knowledge: Knowledge | None = None,
        login: LogInStart | None = None,
        autostarted: bool = False,
        config_error: str | None = None,
        origin: Origin | None = None,
        below: Path | None = None,
        again: Sequence[str] = (),
        on_status: Callable[[Status], None] = lambda _: None,
        on_notice: Callable[[Notice], None] = lambda _: None,
        keep_private: Callable[[Settings], None] = lambda _: None,
    ) -> None:
        """`instance` is the right to be the agent of this data folder; without it, the folder is not watched.

        `below` limits what may be looked at (see `Looker`). `on_status` and `on_notice` are called on the agent's
        thread. With `login` the menu offers the start at log-in. `autostarted`: the user's session is only beginning,
        and the network may not be ready. `config_error`: the reason why `settings` are not those of the file.
        `keep_private` is called with later settings, before anything about them is logged. `origin`: by default as it
        is seen. `again`: the arguments that start this agent again, from any folder.
        """
        self._places = places
        self._desktop = desktop
        self._on_status = on_status
        self._instance = instance
        self._again = again
        self._lost: GatelightError | None = None
        self._status: Status | None = None
        self._aio: asyncio.AbstractEventLoop | None = None
        self._keep_private = keep_private
        memory_file = self._memory_file = MemoryFile(places.data / MEMORY_FILE)
        self._world = RealWorld(show=self._show, memory_file=memory_file, below=below, relays=places.relays)
        state = first_state(settings, self._world.now(), memory=memory_file.read(), timing=timing, known=knowledge)
        error = None if config_error is None else mask(config_error, state.private)
        own = replace(state.own, configured=config_error is None)
        hold = state.started.monotonic + state.timing.wake_grace if autostarted else None
        state = replace(state, abilities=abilities(places.config), config_error=error, own=own, hold_until=hold)
        state = replace(state, origin=origin or installed_here())
        keep, record = settings.history.keep, lambda *_: None
        self._history = None if instance is None else self._history_of(keep, state.knowledge)
        if self._history is not None:
            self._world.happened, record = self._history.happened, self._history.record
        self._loop = AgentLoop(state, self._world, after=lambda _, now: self._page.decided(now), record=record)
        self._configuration = ConfigurationAgain(places, self._loop.post, self._reconfigured)
        self._agent = RunningAgent(places, self._loop, self._world, self._configuration.changed, login)
        self._page = PageHost(self._agent, self._answer)
        self._actions = Actions(self._agent, page=self._page, leave=desktop.leave, fix=self._fix, refresh=self.refresh)
        self._fixes = FixHost(self._agent)
        self._outward = Outward(self._agent, self._memory_file)
        balloon = self._balloon if sys.platform == "win32" else None
        self._channels = Channels(ChannelHost(act=self._actions.act_aside, balloon=balloon, on_notice=on_notice))
        self._tell_through(settings.notifications)

    async def serve(self) -> None:
        """Run until told to stop; then close what is open, in order.

        Raises DataFolderError, and AlreadyRunning where another agent has taken a data folder that was deleted.
        """
        self._aio = asyncio.get_running_loop()
        control = ControlServer(self._places, lambda request: self._answer(read_command(request)))
        together = Together("glance at the disk")
        schedule = Schedule(
            self._world.now,
            slept=SystemClock().slept,
            woke=self._woke,
            files=self._configuration.changed,
            disk=self._disk_watches(control, together),
            also=self._duties(),
            together=together,
        )
        await schedule.watch(ConfigurationStamp(self._places.config))
        await control.start()
        schedule.start()
        if self._history is not None:
            self._history.start()
        await self._page.begin()
        if self._instance is not None:
            self._outward.begin()
        try:
            await self._loop.run()
        finally:
            schedule.stop()
            await control.close()
            await self._page.end()
            await self._outward.close()
            if self._setup is not None:
                await self._setup.close()
            await self._world.withdraw_all()
            await self._channels.close()
            if self._loop.taken_back and self._lost is None:
                kept = taken_back(self._loop.state, self._loop.taken_back, anew=self._desktop.begins_anew)
                self._memory_file.write(kept)
            self._memory_file.close()
            if self._history is not None:
                self._history.close()
        if self._lost is not None:
            raise self._lost

    def _history_of(self, keep: float, known: Knowledge) -> HistoryHost:
        return HistoryHost(
            *(self._places.data, keep, self._world.now, known),
            announce=self._world.announce,
            quiet=lambda: all_quiet(self._loop.state, self._world.now()),
        )

    def _disk_watches(self, control: ControlServer, together: Together) -> Sequence[Callable[[], Awaitable[None]]]:
        """What is looked at on the disk; an agent that has no data folder of its own is part of another program."""
        if self._instance is None:
            return ()

        def lost(fault: GatelightError) -> None:
            self._lost = fault
            self._loop.stop()
            # The end of the program has a time limit, so that two agents do not go on side by side.
            self._desktop.leave()

        def made_again() -> None:
            self._memory_file.write_again(self._loop.state.memory)
            self._page.keep_again()

        folder = FolderWatch(self._instance, control, made_again=made_again, lost=lost, together=together)
        program = ProgramWatch(
            own_files(),
            works=own_files_work,
            replaced=self._desktop.begin_anew,
            removed=self._desktop.leave,
            together=together,
        )
        return folder.look, program.look

    def _duties(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """What else is done at every turn; not by an agent that is part of another program."""
        if self._history is None:
            return ()
        welcome = Welcome(
            self._agent,
            self._memory_file,
            icon=lambda: self._desktop.tray,
            opens_page=lambda: self._opens_page,
            act=self._actions.act_aside,
        )
        week = WeeklySummary(self._agent, opens_page=lambda: self._opens_page)
        own = self._history.alive, self._keep_times, welcome.look
        return *own, self._outward.look, week.look

    _setup: "SetupHost | None" = None

    _shown_in = 0.0
    """The hour of the user’s clock, counted from 1970, in which the menu was made last."""

    async def _keep_times(self) -> None:
        """Show the menu anew with each hour: "today" may be yesterday by now."""
        hour = self._loop.state.machine.zone.shown(self._world.now().wall) // 3600
        if hour != self._shown_in:
            self._shown_in = hour
            self.refresh()

    @property
    def _opens_page(self) -> bool:
        """Whether the user can open the page: it is switched on, and there is a screen for it."""
        return self._page.enabled and has_browser()

    # ── from other threads ──────────────────────────────────────────────────────────────────────

    def stop(self) -> None:
        """Ask the agent to end; one that has not begun then ends as soon as it begins."""
        self._loop.stop_from_anywhere()

    def act(self, action: Action) -> None:
        """Take a click."""
        self._actions.act_aside(action)

    def refresh(self) -> None:
        """Show the latest status again: the icon may be new, or something beside the status may have changed."""
        tray, status = self._desktop.tray, self._status
        if status is not None and tray is not None:
            now, zone = self._world.now().wall, self._loop.state.machine.zone
            tray.show(display(status, now, zone, self._actions.at_login(), page=self._opens_page))

    def announce(self, notice: Notice) -> None:
        """Send a notice about the program itself; while the agent begins or ends, none is sent."""
        if self._aio is not None:
            run_aside(self._world.announce(notice), self._aio)

    # ── what the agent shows ───────────────────────────────────────────────────────────────

    def _show(self, status: Status) -> None:
        self._status = status
        self._on_status(status)
        if self._history is not None:
            self._history.shown(status)
        self._page.shown(status)
        self._outward.shown(status)
        self.refresh()

    def _tell_through(self, notifications: NotificationSettings) -> None:
        self._told_through = notifications
        addresses = {target.name: target.url for target in targets_of(notifications)}
        tested = self._channels.to_the_user(notifications)
        self._world.tell_through(self._channels.chain(notifications), tested, addresses)

    def _balloon(self, title: str, text: str, click: Action | None) -> bool:
        tray = self._desktop.tray
        return tray is not None and tray.balloon(title, text, click)

    # ── what is asked of the agent ──────────────────────────────────────────────────────────────

    async def _answer(self, command: Command) -> dict[str, Any]:
        """Carry out a command from the control channel or the page; returns the answer as JSON."""
        match command:
            case ShowRunning(session, quiet):
                moved = await self._move_to(session, log_in=quiet)
                if not quiet:
                    await self._show_up()
                return {"done": True, "moved": moved} if moved else {"done": True}
            case Quit():
                # The answer is on its way before the agent's loop hears of the end.
                asyncio.get_running_loop().call_soon(self._desktop.leave)
                return {"done": True, "pid": os.getpid(), "again": list(self._again)}
            case SetUp() | AskDataTest():
                return await self._set_up().answer(command)
            case AskPageAddress():
                return await self._page.answer(command)
            case AskFix() | DoFix():
                return await self._fixes.answer(command)
            case _:
                told = answer(self._loop, command)
                return await self._kept(told) if isinstance(command, Wish) else told

    async def _move_to(self, session: Mapping[str, str], *, log_in: bool) -> str:
        """Move icon and notices to another desktop of this user; answers what was moved, in words, or nothing."""
        if not is_session(session) or not await is_worth_a_move(session, log_in=log_in):
            return ""
        if not take_over(session) and (not self._desktop.wants_icon or self._desktop.tray is not None):
            return ""
        logger.info("icon and notices go to another desktop of this user")
        await self._channels.desktop_moved()
        if not self._desktop.wants_icon:
            return "notices"
        self._desktop.move()
        return "icon and notices"

    async def _kept(self, told: dict[str, Any]) -> dict[str, Any]:
        """The answer to a wish that outlives the agent: not done before it is written down, or known not to be."""
        if "done" not in told:
            return told
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_KEEP_SECONDS):
                await self._loop.caught_up()
        if self._memory_file.unkept:
            # A wish that was made before is not written again by itself.
            self._memory_file.write(self._loop.state.memory)
        reason = self._memory_file.unkept
        return {**told, "not_kept": _NOT_KEPT.format(reason=reason)} if reason else told

    async def _show_up(self) -> None:
        """Gatelight was started a second time: show that it already runs."""
        status = self._status
        worst = status.worst if status is not None else None
        if status is None:
            return
        if worst is not None:
            self._actions.act_aside(ShowSteps(*worst))
        else:
            await self._world.announce(Notice("gatelight", Severity.INFO, "Gatelight already runs", tooltip(status)))

    def _set_up(self) -> "SetupHost":
        if self._setup is None:
            # Imported late: on most days there is no set-up.
            from agent.app.setup_host import SetupHost

            self._setup = SetupHost(self._agent)
        return self._setup

    def _fix(self, wish: AskFix | DoFix) -> None:
        """Take a click on a fix, from any thread."""
        if self._aio is not None:
            run_aside(self._fixes.clicked(wish), self._aio)

    def _woke(self, gap: ClockGap) -> None:
        logger.info("the machine slept, or stood still, for about %.0f s: everything is looked at anew", gap.slept_for)
        self._loop.post(Woke(gap.slept_for))

    def _reconfigured(self, settings: Settings) -> None:
        self._keep_private(settings)
        if self._history is not None:
            self._history.keep_for(settings.history.keep)
        if settings.notifications != self._told_through:
            self._tell_through(settings.notifications)
