"""When messages of ours went out, by connection: what is counted is what really left for the socket."""

from collections import deque
from collections.abc import Callable

KEPT_SECONDS = 60.0
"""The longest period that is ever asked about."""
MOST_KEPT = 5_000
"""Messages remembered at most, of one connection: its session sends some ten a minute, and a self-test a few dozen."""


class Traffic:
    """Counts our messages over the last minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives monotonic seconds."""
        self._clock = clock
        self._sent: dict[str, deque[float]] = {}

    def note(self, connection: str) -> None:
        """A message went out."""
        now = self._clock()
        sent = self._sent.setdefault(connection, deque(maxlen=MOST_KEPT))
        while sent and sent[0] <= now - KEPT_SECONDS:
            sent.popleft()
        sent.append(now)

    def lately(self, connection: str) -> tuple[float, ...] | None:
        """Monotonic time of each message of the last minute, oldest first; None where there never was one."""
        sent, now = self._sent.get(connection), self._clock()
        return None if sent is None else tuple(at for at in sent if at > now - KEPT_SECONDS)
