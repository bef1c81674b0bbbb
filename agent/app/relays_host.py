"""Relays beside the running agent: they are started, watched and read, and outlive it."""

import asyncio
import contextlib
import logging
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.app.running import RunningAgent
from agent.config.relays import wanted_orders
from agent.core.events import RelaysCounted
from agent.core.evidence.relays import relays_of, worth_telling
from agent.core.facts import Known, RelaySeen
from agent.core.problem import Severity
from agent.core.relay_facts import RelayOrder
from agent.core.shown.display import Notice
from agent.core.state_machine.relay_plan import STARTS_ALLOWED, StartRelay, next_start, plan_relays
from agent.core.text import shortened
from agent.observers.relays import clear_away, last_words
from agent.platforms.files import reason_of
from agent.runtime.aside import OneAtATime
from agent.runtime.file_stamp import FileStamp, stamp_of
from agent.runtime.relay_process import start_relay, tell_relay

logger = logging.getLogger("agent")

GLANCE_EVERY = 0.5
"""Seconds between two glances at the reports: a limit that is near is told before it is reached."""
_READ_EVERY = 5.0
"""Seconds between two readings at most: a relay that tells nothing any more is noticed."""
_TELL_EVERY = 10.0
"""Seconds after which numbers that decide nothing are taken in all the same, and an order is repeated."""
_DISK_SECONDS = 5.0
"""Seconds that the disk may take."""
_LONGEST_TEXT = 255
"""Characters of a notice."""


@dataclass(slots=True)
class _Kept:
    """What is known about keeping one relay, from its latest order on."""

    order: RelayOrder
    starts: list[float] = field(default_factory=list)
    """Monotonic times."""
    process: "subprocess.Popen[bytes] | None" = None
    """The latest one that was started here."""
    pid: int | None = None
    """The process that was seen to relay."""
    failed: bool = False
    stopped: bool = False
    """The user has ended it."""
    troubled: bool = False
    """The user was told that it does not run."""


