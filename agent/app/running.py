"""The running agent as page, clicks, fixes and set-up get it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.app.login_start import LogInStart
from agent.app.world import RealWorld
from agent.core.clock import Moment
from agent.core.events import Event, NewsCame
from agent.core.shown.display import Notice, NoticeTried
from agent.core.state_machine.state import AgentState
from agent.runtime.loop import AgentLoop
from agent.runtime.paths import Places


@dataclass(frozen=True, slots=True)
class RunningAgent:
    """One agent. Everything except `post_from_anywhere` is called on its loop."""

    places: Places
    loop: AgentLoop
    world: RealWorld
    config_changed: Callable[[], None]
    """Reads the configuration again."""
    login: LogInStart | None = None
    """None: the start at log-in cannot be chosen."""

    @property
    def state(self) -> AgentState:
        """What the agent knows and has decided so far."""
        return self.loop.state

    def now(self) -> Moment:
        """Both clocks."""
        return self.world.now()

    def post(self, event: Event) -> None:
        """Hand in an event."""
        self.loop.post(event)

    def post_from_anywhere(self, event: Event) -> None:
        """Hand in an event from any thread."""
        self.loop.post_from_anywhere(event)

    async def announce(self, notice: Notice) -> str | None:
        """Tell the user, here and at the targets; returns why no channel of this computer took it, or None."""
        self.post(NewsCame(notice))
        return await self.world.announce(notice)

    async def try_channels(self, notice: Notice) -> NoticeTried:
        """Send a test notice to every channel that is on; answers what became of it at each."""
        return await self.world.try_channels(notice)

    def sent(self, connection: str) -> Sequence[float] | None:
        """The monotonic times of the messages that our sessions of a connection sent in the last minute.

        None: the connection had no session.
        """
        return self.world.traffic.lately(connection)
