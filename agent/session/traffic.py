"""The times at which our messages were sent, over all our sessions: only messages that really left count."""

from collections import deque
from collections.abc import Callable

KEPT_SECONDS = 60.0
"""The longest period that a caller needs."""
MOST_KEPT = 5_000
"""Messages that are remembered. All our sessions together send some ten a minute, and a self-test a few dozen."""


class Traffic:
    """Remembers our messages of the last minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives monotonic seconds."""
        self._clock = clock
        self._sent: deque[float] = deque(maxlen=MOST_KEPT)

    def note(self) -> None:
        """A message was sent."""
        now = self._clock()
        while self._sent and self._sent[0] <= now - KEPT_SECONDS:
            self._sent.popleft()
        self._sent.append(now)

    def lately(self) -> tuple[float, ...]:
        """The monotonic times of the messages of the last minute, oldest first."""
        now = self._clock()
        return tuple(at for at in self._sent if at > now - KEPT_SECONDS)
