"""What is shown, as one value: tray, page and command line all draw from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.core.as_json import IfAny, Time, as_json, present, rfc3339
from agent.core.fix import Offer
from agent.core.memory import Stopped
from agent.core.problem import Severity
from agent.core.session_facts import ServerLink
from agent.core.shown.checklist import Row
from agent.core.shown.display import IconState
from agent.core.updates import Release
from agent.tws.api_settings import Configuration, Source
from agent.tws.applications import ApplicationKind
from agent.tws.coming import DailyEnd, KnownFrom
from agent.tws.farms import Farm
from agent.tws.hosts import is_local
from agent.tws.privacy import mask_account
from agent.tws.reset_windows import Region

_SCHEMA = 1
"""Version of the JSON shape; raised when a field changes its meaning."""


@dataclass(frozen=True, slots=True)
class ShownApplication:
    """The application of one connection."""

    kind: str
    version: str | None
    pid: int
    started: Time
    listening: tuple[int, ...] | None
    """None where the system does not show its ports."""


@dataclass(frozen=True, slots=True)
class ShownProgram:
    """A program connected to the API port."""

    pid: int | None
    name: str
    """"unknown" where the system does not say."""
    since: Time
    peer: str | None = None
    """Its address, when it is on another machine."""
    script: IfAny[str] = ""
    """File name or module of what it runs, where it is an interpreter."""


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """One problem, in words."""

    code: str
    severity: str
    title: str
    text: str
    evidence: tuple[str, ...]
    steps: tuple[str, ...]
    since: float
    """Epoch seconds."""
    visible: bool
    began: bool = True
    """False: it was first seen at `since`, and may have been there before."""
    snoozed_until: float | None = None
    """Epoch seconds."""
    fixes: tuple[Offer, ...] = ()
    """What can be done about it with one click."""
    told: bool = True
    """False: it should have been announced, and no desktop channel took the notice."""
    can_be_snoozed: bool = True
    of_program: bool = False
    """It is about Gatelight itself, and only shown with this connection."""
    ahead: bool = False
    """It tells of something that is still to come."""
    until_seen: bool = False
    """It stands until the user says that it was seen."""
    programs: tuple[str, ...] = ()
    """The user's programs that it is about, and that can be left unwatched."""

    @property
    def state(self) -> IconState | None:
        """What the icon says because of it; None where it is not shown yet, or merely information."""
        if not self.visible or self.severity == Severity.INFO:
            return None
        return IconState.PROBLEM if self.severity == Severity.ERROR else IconState.WARNING


@dataclass(frozen=True, slots=True)
class ShownSettings:
    """The API settings, as far as they are known."""

    source: Source
    as_of: float | None = None
    """Epoch seconds of the latest answer; None before the first one."""
    known: Configuration = field(default_factory=Configuration)
    reason: str = ""
    """Why they are not known."""


@dataclass(frozen=True, slots=True)
class ShownCalendar:
    """What decides when the application of a connection, or IB, should be away."""

    region: Region | None = None
    """Whose servers the log-in is on."""
    region_from: KnownFrom = KnownFrom.FILE
    daily: DailyEnd | None = None
    """When the application ends every day, by its own clock."""
    own_clock: bool = False
    """Its clock may be another one than the user's: it runs elsewhere, or in a container."""


