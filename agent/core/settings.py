"""The user's configuration as values. `agent.config` reads and writes them; defaults are the contract's."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from agent.tws.hosts import is_local


class WantedApplication(StrEnum):
    """Which application a connection is meant for."""

    TWS = "tws"
    GATEWAY = "gateway"
    ANY = "any"


class WantedMode(StrEnum):
    """Which trading mode a connection is meant for; a mismatch is an alarm."""

    LIVE = "live"
    PAPER = "paper"
    ANY = "any"


class Intent(StrEnum):
    """What the user's programs do over this connection: decides whether Read-Only API is a problem."""

    TRADE = "trade"
    DATA = "data"


class MinimumSeverity(StrEnum):
    """From which severity on a notice is raised."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


Auto = Literal["auto"]


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """One `[[connections]]` entry."""

    name: str
    application: WantedApplication = WantedApplication.ANY
    trading_mode: WantedMode = WantedMode.ANY
    host: str = "127.0.0.1"
    port: int | Auto = "auto"
    client_id: int | Auto = "auto"
    auto_connect: bool = True
    intent: Intent = Intent.TRADE
    start_command: tuple[str, ...] = ()
    implicit: bool = False
    """True when no configuration names it: made up for an application that was found, or to wait for one."""
    pinned_pid: int | None = None
    """For an implicit connection: the process it was made for, where several run."""
    here: bool = field(default=False, compare=False)
    """The host was found to be a name or an address of this machine (`core.state_machine.watched.locate`)."""

    @property
    def local(self) -> bool:
        """Whether the host is this machine, so that its processes and sockets tell about it."""
        return self.here or self.loopback

    @property
    def loopback(self) -> bool:
        """Whether the host is loopback by its very spelling."""
        return is_local(self.host)

    @property
    def dialled(self) -> str:
        """The host to connect to: as configured, only of loopback always the address that TWS trusts."""
        return "127.0.0.1" if self.loopback else self.host


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """`[checks]`; durations in seconds."""

    look_every: float = 5.0
    heartbeat_every: float = 10.0
    reply_timeout: float = 5.0
    test_symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuietHours:
    """One entry of `quiet_hours`: minutes after local midnight, `start` included, `end` excluded; may wrap."""

    start: int
    end: int

    def covers(self, minute: int) -> bool:
        """Whether the minute of the local day lies within."""
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


KEY_STORE = "keyring:"
"""Begins a value that is the name of a secret in the system's key store."""


def in_key_store(value: str) -> bool:
    """Whether a value names a secret in the system's key store, instead of being one."""
    return value.startswith(KEY_STORE)


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """One `[[notifications.targets]]` entry: a phone, chat or mailbox with quiet hours of its own."""

    name: str
    url: str
    """An Apprise URL, or `KEY_STORE` and the name of one."""
    minimum_severity: MinimumSeverity = MinimumSeverity.WARNING
    quiet_hours: tuple[QuietHours, ...] = ()
    after: float = 0.0
    """Seconds for which a problem must have been shown unseen; 0: it is told at once."""


@dataclass(frozen=True, slots=True)
class NotificationSettings:
    """`[notifications]`."""

    desktop: bool = True
    minimum_severity: MinimumSeverity = MinimumSeverity.WARNING
    repeat_after: float | None = 1800.0
    """Seconds until an unsolved problem is announced again (grows with each repeat); None: never."""
    quiet_hours: tuple[QuietHours, ...] = ()
    remote: tuple[str, ...] = ()
    targets: tuple[TargetSettings, ...] = ()


@dataclass(frozen=True, slots=True)
class PageSettings:
    """`[page]`."""

    enabled: bool = True
    port: int = 0


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """`[history]`."""

    keep: float = 90 * 86400.0
    """Seconds."""
    weekly_summary: bool = False


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """One `[[relays]]` entry."""

    name: str
    listen: int
    to: str
    """A connection's name, or host:port."""
    allow: tuple[str, ...] = ()
    """Addresses and networks."""
    lines: int = 100
    """Market data lines of the user."""
    start: bool = True
    """Whether Gatelight starts it, and starts it again."""


@dataclass(frozen=True, slots=True)
class HookSettings:
    """One `[[hooks]]` entry."""

    name: str
    command: tuple[str, ...]
    """The program and its arguments."""
    on: tuple[str, ...] = ("connected",)
    """Codes of problems, `CONNECTED` and `ANY`."""
    limit: float = 30.0
    """Seconds that the command may take."""


CONNECTED, ANY = "connected", "any"
"""What a hook may be for besides the codes of problems."""


@dataclass(frozen=True, slots=True)
class PingSettings:
    """`[ping]`."""

    url: str = ""
    """Empty: none."""
    every: float = 300.0
    """Seconds."""


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """`[metrics]`."""

    port: int = 0
    """0: none."""
    address: str = "127.0.0.1"
    token: str = ""


@dataclass(frozen=True, slots=True)
class UpdateSettings:
    """`[updates]`."""

    check: bool = False
    address: str = ""
    """Folder on the web; empty: the one that was built into the package, if any."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration."""

    connections: tuple[ConnectionSettings, ...] = ()
    checks: CheckSettings = field(default_factory=CheckSettings)
    notifications: NotificationSettings = field(default_factory=NotificationSettings)
    page: PageSettings = field(default_factory=PageSettings)
    history: HistorySettings = field(default_factory=HistorySettings)
    relays: tuple[RelaySettings, ...] = ()
    hooks: tuple[HookSettings, ...] = ()
    ping: PingSettings = field(default_factory=PingSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    updates: UpdateSettings = field(default_factory=UpdateSettings)
    secrets: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """What the secret keys of the file hold (`agent.config.keys.Key.secret`): masked wherever it turns up."""
