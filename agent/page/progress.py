"""Which steps of a problem were seen to be done, and which problems are over. Pure.

Only changes since the problem was first seen count: a running TWS is no step done if it ran all the time. Each step
stands for itself: what cannot be seen stays open, and so does every step if the problem ended otherwise.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from agent.core.as_json import Time
from agent.core.shown.display import IconState
from agent.core.shown.status import ShownConnection, Status
from agent.tws.api_settings import Configuration
from agent.tws.api_settings_table import FIELDS
from agent.tws.applications import ApplicationKind

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
    """None: it does not run, or (`seen` False) that could not be seen."""
    application: str
    """Its name; empty where none runs."""
    ports: tuple[int, ...] | None
    """None: could not be seen."""
    seen: bool
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
    seen_done: frozenset[str] = frozenset()
    """Texts of steps. None ever leaves: a later look does not undo a step."""
    under_way: bool = False
    """Whether the problem is no longer told because the application is starting: not over, but on the way."""
    set_aside: bool = False
    """Whether the problem is no longer told because a cause hides it, or no session can tell it: not over either."""

    @property
    def done(self) -> tuple[int, ...]:
        """Numbers of the steps, from 1 on, that were seen to be done."""
        return tuple(number for number, step in enumerate(self.steps, 1) if step in self.seen_done)

    def at(self, connection: ShownConnection, steps: tuple[str, ...] = ()) -> "Followed":
        """The same after a look at its connection; `steps`: as they are told now."""
        steps = steps or self.steps
        return replace(
            self, steps=steps, seen_done=self.seen_done | steps_done(steps, self.before, point_of(connection))
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """One problem that is over."""

    connection: str
    code: str
    title: str
    since: Time
    until: Time
    done: tuple[int, ...] = ()
    """Numbers of its steps that were seen to be done."""


@dataclass(frozen=True, slots=True)
class Progress:
    """All problems that are followed, and those that are over."""

    followed: tuple[Followed, ...] = ()
    ended: tuple[Ended, ...] = ()

    @property
    def done(self) -> dict[tuple[str, str], tuple[int, ...]]:
        """Numbers of the steps seen done, by connection and code."""
        return {(f.connection, f.code): f.done for f in self.followed}


def follow(progress: Progress, status: Status, wall: float) -> Progress:
    """The progress after one more status, shown at `wall` (epoch seconds)."""
    before = {(f.connection, f.code): f for f in progress.followed}
    followed: list[Followed] = []
    gone: list[Ended] = []
    for connection in status.connections:
        for problem in connection.problems:
            if not problem.visible:
                continue
            old = before.pop((connection.name, problem.code), None) or Followed(
                connection.name, problem.code, problem.title, problem.since, point_of(connection)
            )
            now = replace(old, title=problem.title, under_way=False, set_aside=False)
            followed.append(now.at(connection, problem.steps))
    by_name = {c.name: c for c in status.connections}
    for old in before.values():
        its = by_name.get(old.connection)
        if its is None or not its.wanted:
            # It is not watched any more: nothing is known of its end.
            continue
        now, on_the_way, set_aside = old.at(its), _on_the_way(old, its), old.code in its.set_aside
        if on_the_way or set_aside:
            followed.append(replace(now, under_way=on_the_way, set_aside=set_aside))
        elif not _gave_way(old, its):
            gone.append(Ended(old.connection, old.code, old.title, old.since, wall, now.done))
    back = {(f.connection, f.code) for f in followed} | {(e.connection, e.code) for e in gone}
    kept = tuple(e for e in progress.ended if (e.connection, e.code) not in back)
    return Progress(tuple(followed), (*kept, *gone)[-MOST_ENDED:])


def point_of(connection: ShownConnection) -> _Point:
    """How things are with a connection."""
    application = connection.application
    return _Point(
        pid=None if application is None else application.pid,
        application="" if application is None else ApplicationKind(application.kind).title,
        ports=application.listening if application is not None else None if connection.unseen else (),
        seen=not connection.unseen,
        phase=connection.phase,
        server_link=connection.server_link,
        known=connection.api_settings.known,
    )


def _on_the_way(old: Followed, now: ShownConnection) -> bool:
    """Whether a problem that a start cures has given way to the start itself, such as a log-in screen."""
    if old.code not in CURED_BY_START or now.phase == "connected" or not now.wanted:
        return False
    visible = {p.code for p in now.problems if p.visible and not p.of_program}
    return visible <= STAGES if visible else now.overall in (IconState.CONNECTING, IconState.WAITING)


def _gave_way(old: Followed, now: ShownConnection) -> bool:
    """Whether another problem has come up in its place where nothing has changed: it is called by another name now."""
    came_up = any(p.state is not None and not p.of_program and p.since >= old.since for p in now.problems)
    return came_up and point_of(now) == old.before


def steps_done(steps: tuple[str, ...], before: _Point, now: _Point) -> frozenset[str]:
    """The steps that were visibly done between two moments."""
    return frozenset(step for step in steps if _is_done(step, before, now))


Sign = Callable[[re.Match[str], _Point, _Point], bool]


_WHOSE = re.compile(
    r"^(?:(?P<list>TWS|IB Gateway): )?(?:(?:Start|Log out of|Close) (?P<named>TWS|IB Gateway)\b(?! or ))?"
)


def _is_done(step: str, before: _Point, now: _Point) -> bool:
    # Of two lists, one for each application, only the one that runs, or ran, can have been followed.
    its = now.application or before.application
    if any(name is not None and name != its for name in _WHOSE.match(step).groups()):  # type: ignore[union-attr]
        return False
    for pattern, sign in _SIGNS:
        if (found := pattern.search(step)) is not None:
            return sign(found, before, now)
    return False


def _started(_: re.Match[str], before: _Point, now: _Point) -> bool:
    return before.seen and now.pid is not None and now.pid != before.pid


def _ended_or_restarted(_: re.Match[str], before: _Point, now: _Point) -> bool:
    return now.seen and before.pid is not None and now.pid != before.pid


def _is_open(point: _Point) -> bool:
    """Whether the API port is open: a session stands, or the application was seen to listen."""
    return bool(point.ports) or point.phase == "connected"


def _logged_in(_: re.Match[str], before: _Point, now: _Point) -> bool:
    """The API port opens only after the log-in."""
    return _is_open(now) and before.seen and ((before.ports == () and not _is_open(before)) or before.pid != now.pid)


def _on_port(found: re.Match[str], before: _Point, now: _Point) -> bool:
    port = int(found[1])
    return now.ports is not None and before.ports is not None and port in now.ports and port not in before.ports


def _opened(_: re.Match[str], before: _Point, now: _Point) -> bool:
    return _is_open(now) and before.pid is not None and before.ports == () and not _is_open(before)


def _ticked(found: re.Match[str], before: _Point, now: _Point) -> bool:
    """Whether a box that a step names is now as the step wants it, and was not before. Needs settings from the API."""
    setting = _BY_LABEL.get(found["label"])
    if setting is None:
        return False
    wanted = not found["un"]
    return now.known.value(setting) is wanted and before.known.value(setting) is (not wanted)


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
