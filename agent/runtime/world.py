"""What the loop needs of the world, as protocols; tests use a made-up world."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from agent.core.clock import Moment
from agent.core.effects import AskSettings, Happened, OpenSession
from agent.core.events import Event, SettingsAnswered
from agent.core.facts import MachineFacts
from agent.core.memory import Memory
from agent.core.shown.display import Notice
from agent.core.shown.status import Status
from agent.core.shown.targets import TargetAnswer, TargetMessage


class ApiSession(Protocol):
    """One API session, as the loop uses it."""

    def open(self) -> None:
        """Start the attempt."""

    async def close(self) -> None:
        """End the attempt or the session, without an event."""

    def heartbeat(self) -> None:
        """Ask for the time."""

    def taken(self, cost: float) -> None:
        """One of its events was taken in, for `cost` seconds of processor time; the session may read on."""


class World(Protocol):
    """What the loop needs of the world."""

    def now(self) -> Moment:
        """Both clocks."""

    def look(self, ports: frozenset[int], *, thorough: bool, now: Moment) -> MachineFacts:
        """Read processes and sockets; may block, and is called in a thread."""

    def session(self, wish: OpenSession, emit: Callable[[Event], None]) -> ApiSession:
        """A new API session, not opened yet."""

    async def ask_settings(self, wish: AskSettings) -> SettingsAnswered:
        """Ask for the API settings over a short connection of its own."""

    def watch_exit(self, pid: int, gone: Callable[[], None]) -> Callable[[], None]:
        """Call `gone` on the loop when the process ends; returns what cancels the watch."""

    def announce(self, notice: Notice) -> Awaitable[str | None]:
        """Tell the user; returns why no channel took the notice, or None."""

    def withdraw(self, key: str) -> Awaitable[bool]:
        """Withdraw a notice; returns whether it stood on a desktop until now."""

    def send(self, target: str, message: TargetMessage) -> Awaitable[TargetAnswer]:
        """Send a message to a target, at once; within its time limit."""

    def show(self, status: Status) -> None:
        """Show the status; must not block."""

    def keep(self, memory: Memory) -> None:
        """Store what must outlive this process; must not raise."""

    def happened(self, happened: Happened) -> None:
        """Keep in the history that something happened; must not block."""
