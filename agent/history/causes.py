"""What took the time of one connection: its outages by cause, what was planned, and what was not watched. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from agent.history.ahead import is_there
from agent.history.spans import Kept, KeptSpan, SpanKind
from agent.history.store import NOT_WATCHED
from agent.history.troubles import Light, Piece, Trouble, reaching_into
from agent.tws.calendar import Outage, weekends_between


class OutageCause(StrEnum):
    """Why a connection did not work, in one word; its value is for programs."""

    NETWORK = "own network"
    IB = "link to IB"
    APPLICATION = "application"
    LOGIN = "log-in wait"
    SETTINGS = "settings"
    OTHER = "other"
    RESET = "reset"
    WEEKEND = "weekend"
    RESTART = "restart"
    PLANNED = "planned"
    """One of these three: which one is not kept."""
    NOT_RUNNING = "Gatelight not running"
    NOT_WATCHED = "not watched"

    @property
    def words(self) -> str:
        """For people."""
        return _WORDS[self]


_WORDS = {
    OutageCause.NETWORK: "Own network",
    OutageCause.IB: "Link to IB’s servers",
    OutageCause.APPLICATION: "The application",
    OutageCause.LOGIN: "Log-in wait",
    OutageCause.SETTINGS: "Settings",
    OutageCause.OTHER: "Other",
    OutageCause.RESET: "IB’s reset",
    OutageCause.WEEKEND: "IB’s weekend maintenance",
    OutageCause.RESTART: "Daily restart of the application",
    OutageCause.PLANNED: "Expected outage: IB’s reset, the weekend or a planned restart",
    OutageCause.NOT_RUNNING: "Not watched: Gatelight did not run",
    OutageCause.NOT_WATCHED: "Not watched, though Gatelight ran",
}

_CODES = {
    OutageCause.NETWORK: ("network-down", "host-unreachable", "host-unresolvable"),
    OutageCause.IB: ("server-link-lost",),
    OutageCause.APPLICATION: (
        *("app-not-running", "app-frozen", "app-outdated", "app-memory-low", "restart-stuck", "container-not-ready"),
        *("api-silent", "api-wedged", "session-not-ready", "too-many-clients", "several-apps", "api-port-taken"),
        *("wrong-application", "wrong-product", "not-tws"),
    ),
    OutageCause.LOGIN: ("login-pending",),
    OutageCause.SETTINGS: (
        *("api-disabled", "api-port-mismatch", "peer-not-trusted", "client-id-in-use", "read-only-api"),
        *("trading-mode-mismatch", "config-invalid"),
    ),
}
_CAUSE_OF = {code: cause for cause, codes in _CODES.items() for code in codes}
"""By the code of a problem."""

MOST_TITLES = 3
"""Problems of one cause that are named: those that took most of its time."""
_NEAR = 60.0
"""Seconds before an expected outage within which an end of the application belongs to it."""
_LEAST = 1.0
"""Seconds that a time unwatched lasts at least: an agent that begins again is no news."""


def cause_of(code: str) -> OutageCause:
    """The cause that the code of a problem stands for."""
    return _CAUSE_OF.get(code, OutageCause.OTHER)


@dataclass(slots=True)
class CauseSum:
    """All the time that one cause took."""

    cause: OutageCause
    seconds: float = 0.0
    count: int = 0
    longest: float = 0.0
    """Seconds."""
    by_title: dict[str, float] = field(default_factory=dict)
    """Seconds, by the title of a problem."""

    def add(self, seconds: float, title: str = "") -> None:
        """Count one time."""
        self.seconds += seconds
        self.count += 1
        self.longest = max(self.longest, seconds)
        if title:
            self.by_title[title] = self.by_title.get(title, 0.0) + seconds

    @property
    def titles(self) -> tuple[str, ...]:
        """The problems that took most of the time, at most `MOST_TITLES`."""
        return tuple(sorted(self.by_title, key=lambda title: -self.by_title[title])[:MOST_TITLES])


def causes(
    kept: Kept, connection: str, pieces: Sequence[Piece], outages: Iterable[Trouble], since: float, until: float
) -> tuple[CauseSum, ...]:
    """What took the time from `since` to `until` (epoch seconds), the longest first.

    `pieces` and `outages` are those of the connection. Of a time before the first state of it that was kept, and after
    the last of one that was renamed or removed, nothing is said: there was nothing to watch, or nothing is known of it.
    """
    sums = {cause: CauseSum(cause) for cause in OutageCause}
    for outage in outages:
        seconds = min(until, until if outage.ended is None else outage.ended) - max(since, outage.began)
        if seconds > 0:
            sums[cause_of(outage.code)].add(seconds, outage.title)
    runs = [(r.began, until if r.ended is None else r.ended) for r in kept.by_kind.get(("", SpanKind.RUN), ())]
    began, ended = kept.firsts.get(connection, until), until
    if not is_there(kept, connection):
        states = kept.by_kind.get((connection, SpanKind.STATE), ())
        ended = max((until if one.ended is None else one.ended for one in states), default=began)
    expected = [piece for piece in pieces if piece.light is Light.EXPECTED]
    applications = kept.by_kind.get((connection, SpanKind.APPLICATION), ())
    near = reaching_into(applications, [(piece.began - _NEAR, piece.ended) for piece in expected])
    weekends = weekends_between(since, until) if expected else ()
    for piece, there in zip(expected, near, strict=True):
        sums[_planned(piece, there, weekends)].add(piece.seconds)
    for piece in pieces:
        if piece.light is Light.NOT_WATCHED and piece.ended > began and piece.began < ended:
            gap = (max(piece.began, began), min(piece.ended, ended))
            ran = _inside(gap, runs)
            for cause, seconds in ((OutageCause.NOT_WATCHED, ran), (OutageCause.NOT_RUNNING, gap[1] - gap[0] - ran)):
                if seconds > _LEAST:
                    sums[cause].add(seconds)
    return tuple(sorted((one for one in sums.values() if one.count), key=lambda one: -one.seconds))


def _planned(piece: Piece, applications: Sequence[KeptSpan], weekends: Sequence[Outage]) -> OutageCause:
    """An expected outage is IB's where the application was there all the time, and a restart where it was not.

    `applications`: the processes that were there then, or shortly before. `weekends`: IB's maintenance windows.
    """
    if any(one.began <= piece.began and (one.ended is None or one.ended >= piece.ended) for one in applications):
        weekend = any(outage.began < piece.ended and outage.ends > piece.began for outage in weekends)
        return OutageCause.WEEKEND if weekend else OutageCause.RESET
    return OutageCause.RESTART if any(one.end != NOT_WATCHED for one in applications) else OutageCause.PLANNED


def _inside(gap: tuple[float, float], runs: Sequence[tuple[float, float]]) -> float:
    """The seconds of a gap in which the agent ran; two agents never run at once."""
    return sum(max(0.0, min(gap[1], ended) - max(gap[0], began)) for began, ended in runs)
