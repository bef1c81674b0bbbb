"""How many steps of a problem the user has visibly done, and which problems are over. Pure.

Only changes since the problem was first seen count: a running TWS is no step done if it ran all the time. A step that
is done implies the steps before it, since **Socket port** cannot be reached without its window.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from agent.core.as_json import Time
from agent.core.shown.display import IconState
from agent.core.shown.status import ShownConnection, Status
from agent.tws.api_settings import Configuration
from agent.tws.api_settings_table import FIELDS

MOST_ENDED = 30
"""Problems that are over and still remembered."""


STAGES = frozenset({"app-starting", "login-pending"})
"""Problems that a start passes through."""
CURED_BY_START = frozenset(
    {
        "app-not-installed",
        "app-not-running",
        "app-starting",
        "api-disabled",
        "restart-stuck",
        "wrong-application",
        "wrong-product",
    }
)
"""Problems whose steps start the application or begin a log-in. A start is on the way to their end, not their end."""


@dataclass(frozen=True, slots=True)
class _Point:
    """What the steps of guides can change, at one moment."""

    pid: int | None
    ports: tuple[int, ...]
    phase: str
    server_link: str
    known: Configuration = field(default_factory=Configuration)
    """The application's settings, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Followed:
    """One present problem, and how things were when it was first seen."""

    connection: str
    code: str
    title: str
    since: float
    """Epoch seconds."""
    before: _Point
    steps: tuple[str, ...] = ()
    done: int = 0
    """Number of steps done, counted from the first. It never falls: a later look does not undo a step."""
    under_way: bool = False
    """Whether the problem is no longer told because the application is starting: not over, but on the way."""


@dataclass(frozen=True, slots=True)
class Ended:
    """One problem that is over."""

    connection: str
    code: str
    title: str
    since: Time
    until: Time


@dataclass(frozen=True, slots=True)
class Progress:
    """All problems that are followed, and those that are over."""

    followed: tuple[Followed, ...] = ()
    ended: tuple[Ended, ...] = ()

    @property
    def done(self) -> dict[tuple[str, str], int]:
        """Steps done by connection and code."""
        return {(f.connection, f.code): f.done for f in self.followed}


def follow(progress: Progress, status: Status, wall: float) -> Progress:
    """The progress after one more status, shown at `wall` (epoch seconds)."""
    before = {(f.connection, f.code): f for f in progress.followed}
    followed: list[Followed] = []
    for connection in status.connections:
        point = point_of(connection)
        for problem in connection.problems:
            if not problem.visible:
                continue
            old = before.pop((connection.name, problem.code), None) or Followed(
                connection.name, problem.code, problem.title, problem.since, point
            )
            steps = problem.steps or old.steps
            done = max(old.done, steps_done(steps, old.before, point))
            followed.append(replace(old, title=problem.title, steps=steps, done=done, under_way=False))
    by_name = {c.name: c for c in status.connections}
    for old in tuple(before.values()):
        now = by_name.get(old.connection)
        if now is not None and _on_the_way(old, now):
            del before[old.connection, old.code]
            done = max(old.done, steps_done(old.steps, old.before, point_of(now)))
            followed.append(replace(old, done=done, under_way=True))
    gone = tuple(Ended(f.connection, f.code, f.title, f.since, wall) for f in before.values())
    back = {(f.connection, f.code) for f in followed} | {(e.connection, e.code) for e in gone}
    kept = tuple(e for e in progress.ended if (e.connection, e.code) not in back)
    return Progress(tuple(followed), (*kept, *gone)[-MOST_ENDED:])


def point_of(connection: ShownConnection) -> _Point:
    """How things are with a connection."""
    application = connection.application
    return _Point(
        pid=None if application is None else application.pid,
        ports=() if application is None else application.listening or (),
        phase=connection.phase,
        server_link=connection.server_link,
        known=connection.api_settings.known,
    )


def _on_the_way(old: Followed, now: ShownConnection) -> bool:
    """Whether a problem that a start cures has given way to the start itself, such as a log-in screen."""
    if old.code not in CURED_BY_START or now.phase == "connected" or not now.wanted:
        return False
    visible = {p.code for p in now.problems if p.visible}
    return visible <= STAGES if visible else now.overall in (IconState.CONNECTING, IconState.WAITING)


def steps_done(steps: tuple[str, ...], before: _Point, now: _Point) -> int:
    """How many steps are done: all up to the last one that is visibly done."""
    seen = (number for number, step in enumerate(steps, 1) if _is_done(step, before, now))
    return max(seen, default=0)


Sign = Callable[[re.Match[str], _Point, _Point], bool]


def _is_done(step: str, before: _Point, now: _Point) -> bool:
    for pattern, sign in _SIGNS:
        if (found := pattern.search(step)) is not None:
            return sign(found, before, now)
    return False


def _started(_: re.Match[str], before: _Point, now: _Point) -> bool:
    return now.pid is not None and now.pid != before.pid


def _ended_or_restarted(_: re.Match[str], before: _Point, now: _Point) -> bool:
    return before.pid is not None and now.pid != before.pid


def _logged_in(_: re.Match[str], before: _Point, now: _Point) -> bool:
    """The API port opens only after the log-in."""
    return bool(now.ports) and (not before.ports or before.pid != now.pid)


def _on_port(found: re.Match[str], before: _Point, now: _Point) -> bool:
    port = int(found[1])
    return port in now.ports and port not in before.ports


def _opened(_: re.Match[str], before: _Point, now: _Point) -> bool:
    return bool(now.ports) and not before.ports


def _ticked(found: re.Match[str], before: _Point, now: _Point) -> bool:
    """Whether a box that a step names is now as the step wants it, and was not before. Needs settings from the API."""
    setting = _BY_LABEL.get(found["label"])
    if setting is None:
        return False
    wanted = not found["un"]
    return now.known.value(setting) is wanted and before.known.value(setting) is not wanted


_BY_LABEL = {setting.label: setting for setting in FIELDS if setting.label}

_SIGNS: tuple[tuple[re.Pattern[str], Sign], ...] = tuple(
    (re.compile(pattern), sign)
    for pattern, sign in (
        # A step with a condition may be unnecessary, so it never counts as done.
        (r"^(?:(?:TWS|IB Gateway): )?If ", lambda *_: False),
        (r"\b(?P<un>[Uu]n)?[Tt]ick \*\*(?!Enable ActiveX)(?P<label>[^*]+)\*\*", _ticked),
        (r"Enable ActiveX and Socket Clients", _opened),
        (r"\*\*Socket port\*\* (?:to|is) (\d+)", _on_port),
        (r"^(?:(?:TWS|IB Gateway): )?Start (?:TWS|IB Gateway|the new version) and log in", _logged_in),
        (r"^(?:(?:TWS|IB Gateway): )?Start (?:TWS|IB Gateway)\.", _started),
        (r"^(?:(?:TWS|IB Gateway): )?(?:Log out of|Close) (?:TWS|IB Gateway)", _ended_or_restarted),
        (r"(?:^|: )Log in|two-factor|main window is open", _logged_in),
    )
)
"""What a step says, and the test for its being done; the first pattern that fits counts."""