class RelaysHost:
    """Keeps the relays of this data folder; on the agent's loop."""

    def __init__(self, agent: RunningAgent) -> None:
        self._agent = agent
        self._folder = agent.places.relays
        self._disk = OneAtATime("reports of relays")
        self._following: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._stamps: Mapping[Path, FileStamp | None] = {}
        self._read = self._told = float("-inf")
        """Monotonic times of the latest reading, and of the latest one that the agent took in."""
        self._kept: dict[str, _Kept] = {}
        self._watches: dict[int, Callable[[], None]] = {}
        self._orders: dict[int, tuple[RelayOrder, float]] = {}
        """By process: what it was told last, and when."""
        self._said: set[tuple[int, str]] = set()
        self._running: tuple[RelaySeen, ...] | None = None
        self._saying: set[asyncio.Task[None]] = set()

    async def look(self) -> None:
        """Follow relays while any is configured, or runs. Called at every turn of the agent's duties."""
        state = self._agent.state
        wanted = bool(state.settings.relays or relays_of(state.machine))
        if self._following is not None and self._following.done():
            # A fault of ours must not leave the relays alone for good.
            logger.warning("looking after relays failed: %r", self._following.exception())
            self._following = None
        if wanted and self._following is None:
            self._following = asyncio.get_running_loop().create_task(self._follow(), name="relays")
        elif not wanted:
            await self.close()

    async def close(self) -> None:
        """Follow them no more. They go on."""
        following, self._following = self._following, None
        if following is not None:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
        for kept in self._kept.values():
            await self._no_trouble(kept)
        self._kept.clear()
        for cancel in self._watches.values():
            cancel()
        self._watches.clear()

    async def _follow(self) -> None:
        with contextlib.suppress(OSError):
            await self._disk.within(_DISK_SECONDS, lambda: clear_away(self._folder))
        while True:
            try:
                await self.glance()
            except OSError as fault:
                logger.debug("relays could not be looked after: %s", reason_of(fault))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), GLANCE_EVERY)

    async def glance(self) -> None:
        """Read the reports if they have changed, and do what is due; raises OSError where the disk does not answer."""
        over = self._ended.is_set()
        self._ended.clear()
        stamps = await self._disk.within(_DISK_SECONDS, self._stamps_now)
        now = self._agent.now().monotonic
        if over or stamps != self._stamps or now - self._read >= _READ_EVERY:
            relays = await self._disk.within(_DISK_SECONDS, self._agent.world.relays)
            self._stamps, self._read = stamps, now
            if worth_telling(self._agent.state.machine.relays, relays) or now - self._told >= _TELL_EVERY:
                self._told = now
                self._agent.post(RelaysCounted(relays))
            if isinstance(relays, Known):
                self._running = relays.value
                self._pass_on(relays.value)
        # Unless it is known which relays run, a second one would be started.
        if self._running is not None:
            await self._keep(self._running, now)

    def _stamps_now(self) -> Mapping[Path, FileStamp | None]:
        return {path: stamp_of(path) for path in self._folder.glob("*.json")}

    def _pass_on(self, running: Sequence[RelaySeen]) -> None:
        """Write into the log what relays have said."""
        now = {(relay.pid, text) for relay in running for text in relay.said}
        for _, text in sorted(now - self._said):
            logger.warning("%s", text)
        self._said = now

    # ── keeping them ────────────────────────────────────────────────────────────────────────────

    async def _keep(self, running: Sequence[RelaySeen], now: float) -> None:
        wanted = await self._take_orders()
        await self._notice_ends(running)
        held = {order.name for order in wanted if not self._may_start(order, now)}
        for step in plan_relays(wanted, running, held):
            if isinstance(step, StartRelay):
                await self._start(step.order, now)
            else:
                await self._order(step.relay, step.order, now)

    async def _order(self, relay: RelaySeen, order: RelayOrder, now: float) -> None:
        """Tell a relay what to do, once in a while until it does it."""
        before, at = self._orders.get(relay.pid, (None, 0.0))
        if before == order and now - at < _TELL_EVERY:
            return
        self._orders[relay.pid] = order, now
        await self._disk.within(_DISK_SECONDS, lambda: tell_relay(self._folder, relay, order))
        if order.drain:
            what = "takes no new connection, and ends with its last one"
            logger.info("relay “%s” on port %d %s", relay.name, relay.port, what)
        else:
            logger.info("relay “%s” on port %d changes with the configuration", relay.name, relay.port)

    async def _take_orders(self) -> tuple[RelayOrder, ...]:
        """Keep what the configuration in force orders; what is not as it was begins anew. Returns the orders."""
        orders = wanted_orders(self._agent.state.settings)
        before, self._kept = self._kept, {}
        for order in orders:
            kept = before.pop(order.name, None)
            if kept is None or kept.order == order:
                self._kept[order.name] = kept or _Kept(order)
            elif kept.order.listen == order.listen:
                # One that is still beginning is told the new order once it listens: a second one would find no port.
                self._kept[order.name] = _Kept(order, process=kept.process, pid=kept.pid, troubled=kept.troubled)
            else:
                self._kept[order.name] = _Kept(order)
                before[order.name] = kept
        for gone in before.values():
            # What was said of one that is not wanted any more, or was on another port, is no news of now.
            await self._no_trouble(gone)
        return orders

    def _may_start(self, order: RelayOrder, now: float) -> bool:
        kept = self._kept[order.name]
        starting = kept.process is not None and kept.process.poll() is None
        return not (starting or kept.stopped) and now >= next_start(kept.starts, failed=kept.failed)

    async def _start(self, order: RelayOrder, now: float) -> None:
        kept = self._kept[order.name]
        kept.starts = [*kept.starts[-STARTS_ALLOWED:], now]
        try:
            kept.process = await self._disk.within(_DISK_SECONDS, lambda: start_relay(self._folder, order))
        except OSError as fault:
            kept.failed = True
            self._tell(kept, f"Gatelight cannot start it ({reason_of(fault)}).")
            return
        logger.info("relay “%s” is started on port %d (pid %d)", order.name, order.listen, kept.process.pid)
        self._watch(kept.process.pid)

    def _watch(self, pid: int) -> None:
        if pid not in self._watches:
            self._watches[pid] = self._agent.world.watch_exit(pid, self._ended.set)

    async def _notice_ends(self, running: Sequence[RelaySeen]) -> None:
        """Enter which relays run, which have ended, and why."""
        pids = {relay.pid: relay for relay in running}
        for kept in self._kept.values():
            serving = next((r for r in running if r.port == kept.order.listen and not r.draining), None)
            if serving is not None:
                await self._serves(kept, serving)
                continue
            ended = kept.pid
            if kept.process is not None and kept.process.poll() is not None:
                ended, kept.process = kept.process.pid, None
            if ended is not None and ended not in pids:
                kept.pid = None
                await self._over(kept, ended)
        self._orders = {pid: told for pid, told in self._orders.items() if pid in pids}
        for pid in self._watches.keys() - pids.keys():
            if all(kept.process is None or kept.process.pid != pid for kept in self._kept.values()):
                self._watches.pop(pid)()

    async def _serves(self, kept: _Kept, relay: RelaySeen) -> None:
        kept.process = None if kept.process is not None and kept.process.pid == relay.pid else kept.process
        if kept.pid == relay.pid:
            return
        if kept.pid is None and not kept.starts:
            logger.info("relay “%s” runs already on port %d (pid %d)", relay.name, relay.port, relay.pid)
        kept.pid, kept.failed, kept.stopped = relay.pid, False, False
        self._watch(relay.pid)
        await self._no_trouble(kept)

    async def _no_trouble(self, kept: _Kept) -> None:
        """Withdraw the notice that a relay does not run, where one was told."""
        if kept.troubled:
            kept.troubled = False
            await self._agent.world.withdraw(_key(kept.order))

    async def _over(self, kept: _Kept, pid: int) -> None:
        """A relay has ended that should run."""
        words = await self._disk.within(_DISK_SECONDS, lambda: self._words_of(pid))
        kept.failed, kept.stopped = "failed" in words, words.get("stopped") is True
        if kept.stopped:
            logger.info("relay “%s” was ended by the user: it stays so until Gatelight starts again", kept.order.name)
        elif kept.failed:
            self._tell(kept, f"{words['failed']} Gatelight tries again every minute.")
        elif len(kept.starts) >= STARTS_ALLOWED and next_start(kept.starts, failed=False) > self._agent.now().monotonic:
            self._tell(kept, "It has ended again and again. Gatelight starts it once a minute from now on.")
        else:
            logger.warning("relay “%s” (pid %d) has ended: it is started again", kept.order.name, pid)
            text = "Its programs have lost their connections, and can connect again. Gatelight starts it again."
            title = shortened(f"The relay “{kept.order.name}” has ended", 63)
            self._announce(Notice(_key(kept.order), Severity.WARNING, title, text))

    def _words_of(self, pid: int) -> dict[str, Any]:
        """What a relay that has ended has left; it is removed, or each attempt of a day would leave some."""
        words = last_words(self._folder, pid)
        if words.get("stopped") is not True:
            # The command that has stopped it reads them too.
            clear_away(self._folder, pid)
        return words

    def _announce(self, notice: Notice) -> None:
        """Say it beside: a service may be slow, and relays are not to wait for it."""
        task = asyncio.get_running_loop().create_task(self._say(notice), name="notice of a relay")
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)

    async def _say(self, notice: Notice) -> None:
        await self._agent.announce(notice)

    def _tell(self, kept: _Kept, text: str) -> None:
        """Tell the user that a relay does not run, once until it does."""
        if not kept.troubled:
            kept.troubled = True
            logger.warning("relay “%s” does not run: %s", kept.order.name, text)
            title = shortened(f"The relay “{kept.order.name}” does not run", 63)
            self._announce(Notice(_key(kept.order), Severity.ERROR, title, shortened(text, _LONGEST_TEXT)))


def _key(order: RelayOrder) -> str:
    return f"gatelight/relay/{order.name}"