@dataclass(frozen=True, slots=True)
class ShownConnection:
    """One connection."""

    name: str
    host: str
    port: int | None
    overall: IconState
    phase: str
    since: float
    """Epoch seconds at which the phase began."""
    application: ShownApplication | None = None
    client_id: int | None = None
    server_version: int | None = None
    latency: float | None = None
    """Seconds."""
    trading_mode: str = "unknown"
    label: str = ""
    """Its name with live or paper, where that is known."""
    accounts: tuple[str, ...] = field(default=(), repr=False)
    """Unmasked; `status_to_json` masks them unless it is told otherwise."""
    accounts_more: int = 0
    """How many accounts there are besides."""
    server_link: str = ServerLink.UNKNOWN.value
    link_words: str = "not known"
    """How the link is known, in a few words for people."""
    farms: tuple[Farm, ...] = ()
    farms_more: int = 0
    """How many farms were named besides."""
    programs: tuple[ShownProgram, ...] | None = None
    """None: could not be found out."""
    unseen: str = ""
    """Why the application cannot be seen, where that is so."""
    api_settings: ShownSettings = field(default_factory=lambda: ShownSettings(Source.UNKNOWN))
    checklist: tuple[Row, ...] = ()
    problems: tuple[ShownProblem, ...] = ()
    """Worst first: what is visible, by severity, then newest first."""
    set_aside: tuple[str, ...] = ()
    """Codes of problems that are not over and are not shown: a cause hides them, or only a session could tell."""
    waits_for: str = ApplicationKind.UNKNOWN.title
    """The application that is missed while none is seen."""
    wanted: bool = True
    """False while the user does not want it watched."""
    stopped: Stopped | None = None
    """The user’s wish that it is not watched; None where there is none, though the configuration may say so."""
    undecided: tuple[tuple[str, str], ...] = ()
    """(problem code, why it could not be judged)."""
    retry_at: float | None = None
    """Epoch seconds of the next attempt, while backing off."""
    outage_ends: float | None = None
    """Epoch seconds at which an expected outage that is under way should be over."""
    ignored: tuple[str, ...] = ()
    """Programs that the user does not want watched."""
    here: bool = False
    """The host is a name or an address of this machine, though not loopback by its spelling."""
    calendar: ShownCalendar = field(default_factory=ShownCalendar)
    """For the history; the status says only what is under way."""

    @property
    def called(self) -> str:
        """What users read as its name."""
        return self.label or self.name

    @property
    def local(self) -> bool:
        """Whether the host is this machine."""
        return self.here or is_local(self.host)

    @property
    def worst(self) -> ShownProblem | None:
        """The first problem, unless it is not shown yet, merely information, or one of Gatelight itself."""
        shown = [p for p in worst_first(self.problems) if p.state is not None and not p.of_program]
        return shown[0] if shown else None


@dataclass(frozen=True, slots=True)
class ShownTarget:
    """One phone, chat or mailbox that is told notices."""

    name: str
    taken: bool | None = None
    """Whether its service took the latest message; None: none was sent since the start."""
    answer: str = ""
    """What its service answered, in words."""
    answered: float = 0.0
    """Epoch seconds of that answer."""
    failing_since: float | None = None
    """Epoch seconds; None: it does not fail."""
    waiting: int = 0
    """Notices that it could not be told yet, beside the problems that are shown."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Messages since the start, by what became of them, as `core.shown.targets.SendOutcome` spells it."""


@dataclass(frozen=True, slots=True)
class Status:
    """Everything the agent shows at one time."""

    version: str
    pid: int
    started: float
    """Epoch seconds."""
    connections: tuple[ShownConnection, ...] = ()
    paused_until: float | None = None
    """Epoch seconds; infinity: until told to resume; None: not paused."""
    update: Release | None = None
    """A newer version that can be had, as far as is known."""
    targets: tuple[ShownTarget, ...] = ()

    @property
    def overall(self) -> IconState:
        """The worst of the connections, and of Gatelight itself."""
        states = [*(c.overall for c in self.connections), *(p.state for _, p in self.of_program if p.state is not None)]
        return min(states, key=lambda s: s.rank, default=IconState.WAITING)

    @property
    def of_program(self) -> tuple[tuple[str, ShownProblem], ...]:
        """The problems of Gatelight itself that are shown, each with the connection that it is shown with."""
        return tuple((c.name, p) for c in self.connections for p in c.problems if p.of_program and p.visible)

    @property
    def worst(self) -> tuple[str, str] | None:
        """Connection and code of the worst problem that is shown and not merely information; None if there is none."""
        for connection in sorted(self.connections, key=lambda c: c.overall.rank):
            if connection.worst is not None:
                return connection.name, connection.worst.code
        return next(((name, p.code) for name, p in self.of_program if p.state is not None), None)

    @property
    def shows_problem(self) -> bool:
        """Whether any connection shows a problem that is not merely information, or is about to."""
        if self.overall in (IconState.PROBLEM, IconState.WARNING):
            return True
        return any(p.visible and p.severity != "info" for c in self.connections for p in c.problems)


