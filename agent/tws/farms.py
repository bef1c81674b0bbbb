"""IB's data farms as values."""

from dataclasses import dataclass
from enum import StrEnum

from agent.tws.outside import FromOutside, OutsideName


class FarmKind(StrEnum):
    """What a farm serves."""

    MARKET_DATA = "market-data"
    HISTORICAL = "historical"
    SECURITY_DEFINITION = "security-definition"

    @property
    def title(self) -> str:  # type: ignore[override]
        """The usual term for such a farm."""
        return {
            "market-data": "market data",
            "historical": "historical data (HMDS)",
            "security-definition": "security definition",
        }[self.value]


class FarmStatus(StrEnum):
    """The state of a farm, as notices tell it. Inactive is normal: the farm wakes on demand."""

    OK = "ok"
    BROKEN = "broken"
    INACTIVE = "inactive"
    CONNECTING = "connecting"


@dataclass(frozen=True, slots=True)
class Farm(FromOutside):
    """One farm and its state."""

    name: OutsideName
    kind: FarmKind
    status: FarmStatus
    since: float = 0.0
    """Monotonic time at which the farm entered this state."""
