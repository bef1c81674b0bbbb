"""The status page inside the running agent: what it sees and may ask for, when it is served, and how it is opened.

Until the page is opened, it costs nothing: no import of the server, no socket, no timer. The exception is a page that
was open when the agent ended: the next start waits for it, so that the page goes on by itself.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from agent.app.channels import notices_on
from agent.app.relay_pictures import RelayPictures
from agent.app.running import RunningAgent
from agent.app.target_tools import TargetTools
from agent.core.clock import Moment
from agent.core.commands import AskPageAddress, Command
from agent.core.events import PageFollows, UserLooked
from agent.core.problem import Severity
from agent.core.settings import Settings
from agent.core.shown.display import Notice, NoticeTried
from agent.core.shown.status import Status
from agent.core.state_machine.state import facts_about
from agent.core.updates import Origin
from agent.page.hour import LastHour
from agent.page.latency import BUCKET_SECONDS, Latencies
from agent.page.progress import Progress, follow
from agent.platforms.autostart.entry import AutostartError, On
from agent.platforms.called import started_as
from agent.platforms.files import read_file, replace_own_file
from agent.runtime.aside import OneAtATime, Worker, within

if TYPE_CHECKING:
    from agent.app.bundle_host import BundleHost
    from agent.page.guard import Keyring
    from agent.page.server import PageServer

logger = logging.getLogger("agent.page")

MEMORY = "page.json"
"""A file in the data folder while a page is open: the port, and the keys that lead open pages to the next start."""
LONGEST_MEMORY = 1 << 16
"""Bytes of that file; a few pages need some hundred."""
MEMORY_SECONDS = 12 * 3600.0
"""Seconds; a start does not wait for a page that has had no agent for longer."""
_OPEN_SECONDS = 5.0
"""Seconds that a click waits for the server, which needs a fraction of one."""
_READ_SECONDS = 9.0
"""Seconds that reading the history may take; three months of a busy machine need one."""
MINUTE = 60.0
ENDED, SWITCHED_OFF = "ended", "off"
"""What open pages are told at their end: the agent ends, or it goes on without a page. `live.js` knows both."""
PRINTED_SECONDS = 600.0
"""Seconds for which an address is valid that the user copies from a terminal."""


class PageError(Exception):
    """The page cannot be opened; the text is one sentence with the remedy."""


class PageHost:
    """Serves the page; on the agent's loop, except `address_from_anywhere`."""

    def __init__(self, agent: RunningAgent, ask: Callable[[Command], Awaitable[dict[str, Any]]]) -> None:
        """`ask` carries a command out, and returns the answer as JSON."""
        self._agent = agent
        # What cannot be started at log-in is a demonstration.
        self.targets = TargetTools(keeps=agent.login is not None)
        self.ask = ask
        self.config_changed = agent.config_changed
        self._latencies = Latencies()
        self._hour = LastHour()
        self._starts_at_login: bool | None = None
        self._progress = Progress()
        self._server: PageServer | None = None
        self._keyring: Keyring | None = None
        self._aio: asyncio.AbstractEventLoop | None = None
        self._opening = asyncio.Lock()
        self._again: asyncio.Task[None] | None = None
        self._starting: asyncio.Task[None] | None = None
        self._worker = Worker("page file")
        self._reader = OneAtATime("history reading")
        self._relays = RelayPictures(agent.places, agent.now)
        self._bundles: BundleHost | None = None

    # ── for the program ─────────────────────────────────────────────────────────────────────────

    @property
    def enabled(self) -> bool:
        """Whether the configuration allows the page."""
        return self.settings.page.enabled

    async def begin(self) -> None:
        """The agent starts; a page that was open when it ended finds it again."""
        self._aio = asyncio.get_running_loop()
        try:
            port, pages = await within(_OPEN_SECONDS, self._remembered, "page file")
        except TimeoutError:
            return
        if pages and self.enabled:
            # The agent does not wait for the page.
            self._again = asyncio.get_running_loop().create_task(self._serve_again(port, pages), name="page again")

    async def _serve_again(self, port: int, pages: Mapping[str, str]) -> None:
        try:
            await self._serve(port, pages)
        except PageError as reason:
            logger.info("%s", reason)

    async def end(self) -> None:
        """The agent ends."""
        self._aio = None
        await _cancelled(self._again)
        await self._serve_no_more(ENDED)
        self._worker.close()

    async def _serve_no_more(self, why: str) -> None:
        await _cancelled(self._starting)
        if self._server is not None:
            await self._server.close(why)
            self._agent.post(PageFollows(False))

    def shown(self, status: Status) -> None:
        """The status has changed."""
        wall = self._agent.now().wall
        self._latencies.take(status, wall)
        server = self._server
        if server is None or not server.bound:
            return
        if not self.enabled:
            self._ending = asyncio.get_running_loop().create_task(self._serve_no_more(SWITCHED_OFF), name="page ends")
            return
        self._progress = follow(self._progress, status, wall)
        server.changed()

    def decided(self, now: Moment) -> None:
        """The agent has taken something in and decided: what it shows is so now."""
        status = self._agent.state.shown
        if status is None or not self._hour.take(status, now.wall):
            return
        if self._server is not None and len(self._server.streams):
            # A minute has begun.
            self._server.changed()
            self._reading = asyncio.get_running_loop().create_task(self._read_login_start(), name="start at log-in")

    async def _read_login_start(self) -> None:
        login = self._agent.login
        if login is None:
            return
        try:
            state = await within(_OPEN_SECONDS, login.state, "start at log-in")
        except (TimeoutError, AutostartError):
            self._starts_at_login = None
        else:
            self._starts_at_login = isinstance(state, On)
        if self._server is not None:
            self._server.changed()

    async def address(self, view: str = "", *, printed: bool = False) -> str:
        """An address that opens the page, once and within a short time. Raises `PageError`."""
        await self._serve()
        assert self._server is not None
        return self._server.url(view, PRINTED_SECONDS) if printed else self._server.url(view)

    async def answer(self, asked: AskPageAddress) -> dict[str, Any]:
        """The address as JSON."""
        try:
            return {"url": await self.address(printed=asked.printed)}
        except PageError as reason:
            return {"error": str(reason)}

    def address_from_anywhere(self, view: str = "") -> str:
        """The same from another thread. Raises `PageError`."""
        if self._aio is None:
            raise PageError("Gatelight is starting or ending: try again in a moment.")
        wish = asyncio.run_coroutine_threadsafe(self.address(view), self._aio)
        try:
            return wish.result(_OPEN_SECONDS)
        except TimeoutError:
            wish.cancel()
            raise PageError("The status page could not be opened in time: try again.") from None

    async def _serve(self, before: int = 0, waiting: Mapping[str, str] | None = None) -> None:
        # Two clicks in a row open one server.
        async with self._opening:
            await self._serve_alone(before, waiting or {})

    async def _serve_alone(self, before: int, waiting: Mapping[str, str]) -> None:
        if not self.enabled:
            raise PageError(
                "The status page is switched off: run `gatelight config set page.enabled true` to switch it on."
            )
        if self._server is None:
            await _load("agent.page.server", "agent.page.view")
            from agent.page.guard import Keyring
            from agent.page.server import PageServer
            from agent.platforms.loopback_peer import is_ours

            self._keyring = Keyring(lambda: self._agent.now().monotonic)
            self._server = PageServer(self, self._keyring, ours=is_ours, on_use=self._used)
        if self._server.bound:
            return
        from agent.page.port import PagePortTaken

        status = self._agent.state.shown
        if status is not None:
            self._progress = follow(Progress(ended=self._progress.ended), status, self._agent.now().wall)
        wanted = self.settings.page.port
        try:
            # Never the port of last time: another user's program may have used it since. See `agent.page.waiting`.
            self._server.bind(wanted)
        except PagePortTaken:
            raise PageError(
                f"Port {wanted} for the status page belongs to another program: "
                "run `gatelight config set page.port 0` to take any free one."
            ) from None
        if waiting:
            try:
                self._server.wait_for(before, waiting)
            except PagePortTaken:
                logger.info("pages that were open cannot be found again: port %d belongs to another program", before)
        # The address is ready; the rest is loaded while the browser starts.
        self._starting = asyncio.get_running_loop().create_task(self._start(self._server), name="page starts")

    async def _start(self, server: "PageServer") -> None:
        try:
            await _load("aiohttp.web")
            await server.start()
            await self._read_login_start()
        except Exception:
            logger.exception("the status page could not be served")
            await server.close()

    # ── what the page sees and asks: see `agent.page.backend.Backend` ─────────────────────────────────

    @property
    def settings(self) -> Settings:
        """The configuration in force."""
        return self._agent.state.settings

    @property
    def origin(self) -> Origin:
        """Where this installation came from."""
        return self._agent.state.origin

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self._agent.places.config

    @property
    def config_named(self) -> bool:
        """Whether the user named the configuration file."""
        return self._agent.places.config_named

    def view(self) -> dict[str, Any]:
        """Everything that the page shows."""
        from agent.page.view import Seen, view

        state, now = self._agent.state, self._agent.now()
        status = state.shown or Status(version=state.version, pid=state.pid, started=state.started.wall)
        names = [c.name for c in status.connections]
        # Of several connections less is drawn of each, and the view is sent with every change.
        every = BUCKET_SECONDS if len(names) == 1 else MINUTE
        return view(
            Seen(
                status,
                expected={w.settings.name: facts_about(state, w, now).expected for w in state.watched},
                latencies={name: self._latencies.of(name, now.wall, every) for name in names},
                hours={name: hour for name in names if (hour := self._hour.of(name)) is not None},
                progress=self._progress,
                config_error=state.config_error,
                started_as=started_as(),
                starts_at_login=self._starts_at_login,
            )
        )

    def limits(self) -> Iterable[dict[str, Any]]:
        """The limits of IB and TWS, and how far they are used."""
        from agent.core.shown.limits import limits_to_json, usage_of

        state, now, sent = self._agent.state, self._agent.now(), self._agent.sent
        return [limits_to_json(usage_of(facts_about(state, w, now), sent(w.settings.name))) for w in state.watched]

    async def relays(self) -> list[dict[str, Any]]:
        """What each relay counts."""
        return await self._relays.read(self._agent.state.machine)

    async def history(self, days: int, *, whole: bool) -> dict[str, Any]:
        """What is kept of the last days, all outages or the latest. Raises GatelightError where it cannot be read."""
        return await self._reader.within(_READ_SECONDS, partial(self._read_history, days, whole))

    def _read_history(self, days: int, whole: bool) -> dict[str, Any]:
        from agent.history.as_json import history_json
        from agent.history.reading import read_days

        now = datetime.fromtimestamp(self._agent.now().wall).astimezone()
        return history_json(read_days(self._agent.places.data, days, now, pictures=True, whole=whole), strips=True)

    async def bundle(self) -> dict[str, Any]:
        """A diagnostics bundle."""
        if self._bundles is None:
            # Imported late: on most days there is none.
            from agent.app.bundle_host import BundleHost

            self._bundles = BundleHost(self._agent)
        return await self._bundles.made()

    def looked(self) -> None:
        """The user is at the page."""
        self._agent.post(UserLooked())

    async def test_notice(self) -> NoticeTried:
        """Send a test notice to every channel that is on; returns what became of it at each."""
        if not notices_on(self._agent.state.settings.notifications):
            return NoticeTried(refused=("notices are switched off in the configuration",))
        notice = Notice("test", Severity.INFO, "A test notice from Gatelight", "This is what a notice looks like.")
        return await self._agent.try_channels(notice)

    def starts_at_login(self) -> bool | None:
        """Whether Gatelight starts at log-in; reads a file or the registry."""
        login = self._agent.login
        return None if login is None else login.shown()

    async def at_login(self, on: bool) -> str | None:
        """Switch the start at log-in on or off; returns what went wrong, or None."""
        login = self._agent.login
        if login is None:
            return "The start at log-in cannot be chosen here: use `gatelight autostart`."
        try:
            await asyncio.to_thread(login.switch, on)
        except AutostartError as fault:
            return f"Start at log-in: {fault}."
        logger.info("start at log-in is %s now", "on" if on else "off")
        return None

    # ── what outlives the agent ─────────────────────────────────────────────────────────────────

    def keep_again(self) -> None:
        """Write the file of open pages again, because the data folder is new."""
        if self._server is not None and len(self._server.streams):
            self._used(True)

    def _used(self, used: bool) -> None:
        """A page is open, or the last one was closed."""
        self._agent.post(PageFollows(used))
        kept = b""
        if used and self._server is not None and self._keyring is not None:
            kept = json.dumps({"port": self._server.port, "waiting": self._keyring.waiting}).encode()
        self._worker.do(partial(self._keep, kept))

    def _keep(self, kept: bytes) -> None:
        file = self._agent.places.data / MEMORY
        try:
            if kept:
                replace_own_file(file, kept)
            else:
                file.unlink(missing_ok=True)
        except OSError as fault:
            logger.debug("%s could not be kept: %s", file, fault)

    def _remembered(self) -> tuple[int, dict[str, str]]:
        file = self._agent.places.data / MEMORY
        try:
            if time.time() - file.stat().st_mtime > MEMORY_SECONDS:
                return 0, {}
            kept = json.loads(read_file(file, LONGEST_MEMORY, links=False))
            return int(kept["port"]), {str(page): str(key) for page, key in kept["waiting"].items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return 0, {}


async def _cancelled(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _load(*modules: str) -> None:
    """Import parts of the page in a thread that ends with this work, because importing takes a quarter of a second."""
    with ThreadPoolExecutor(1, "page-loads") as aside:
        for module in modules:
            await asyncio.get_running_loop().run_in_executor(aside, import_module, module)


def view_of(connection: str, code: str) -> str:
    """The view of one problem, in the form after the # of the page's address."""
    return f"problem/{quote(connection, safe='')}/{quote(code, safe='')}"