def status_to_json(status: Status, *, show_accounts: bool = False, thorough: bool = False) -> dict[str, Any]:
    """The JSON object of `status --json` and `doctor --json`. What is not known is absent or "unknown".

    Account numbers are masked unless `show_accounts`. `thorough`: with the checklist, as `doctor` tells it.
    """
    shown: dict[str, Any] = {
        "schema": _SCHEMA,
        "agent": {"version": status.version, "pid": status.pid, "started": rfc3339(status.started)},
        "overall": status.overall.value,
        "connections": [_connection(c, show_accounts, thorough) for c in status.connections],
    }
    if status.paused_until is not None:
        shown["paused_until"] = "resume" if status.paused_until == float("inf") else rfc3339(status.paused_until)
    if status.targets:
        shown["targets"] = [_target(target) for target in status.targets]
    return shown


def _target(target: ShownTarget) -> dict[str, Any]:
    known = {} if target.taken is None else {"answer": target.answer, "answered": rfc3339(target.answered)}
    failing = None if target.failing_since is None else rfc3339(target.failing_since)
    return present(
        {"name": target.name, "taken": target.taken, **known, "failing_since": failing, "waiting": target.waiting}
    )


def _connection(connection: ShownConnection, show_accounts: bool, thorough: bool) -> dict[str, Any]:
    stopped = connection.stopped
    shown: dict[str, Any] = {
        "name": connection.name,
        "host": connection.host,
        "port": connection.port,
        "overall": connection.overall.value,
        "application": as_json(connection.application),
        "application_unseen": (connection.unseen or None) if connection.application is None else None,
        "waits_for": connection.waits_for if connection.overall is IconState.WAITING else None,
        "phase": connection.phase,
        "since": rfc3339(connection.since),
        "client_id": connection.client_id,
        "server_version": connection.server_version,
        "latency_s": None if connection.latency is None else round(connection.latency, 6),
        "trading_mode": connection.trading_mode,
        "accounts": [a if show_accounts and a.isalnum() else mask_account(a) for a in connection.accounts],
        "accounts_more": connection.accounts_more or None,
        "server_link": connection.server_link,
        "farms": [{"name": f.name, "kind": f.kind.value, "status": f.status.value} for f in connection.farms],
        "farms_more": connection.farms_more or None,
        "programs": as_json(connection.programs),
        "programs_ignored": list(connection.ignored) or None,
        "api_settings": _settings(connection.api_settings),
        "checklist": as_json(connection.checklist) if thorough else None,
        "problems": [_problem(p) for p in connection.problems],
        "undecided": [{"code": code, "reason": reason} for code, reason in connection.undecided] or None,
        "watched": None if connection.wanted else False,
        "watched_again": None if stopped is None or stopped.until is None else rfc3339(stopped.until),
        "next_attempt": None if connection.retry_at is None else rfc3339(connection.retry_at),
    }
    return present(shown)


def _settings(shown: ShownSettings) -> dict[str, Any]:
    if shown.source is Source.UNKNOWN:
        return present({"source": shown.source.value, "reason": shown.reason or None})
    as_of = None if shown.as_of is None else rfc3339(shown.as_of)
    return present({"source": shown.source.value, "as_of": as_of, **shown.known.to_json()})


def _problem(problem: ShownProblem) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "code": problem.code,
        "severity": problem.severity,
        "title": problem.title,
        "text": problem.text,
        "evidence": list(problem.evidence),
        "steps": list(problem.steps),
        "since": rfc3339(problem.since),
        "visible": problem.visible,
        "snoozed_until": None if problem.snoozed_until is None else rfc3339(problem.snoozed_until),
        "fixes": [{"id": offer.fix, "label": offer.label} for offer in problem.fixes],
    }
    if not problem.began:
        shown["first_seen"] = True
    return shown if problem.told else {**shown, "undelivered": True}


def worst_first(problems: Iterable[ShownProblem]) -> tuple[ShownProblem, ...]:
    """In the order in which they are shown: by severity, then newest first; what is still to come stands behind.

    A problem of Gatelight itself stands behind those of the connection: the first one is the connection's headline.
    """
    return tuple(sorted(problems, key=_weight))


def _weight(problem: ShownProblem) -> tuple[bool, bool, int, bool, float]:
    rank = Severity(problem.severity).rank
    return (not problem.visible, problem.of_program, -rank, problem.ahead, -problem.since)
