"""What the agent wants done, as values: `advance` returns them, the runtime carries them out in order."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from agent.core.memory import Memory
from agent.core.problem import Severity
from agent.core.shown.display import Notice
from agent.core.shown.status import Status
from agent.core.shown.targets import TargetMessage


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Open an API session; its events carry `number`."""

    connection: str
    number: int
    host: str
    port: int
    client_id: int
    reply_timeout: float
    """Seconds for the handshake."""
    ready_timeout: float
    """Seconds from the hello's answer to accounts and nextValidId."""


@dataclass(frozen=True, slots=True)
class CloseSession:
    """Close session `number`, whether it is up or still being opened."""

    number: int


@dataclass(frozen=True, slots=True)
class SendHeartbeat:
    """Ask the application for its time on session `number`."""

    number: int


@dataclass(frozen=True, slots=True)
class AskSettings:
    """Ask for the API settings over a short connection beside session `number`."""

    number: int
    host: str
    port: int
    client_ids: tuple[int, ...]
    """The one to use, and the one to use instead if it is taken."""


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell people."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take a notice back, where it still shows."""

    key: str


@dataclass(frozen=True, slots=True)
class SendTo:
    """Send a message to a target; one at a time."""

    target: str
    """Its name: no effect holds an address."""
    message: TargetMessage


@dataclass(frozen=True, slots=True)
class ShowStatus:
    """The status changed."""

    status: Status


@dataclass(frozen=True, slots=True)
class LookAt:
    """Look at the machine at this monotonic time at the latest."""

    at: float
    ports: frozenset[int] = frozenset()
    """API ports whose owner matters."""
    thorough: bool = False
    """Read anew what is kept between looks: sockets without a known owner, windows, program folders, own addresses."""


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Send a `Tick` at this monotonic time; replaces an earlier wish."""

    at: float


@dataclass(frozen=True, slots=True)
class WatchExits:
    """Watch exactly these processes for their end."""

    pids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Remember:
    """Keep this across restarts of the agent."""

    memory: Memory


@dataclass(frozen=True, slots=True)
class Record:
    """Write a line to the log."""

    severity: Severity
    text: str
    fault: Exception | None = None
    """Its traceback goes to the log as well."""
    connection: str = ""
    """The connection that it is about; empty: none."""
    code: str = ""
    """The code of the problem that it is about; empty: none."""


class MarkKind(StrEnum):
    """What happened at a moment, for the history."""

    SAID = "said"
    """A notice was shown."""
    SILENT = "silent"
    """A problem was not told, for a reason."""
    ENDED = "ended"
    """A problem is not shown any more, for a reason."""
    CHANGED = "changed"
    """Something about the application is not as it was when its connection was last well."""
    FIX = "fix"
    """A fix was done, or failed."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Keep in the history that something happened."""

    kind: MarkKind
    connection: str
    """Empty: of Gatelight itself."""
    what: str
    """The code of a problem, the ID of a fix, or what changed (`core.memory.ChangeKept.what`)."""
    detail: str = ""
    """A title, the reason, or how it was and is."""


Effect: TypeAlias = (
    OpenSession
    | CloseSession
    | SendHeartbeat
    | AskSettings
    | Announce
    | Withdraw
    | SendTo
    | ShowStatus
    | LookAt
    | WakeAt
    | WatchExits
    | Remember
    | Happened
    | Record
)
