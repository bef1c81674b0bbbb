"""Counts what a simulated application receives, to prove the promise to be harmless."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Counters:
    """What a simulated application has received since its first start, over all restarts."""

    connections_accepted: int = 0
    received: Mapping[int, int] = field(default_factory=dict)
    """Messages by message ID (the text-era number, also for protobuf)."""

    def plus(self, other: "Counters") -> "Counters":
        """The sum of both."""
        return Counters(
            self.connections_accepted + other.connections_accepted,
            dict(Counter(self.received) + Counter(other.received)),
        )
