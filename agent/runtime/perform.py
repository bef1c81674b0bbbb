"""Carries out effects: each decision of `core` becomes calls. Decides nothing."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, assert_never

from agent.core.effects import (
    Announce,
    AskSettings,
    CloseSession,
    Effect,
    Happened,
    LookAt,
    MarkKind,
    OpenSession,
    Record,
    Remember,
    SendHeartbeat,
    SendTo,
    ShowStatus,
    WakeAt,
    WatchExits,
    Withdraw,
)
from agent.core.events import (
    Event,
    HeartbeatAnswered,
    Looked,
    MessagesCame,
    NoticeArrived,
    NoticeDelivered,
    NoticeUndelivered,
    ProcessExited,
    SessionFailed,
    SessionLost,
    SettingsAnswered,
    TargetAnswered,
    Tick,
)
from agent.core.facts import MachineFacts, Unknown
from agent.core.problem import Severity
from agent.core.session_facts import Outcome
from agent.core.shown.display import Notice
from agent.core.shown.targets import SendOutcome, TargetAnswer
from agent.runtime.aside import in_thread

if TYPE_CHECKING:
    from agent.runtime.world import ApiSession, World

logger = logging.getLogger("agent")

_FROM_SESSION = NoticeArrived | HeartbeatAnswered | MessagesCame
"""Events that a session may post any number of times."""
_LEVELS = {Severity.INFO: logging.INFO, Severity.WARNING: logging.WARNING, Severity.ERROR: logging.ERROR}


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Time limits for the world, in seconds."""

    look: float = 10.0
    """For a look; on a busy Windows machine the process table needs about a second."""
    announce: float = 15.0
    """For the channels to take one notice."""
    close: float = 0.8
    """For closing everything that is open when the agent ends."""
    again: float = 1.0
    """Before checking once more whether a hanging look has come back."""


