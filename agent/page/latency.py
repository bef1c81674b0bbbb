"""The latencies of the last hour: one bounded ring per connection, filled from each status."""

from array import array

from agent.core.shown.status import Status

BUCKET_SECONDS = 10.0
"""Of the heartbeats within so many seconds only the slowest is kept: it is the one that matters."""
MOST_BUCKETS = 360
"""An hour of buckets, about 6 kB."""
MOST_LATENCIES = 128
"""Connections that are remembered: a server of a hundred has each of its rows filled."""


class Latencies:
    """What the heartbeats took, by connection."""

    def __init__(self) -> None:
        self._rings: dict[str, array[float]] = {}
        self._last: dict[str, float] = {}

    def take(self, status: Status, wall: float) -> None:
        """Note the latencies of a status shown at `wall` (epoch seconds)."""
        names = {c.name for c in status.connections}
        for gone in [name for name in self._rings if name not in names]:
            del self._rings[gone]
            self._last.pop(gone, None)
        for connection in status.connections[:MOST_LATENCIES]:
            latency = connection.latency
            # The same number is the same heartbeat: the status was shown again for another reason.
            if latency is None or self._last.get(connection.name) == latency:
                continue
            self._last[connection.name] = latency
            self._add(self._rings.setdefault(connection.name, array("d")), wall, latency)

    def of(self, name: str, wall: float, every: float = BUCKET_SECONDS) -> tuple[tuple[float, float], ...]:
        """Pairs of epoch seconds and latency in seconds, of the last hour, oldest first.

        Of each `every` seconds only the slowest.
        """
        ring = self._rings.get(name, array("d"))
        oldest = wall - BUCKET_SECONDS * MOST_BUCKETS
        slowest: dict[float, tuple[float, float]] = {}
        for at, took in ((ring[i], ring[i + 1]) for i in range(0, len(ring), 2) if ring[i] >= oldest):
            part = at // every
            if part not in slowest or took > slowest[part][1]:
                slowest[part] = (at, took)
        return tuple(slowest.values())

    @staticmethod
    def _add(ring: "array[float]", wall: float, latency: float) -> None:
        bucket = wall // BUCKET_SECONDS * BUCKET_SECONDS
        if ring and ring[-2] == bucket:
            ring[-1] = max(ring[-1], latency)
            return
        ring.extend((bucket, latency))
        del ring[: -2 * MOST_BUCKETS]
