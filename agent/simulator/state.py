"""What the simulated TWS is: the choices that make one."""

from dataclasses import dataclass

from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.calendar import Region

OLDEST_SERVER_VERSION = 157
"""The least that ib_async 2.1 accepts."""

NEWEST_SERVER_VERSION = 226
"""The most that IBKR's client 10.51 speaks."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Which application is simulated, and for whom."""

    application: ApplicationKind = ApplicationKind.GATEWAY
    trading_mode: TradingMode = TradingMode.PAPER
    version: str = "10.45"
    """Of the application, as in its paths and window titles."""
    server_version: int = NEWEST_SERVER_VERSION
    """The newest protocol it speaks; what is agreed is the lower of this and the client's."""
    accounts: tuple[str, ...] = ("DU1234567",)
    region: Region = Region.AMERICA
    tick_seconds: float = 0.25
    """Seconds between two rounds of market data ticks."""