class Performer:
    """Carries out effects on the running loop; their results are posted as events."""

    def __init__(self, world: "World", post: Callable[[Event], None], limits: TimeLimits) -> None:
        self._world = world
        self._post = post
        self._limits = limits
        self._sessions: dict[int, ApiSession] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._asking: set[asyncio.Task[None]] = set()
        self._sending: set[asyncio.Task[None]] = set()
        self._wake: asyncio.TimerHandle | None = None
        self._look: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None
        self._stuck: asyncio.Future[MachineFacts] | None = None
        self._exits: dict[int, Callable[[], None]] = {}
        self._notices: asyncio.Queue[Announce | Withdraw] = asyncio.Queue()
        self._telling: asyncio.Task[None] | None = None
        self._told: set[str] = set()

    def perform(self, effect: Effect) -> None:
        """Carry out one effect; never blocks."""
        match effect:
            case OpenSession():
                self._open(effect)
            case CloseSession(number):
                self._close(number)
            case SendHeartbeat(number):
                if number in self._sessions:
                    self._sessions[number].heartbeat()
            case AskSettings():
                self._ask_settings(effect)
            case Announce() | Withdraw():
                self._notices.put_nowait(effect)
                if self._telling is None:
                    self._telling = asyncio.get_running_loop().create_task(self._tell(), name="announcements")
            case SendTo():
                self._send(effect)
            case ShowStatus(status):
                self._world.show(status)
            case LookAt():
                self._plan_look(effect)
            case WakeAt(at):
                self._plan_wake(at)
            case WatchExits(pids):
                self._watch(pids)
            case Remember(memory):
                self._world.keep(memory)
            case Happened():
                self._world.happened(effect)
            case Record(severity, text, fault, connection, code):
                about = {"connection": connection, "code": code}
                logger.log(_LEVELS[severity], "%s", text, exc_info=fault, extra=about)
            case _:
                assert_never(effect)

    def taken(self, event: Event, cost: float) -> None:
        """An event was taken in, for `cost` seconds of processor time; its session may read on."""
        session = self._sessions.get(event.number) if isinstance(event, _FROM_SESSION) else None
        if session is not None:
            session.taken(cost)

    async def close(self) -> frozenset[str]:
        """Stop timers and watches, close sessions, withdraw notices; returns the keys of those that stood until now."""
        for timer in (self._wake, self._look):
            if timer is not None:
                timer.cancel()
        for cancel in self._exits.values():
            cancel()
        self._exits.clear()
        for number in tuple(self._sessions):
            self._close(number)
        running = [task for task in (self._looking, self._telling, *self._asking, *self._sending) if task is not None]
        for task in running:
            task.cancel()
        for task in running:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        withdrawing = {asyncio.ensure_future(self._withdraw(key)): key for key in tuple(self._told)}
        waiting: set[asyncio.Task[Any]] = {*self._closing, *withdrawing}
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=self._limits.close)
            for task in late:
                task.cancel()
            waiting -= late
        if self._stuck is not None:
            self._stuck.cancel()
        return frozenset(key for task, key in withdrawing.items() if task in waiting and task.result())

    # ── sessions ────────────────────────────────────────────────────────────────────────────────

    def _open(self, wish: OpenSession) -> None:
        try:
            session = self._world.session(wish, self._from_session)
            self._sessions[wish.number] = session
            session.open()
        except Exception as fault:
            # Without a verdict the connection would stay in the state of being opened.
            logger.exception("a session could not be opened")
            reason = f"the attempt could not be made ({type(fault).__name__})"
            self._from_session(SessionFailed(wish.number, Outcome.UNREACHABLE, 0.0, reason))

    def _from_session(self, event: Event) -> None:
        if isinstance(event, SessionFailed | SessionLost):
            self._close(event.number)
        self._post(event)

    def _close(self, number: int) -> None:
        session = self._sessions.pop(number, None)
        if session is None:
            return
        task = asyncio.get_running_loop().create_task(session.close(), name=f"close-{number}")
        self._closing.add(task)
        task.add_done_callback(self._closed)

    def _closed(self, task: "asyncio.Task[None]") -> None:
        self._closing.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("closing a session failed", exc_info=task.exception())

    def _ask_settings(self, wish: AskSettings) -> None:
        task = asyncio.get_running_loop().create_task(self._settings(wish), name=f"settings-{wish.number}")
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _settings(self, wish: AskSettings) -> None:
        try:
            answer = await self._world.ask_settings(wish)
        except Exception as fault:
            logger.exception("the API settings could not be asked for")
            answer = SettingsAnswered(wish.number, Unknown(f"the question failed ({type(fault).__name__})"))
        self._post(answer)

    # ── looking ─────────────────────────────────────────────────────────────────────────────────

    def _plan_look(self, wish: LookAt) -> None:
        if self._looking is not None:
            # One look at a time; after its end, the next one is planned.
            return
        if self._look is not None:
            self._look.cancel()
        loop = asyncio.get_running_loop()
        delay = max(0.0, wish.at - self._world.now().monotonic)
        self._look = loop.call_later(delay, self._start_look, wish)

    def _start_look(self, wish: LookAt) -> None:
        self._look = None
        self._looking = asyncio.get_running_loop().create_task(self._do_look(wish), name="look")

    async def _do_look(self, wish: LookAt) -> None:
        now = self._world.now()
        try:
            machine = await self._facts(wish)
        except asyncio.CancelledError:
            raise
        except Exception as fault:
            logger.exception("a look at the machine failed")
            failed = Unknown(f"the look failed ({type(fault).__name__})")
            machine = MachineFacts.nothing_seen(failed, taken=now.monotonic)
        self._looking = None
        self._post(Looked(machine))

    async def _facts(self, wish: LookAt) -> MachineFacts:
        now = self._world.now()
        if self._stuck is not None:
            await asyncio.wait({self._stuck}, timeout=self._limits.again)
            if not self._stuck.done():
                return MachineFacts.nothing_seen(Unknown("an earlier look has not come back yet"), taken=now.monotonic)
            # Its result or fault is too old to matter; asyncio logs a fault that is never retrieved.
            self._stuck.exception()
            self._stuck = None
            now = self._world.now()

        def looked() -> MachineFacts:
            # Nothing else is done in this thread meanwhile; its clock counts what the look costs.
            used = time.thread_time()
            seen = self._world.look(wish.ports, thorough=wish.thorough, now=now)
            return replace(seen, thorough=wish.thorough, cost=time.thread_time() - used)

        look = in_thread(looked, "look")
        try:
            done, _ = await asyncio.wait({look}, timeout=self._limits.look)
        except asyncio.CancelledError:
            look.cancel()
            raise
        if done:
            return look.result()
        self._stuck = look
        # A thorough look is not repeated at once, because it may be what hangs.
        timed_out = Unknown(f"timed out after {self._limits.look:g} s")
        late = MachineFacts.nothing_seen(timed_out, taken=now.monotonic)
        return replace(late, thorough=wish.thorough)

    def _plan_wake(self, at: float) -> None:
        if self._wake is not None:
            self._wake.cancel()
        delay = max(0.0, at - self._world.now().monotonic)
        self._wake = asyncio.get_running_loop().call_later(delay, self._post, Tick())

    def _watch(self, pids: frozenset[int]) -> None:
        for pid in set(self._exits) - pids:
            self._exits.pop(pid)()
        for pid in pids - set(self._exits):
            self._exits[pid] = self._world.watch_exit(pid, lambda pid=pid: self._gone(pid))  # type: ignore[misc]

    def _gone(self, pid: int) -> None:
        if self._exits.pop(pid, None) is not None:
            self._post(ProcessExited(pid))

    # ── telling ─────────────────────────────────────────────────────────────────────────────────

    async def _tell(self) -> None:
        while True:
            wish = await self._notices.get()
            try:
                async with asyncio.timeout(self._limits.announce):
                    if isinstance(wish, Announce):
                        await self._announce(wish.notice)
                    else:
                        await self._withdraw(wish.key)
            except TimeoutError:
                logger.warning("the notification channels did not answer within %g s", self._limits.announce)
                self._untold(wish, "the notification channels did not answer in time")
            except Exception as fault:
                logger.exception("a notification channel failed")
                self._untold(wish, f"a notification channel failed ({type(fault).__name__})")

    def _send(self, wish: SendTo) -> None:
        task = asyncio.get_running_loop().create_task(self._send_to(wish), name="message to a target")
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send_to(self, wish: SendTo) -> None:
        try:
            answer = await self._world.send(wish.target, wish.message)
        except Exception as fault:
            logger.exception("a message could not be sent")
            answer = TargetAnswer(SendOutcome.REFUSED, f"the attempt failed ({type(fault).__name__})")
        self._post(TargetAnswered(wish.target, answer))

    async def _announce(self, notice: Notice) -> None:
        # Added before delivery, so that a notice on its way is also withdrawn when the agent ends.
        self._told.add(notice.key)
        reason = await self._world.announce(notice)
        if reason is not None:
            self._told.discard(notice.key)
            self._post(NoticeUndelivered(notice.key, reason))
            return
        connection, _, what = notice.key.rpartition("/")
        self._world.happened(Happened(MarkKind.SAID, connection, what, notice.title))
        if notice.once_more:
            self._post(NoticeDelivered(notice.key))

    async def _withdraw(self, key: str) -> bool:
        self._told.discard(key)
        try:
            return await self._world.withdraw(key)
        except Exception:
            logger.exception("a notice could not be withdrawn")
            return False

    def _untold(self, wish: Announce | Withdraw, reason: str) -> None:
        if isinstance(wish, Announce):
            self._post(NoticeUndelivered(wish.notice.key, reason))
