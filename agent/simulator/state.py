"""The profile of the simulated TWS and its present situation: faults in force, farms, clients."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from agent.simulator.configuration import DEFAULT_CONFIGURATION, LOCALHOST, SETTINGS_OF_FAULT, merged
from agent.simulator.farms import FARMS, farm_names
from agent.simulator.notices import BROKEN, OK
from agent.tws.api_settings import Configuration
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.farms import FarmKind
from agent.tws.limits import messages_per_second
from agent.tws.reset_windows import Region

OLDEST_SIMULATED_VERSION = 157
"""The lowest server version that ib_async 2.1 accepts."""

NEWEST_SERVER_VERSION = 226
"""The highest server version that IBKR's client 10.51 speaks."""

CLIENT_PLACES = 32
"""API clients that one TWS or IB Gateway serves at a time (IBKR's API documentation)."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Which application is simulated, and with which accounts and settings."""

    application: ApplicationKind = ApplicationKind.GATEWAY
    trading_mode: TradingMode = TradingMode.PAPER
    version: str = "10.45"
    """The application's version, as in its paths and window titles."""
    server_version: int = NEWEST_SERVER_VERSION
    """The newest protocol it speaks. A session uses the lower of this and the client's."""
    accounts: tuple[str, ...] = ("DU1234567",)
    region: Region = Region.AMERICA
    tick_seconds: float = 0.25
    """Seconds between two rounds of market data ticks."""
    read_only: bool = False
    """Whether Read-Only API is ticked in its settings, where `configuration` does not say."""
    configuration: Configuration = DEFAULT_CONFIGURATION
    """The settings at the start. A socket port among them is only told; the real port comes from `Simulator`."""

    def __post_init__(self) -> None:
        if not OLDEST_SIMULATED_VERSION <= self.server_version <= NEWEST_SERVER_VERSION:
            raise ValueError(
                f"the server version must be {OLDEST_SIMULATED_VERSION} to {NEWEST_SERVER_VERSION},"
                f" not {self.server_version}"
            )


FARM_FAULTS = {
    "market-data-farm-broken": FarmKind.MARKET_DATA,
    "historical-farm-broken": FarmKind.HISTORICAL,
    "security-definition-farm-broken": FarmKind.SECURITY_DEFINITION,
}
"""The kind of farm that each fault breaks."""


@dataclass(slots=True)
class Situation:
    """What all sessions of the simulated TWS share."""

    profile: Profile
    clock: Callable[[], float]
    """Epoch seconds."""
    say: Callable[[str], None]
    active: dict[str, str] = field(default_factory=dict)
    """The faults in force and their values."""
    client_ids: dict[int, object] = field(default_factory=dict)
    """Client IDs in use or not yet released, and the session that has or had each."""
    received: Counter[int] = field(default_factory=Counter)
    """Messages from clients by text-era message ID, over all sessions."""
    connections: int = 0
    """Open connections, those without a client ID included."""
    port: int = 0
    """The open API port."""
    move_to: Callable[[int], None] = lambda _: None
    """Makes the simulated TWS listen on another port."""
    tells_read_only: bool = True
    """Whether Read-Only API is among the settings that reqConfig tells."""
    configuration: Configuration = field(init=False)
    """The settings as they are now."""

    def __post_init__(self) -> None:
        settings = self.profile.configuration.settings
        if settings.read_only_api is None:
            settings = replace(settings, read_only_api=self.profile.read_only)
        self.configuration = replace(self.profile.configuration, settings=settings)

    def has(self, fault: str) -> bool:
        """Whether a fault is in force."""
        return fault in self.active

    def value(self, fault: str) -> str:
        """The value of a fault in force, else empty."""
        return self.active.get(fault, "")

    @property
    def messages_a_second(self) -> int:
        """How many one client may send; 0: any number."""
        if self.has("message-rate"):
            return int(float(self.value("message-rate")))
        return messages_per_second(int(float(self.value("limits")))) if self.has("limits") else 0

    @property
    def read_only(self) -> bool:
        """Whether Read-Only API is on."""
        return bool(self.configuration.settings.read_only_api) or self.has("read-only")

    @property
    def reported_configuration(self) -> Configuration:
        """The settings as reqConfig tells them."""
        known = self.configuration
        for fault, changes in SETTINGS_OF_FAULT.items():
            known = merged(known, changes)[0] if self.has(fault) else known
        port = self.port if known.settings.socket_port is None else known.settings.socket_port
        read_only = self.read_only if self.tells_read_only else None
        return replace(known, settings=replace(known.settings, read_only_api=read_only, socket_port=port))

    def configure(self, changes: Configuration) -> tuple[str, ...]:
        """Change settings; returns the paths of those that have changed. A new socket port is opened soon after."""
        _, changed = merged(self.reported_configuration, changes)
        for fault, spoilt in SETTINGS_OF_FAULT.items():
            if self.has(fault) and set(spoilt.present) & set(changes.present):
                # The change replaces what the fault has imposed.
                self.configuration, _ = merged(self.configuration, spoilt)
                del self.active[fault]
        self.configuration, _ = merged(self.configuration, changes)
        port = changes.settings.socket_port
        if port is not None and port != self.port:
            self.move_to(port)
        if port is not None:
            # From now on the real port is told.
            settings = replace(self.configuration.settings, socket_port=None)
            self.configuration = replace(self.configuration, settings=settings)
        return changed

    def admits(self, address: str) -> bool:
        """Whether a client at this address is accepted without a question on the screen."""
        settings = self.configuration.settings
        if address in LOCALHOST or not address:
            return True
        return not settings.allow_localhost_only and address in (settings.trusted_ips or ())

    @property
    def link_up(self) -> bool:
        """Whether there is a link to IB's servers."""
        return not self.has("link-lost")

    def now(self) -> float:
        """The time of its own clock, which a fault can make wrong, in epoch seconds."""
        return self.clock() + float(self.value("clock-off") or 0)

    def broken_farms(self, kind: FarmKind) -> tuple[str, ...]:
        """The farms of one kind that are broken."""
        for fault, breaks in FARM_FAULTS.items():
            if breaks is kind and self.has(fault):
                return farm_names(self.value(fault))
        return ()

    def farms(self) -> tuple[tuple[str, FarmKind, bool], ...]:
        """Every farm: its name, its kind, and whether it is connected."""
        own = FARMS[self.profile.region]
        broken = [(name, kind) for kind in FarmKind for name in self.broken_farms(kind)]
        every = (*own, *(farm for farm in broken if farm not in own))
        return tuple((name, kind, (name, kind) not in broken) for name, kind in every)

    def release(self, client_id: int, owner: object) -> None:
        """Free a client ID, unless another session has taken it meanwhile."""
        if self.client_ids.get(client_id) is owner:
            del self.client_ids[client_id]

    def farm_notices(self) -> tuple[tuple[int, str], ...]:
        """The notices for a new session: code and farm, for the state of each farm."""
        return tuple((OK[kind] if connected else BROKEN[kind], name) for name, kind, connected in self.farms())
