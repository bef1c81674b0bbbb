"""TWS and IB Gateway as values, and how to recognise one by its name, executable and command line.

Never hands a command line on: one written by IBC can hold the user's password.
"""

from dataclasses import dataclass
from enum import StrEnum


class ApplicationKind(StrEnum):
    """Which of the two applications."""

    TWS = "tws"
    GATEWAY = "gateway"
    UNKNOWN = "unknown"

    @property
    def title(self) -> str:
        """The name users know it by."""
        return {"tws": "TWS", "gateway": "IB Gateway"}.get(self.value, "TWS or IB Gateway")


class TradingMode(StrEnum):
    """Live or paper trading."""

    LIVE = "live"
    PAPER = "paper"
    UNKNOWN = "unknown"


class Launcher(StrEnum):
    """What started the application."""

    ITSELF = "itself"
    IBC = "ibc"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Application:
    """A recognised TWS or IB Gateway, from the outside of its process."""

    kind: ApplicationKind
    version: str | None = None
    """Like "10.45"; None where neither path nor jar names tell."""
    launched_by: Launcher = Launcher.UNKNOWN
    settings_folder: str | None = None
    """From `-DjtsConfigDir=`, where it is a real folder name."""
    ibc_config: str | None = None
    """Path of IBC's config.ini from the command line."""
    mode_hint: TradingMode = TradingMode.UNKNOWN
    """"live" or "paper" where the command line says so; never proof."""
    restarted: bool = False
    """`-Drestart=` was given: this process is an automatic restart."""
    heap_limit: int | None = None
    """Bytes of `-Xmx`, where given."""
