"""The times at which our messages were sent, by connection: only messages that really left count."""

from collections import Counter, deque
from collections.abc import Callable

KEPT_SECONDS = 60.0
"""The longest period that a caller needs."""
MOST_KEPT = 5_000
"""Messages of one connection that are remembered. Its session sends some ten a minute, and a self-test a few dozen."""


class Traffic:
    """Remembers our messages of the last minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives monotonic seconds."""
        self._clock = clock
        self._sent: dict[str, deque[float]] = {}
        self._totals: Counter[str] = Counter()

    def note(self, connection: str) -> None:
        """A message was sent."""
        now = self._clock()
        sent = self._sent.setdefault(connection, deque(maxlen=MOST_KEPT))
        while sent and sent[0] <= now - KEPT_SECONDS:
            sent.popleft()
        sent.append(now)
        self._totals[connection] += 1

    def total(self, connection: str) -> int:
        """How many messages were sent so far."""
        return self._totals[connection]

    def lately(self, connection: str) -> tuple[float, ...] | None:
        """The monotonic times of the messages of the last minute, oldest first; None where there never was one."""
        sent, now = self._sent.get(connection), self._clock()
        return None if sent is None else tuple(at for at in sent if at > now - KEPT_SECONDS)
