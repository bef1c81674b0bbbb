"""The simulated TWS as an asyncio server that speaks the TWS API, with faults that can be switched while it runs."""

import time
from collections import Counter
from collections.abc import Callable, Mapping

from agent.simulator.state import Profile


class Simulator:
    """A TWS or IB Gateway to talk to. Belongs to the event loop that opened it."""

    def __init__(
        self,
        profile: Profile,
        *,
        host: str = "127.0.0.1",
        port: int,
        clock: Callable[[], float] = time.time,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.profile = profile
        self.host = host
        self.port = port
        self.connections_accepted = 0
        self.received: Counter[int] = Counter()
        """Messages received in total, by message ID (always the text-era number, also for protobuf)."""
        self._clock = clock
        self._say = say or (lambda _: None)

    @property
    def active(self) -> Mapping[str, str]:
        """The faults in force and their values ("" where a fault takes none)."""
        raise NotImplementedError

    async def open(self) -> int:
        """Start to listen; port 0 means any free one. Returns the port. Faults in force stay in force."""
        raise NotImplementedError

    async def close(self) -> None:
        """Stop to listen and close all sessions, as a restart does. Can be opened again."""
        raise NotImplementedError

    async def apply(self, fault: str, value: str | None = None) -> None:
        """Put a wire fault in force, or make a one-shot one happen. ValueError, in one sentence, on nonsense."""
        raise NotImplementedError

    async def heal(self, fault: str | None = None) -> None:
        """Take one fault, or all, out of force. ValueError on a name that does not exist."""
        raise NotImplementedError

    async def notify(
        self, code: int, text: str | None = None, request_id: int = -1, client_id: int | None = None
    ) -> None:
        """Send a notice to all sessions, or to one client's; without a text, the one a real TWS uses."""
        raise NotImplementedError
