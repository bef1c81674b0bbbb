"""What a relay of Gatelight counts, as its report tells: programs, and how much of IB's limits they use."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from agent.tws.hosts import is_local, spelled_host
from agent.tws.limits import NEAR, NEAR_OVER
from agent.tws.outside import FromOutside, OutsideName, OutsideText

_HIGHEST_PORT = 65535
REPORT_SCHEMA = 1
"""The schema of reports that this version writes and reads: a relay goes on when Gatelight is updated."""
LEARNT_LASTS = 86400.0
"""Seconds for which a learnt allowance is believed by the next relay: IB changes it once a day at most."""
SLOW_CALM = 5.0
"""Seconds after which lines and historical requests, which change slowly, are no longer near their limit."""


class NearMark:
    """Whether a limit is nearly used up: from `NEAR` of it on, until it was below `NEAR_OVER` for a while."""

    def __init__(self, calm: float) -> None:
        """`calm`: seconds below `NEAR_OVER` after which it is over."""
        self._calm = calm
        self.last = 0.0
        """When so much was in use last that it is not over."""
        self.since: float | None = None
        """When it began; None: it is not nearly used up."""
        self.most = 0
        """The most that was in use since then."""

    def take(self, now: float, used: int, limit: int) -> None:
        """So much is in use now."""
        if used >= limit * NEAR_OVER:
            self.last = now
        if self.since is None and used >= limit * NEAR:
            self.since, self.most = now, used
        elif self.since is not None and now - self.last >= self._calm:
            self.since = None
        self.most = max(self.most, used)


def spelled_target(host: str, port: int) -> str:
    """Where a relay leads to, like "127.0.0.1:4001"."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def application_at(target: str, *, here: bool = False) -> tuple[str, str]:
    """Host and port of a target like "127.0.0.1:4001", the same for every way to write loopback.

    `here`: its host is another name or address of this computer, and what listens there is what loopback reaches.
    """
    host, _, port = target.rpartition(":")
    return ("" if here or is_local(host.strip("[]")) else spelled_host(host.strip("[]"))), port


def spelled_application(application: tuple[str, str]) -> str:
    """What `application_at` has told, as a target; raises ValueError where that had no port."""
    host, port = application
    return spelled_target(host or "127.0.0.1", int(port))


@dataclass(frozen=True, slots=True)
class RelayOrder:
    """What a relay is to do."""

    name: str
    listen: int
    host: str
    port: int
    allow: tuple[str, ...] = ()
    """Addresses and networks beside this machine's own that may connect."""
    lines: int = 100
    """Market data lines of the user."""
    drain: bool = False
    """Take no new connection, and end with the last one."""
    stop: bool = False
    """End now."""

    @property
    def target(self) -> str:
        """Where it leads to, as it is said."""
        return spelled_target(self.host, self.port)

    def to_json(self) -> dict[str, Any]:
        """As a relay is told it."""
        return asdict(self)

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "RelayOrder":
        """What `to_json` has made; raises ValueError, TypeError or KeyError for anything else."""
        made = cls(
            str(told["name"]),
            int(told["listen"]),
            str(told["host"]),
            int(told["port"]),
            tuple(map(str, told["allow"])),
            int(told["lines"]),
            told["drain"] is True,
            told["stop"] is True,
        )
        if not (0 <= made.listen <= _HIGHEST_PORT and 0 < made.port <= _HIGHEST_PORT and made.lines > 0):
            raise ValueError("no port")
        return made


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of a limit is in use."""

    used: int
    of: int
    near_since: float | None = None
    """Epoch seconds since which it is nearly used up, as `NearMark` judges; None: it is not."""
    most: int = 0
    """The most that was in use since then."""
    unsure: int = 0
    """How much more may be in use: TWS has refused a message without telling which (notice 100)."""


@dataclass(frozen=True, slots=True)
class RelayProgram(FromOutside):
    """One connection of a program through a relay."""

    peer: OutsideName
    """Its address and port."""
    since: float
    """Epoch seconds at which it connected."""
    pid: int | None = None
    name: OutsideName | None = None
    """Process name without path; None where it is not known."""
    script: OutsideName = ""
    """File name or module of what it runs, where it is an interpreter."""
    client_id: int | None = None
    lines: int = 0
    """Market data lines."""
    history: int = 0
    """Historical requests of the last ten minutes, by their weight."""
    rate: LimitUse | None = None
    """Messages in the latest second; None where it is not counted."""
    uncounted: OutsideText = ""
    """Why it is not counted, as a phrase; empty where it is, or has said nothing yet."""
    connected: bool = True
    """False: it has left, and only its historical requests still count."""
    peak: int = 0
    """Messages of its busiest second in the last ten to twenty."""
    answers: tuple[tuple[OutsideName, float], ...] = ()
    """Seconds of a usual answer of TWS to it, by kind of request."""


@dataclass(frozen=True, slots=True)
class RelayRefusal(FromOutside):
    """TWS has refused a request because of a limit."""

    at: float
    """Epoch seconds."""
    code: int
    """The notice that said so."""
    request: OutsideText
    """What was asked for; empty where that is not known."""
    program: RelayProgram
    """Who asked; of one that has left, nothing else counts."""


@dataclass(frozen=True, slots=True)
class RelayCounts:
    """What one relay counted at one moment."""

    written: float
    """Epoch seconds."""
    programs: tuple[RelayProgram, ...]
    lines: LimitUse
    history: LimitUse
    history_safe_at: float
    """Epoch seconds from which one more historical request is safe."""
    refusals: tuple[RelayRefusal, ...] = ()
    """The latest last."""
    messages: int = 0
    """All that programs have sent since the relay began, also those that have left."""
    refused: tuple[tuple[OutsideName, int], ...] = ()
    """Requests that TWS has refused since then, by what is limited."""
