"""Which steps of a problem were seen to be done, and which problems are over. Pure.

Only changes since the problem was first seen count: a running TWS is no step done if it ran all the time. Each step
stands for itself: what cannot be seen stays open, and so does every step if the problem ended otherwise. Of several
ways only the one that was gone is ticked. What is left to do in programs that Gatelight cannot see into outlasts the
problem.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from agent.core.as_json import IfAny, Time
from agent.core.shown.display import IconState
from agent.core.shown.status import ShownConnection, Status
from agent.core.told_steps import ToldStep, told_step
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
    own_port: int | None
    """The port at which the application is looked for."""
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
    began: bool = True
    """Whether it began while the agent looked; else it may have been there before."""

    @property
    def done(self) -> tuple[int, ...]:
        """Numbers of the steps, from 1 on, that were seen to be done."""
        return tuple(number for number, step in enumerate(self.steps, 1) if step in self.seen_done)

    def at(self, connection: ShownConnection, steps: tuple[str, ...] = ()) -> "Followed":
        """The same after a look at its connection; `steps`: as they are told now."""
        steps = steps or self.steps
        seen = steps_done(steps, self.before, point_of(connection)) - self.seen_done
        return replace(self, steps=steps, seen_done=self.seen_done | _along_one_way(seen, self.seen_done))

    @property
    def left(self) -> tuple[str, ...]:
        """What is left to do at the end and cannot be seen: the steps in the user's own programs."""
        gone = {told_step(step).way for step in self.seen_done}
        told = [t for t in map(told_step, self.steps) if not t.is_choice or t.way in gone]
        return tuple(dict.fromkeys(t.text for t in told if _UNSEEN.search(t.text)))


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
    left: tuple[str, ...] = ()
    """What is left to do, and cannot be seen."""
    first_seen: IfAny[bool] = False
    """It was there when the agent first looked, and may have begun before."""


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
            # How things were when it was first told may not have been seen then; they are seen as soon as they can be.
            before_it = old.before if old.before.seen else point_of(connection)
            now = replace(
                old, title=problem.title, before=before_it, under_way=False, set_aside=False, began=problem.began
            )
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
            first_seen = not old.began
            gone.append(Ended(old.connection, old.code, old.title, old.since, wall, now.done, now.left, first_seen))
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
        own_port=connection.port,
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


def _along_one_way(seen: frozenset[str], before: frozenset[str]) -> frozenset[str]:
    """Of what was seen done now, the steps of the way that was gone before, or by most of its steps now; else none."""
    ways = Counter(told_step(step).way for step in before or () if told_step(step).is_choice)
    if not ways:
        ways = Counter(told_step(step).way for step in seen if told_step(step).is_choice)
    most = [way for way, count in ways.items() if count == max(ways.values())]
    gone = most[0] if len(most) == 1 else None
    return frozenset(step for step in seen if not told_step(step).is_choice or told_step(step).way == gone)


Sign = Callable[[re.Match[str], _Point, _Point], bool]


_NAMED = re.compile(r"^(?:Start|Log out of|Close) (TWS|IB Gateway)\b(?! or )")
_WAY_OF = re.compile(r"\buse (TWS|IB Gateway)\b")


def _is_done(step: str, before: _Point, now: _Point) -> bool:
    told = told_step(step)
    # Of two lists, one for each application, only the one that runs, or ran, can have been followed.
    its = now.application or before.application
    if any(name != its for name in _names(told)):
        return False
    for pattern, sign in _SIGNS:
        if (found := pattern.search(told.text)) is not None:
            return sign(found, before, now)
    return False


def _names(told: ToldStep) -> list[str]:
    """The applications that a step is about, by its list, its way or its own words."""
    listed = [told.application.title] if told.application is not ApplicationKind.UNKNOWN else []
    return listed + _WAY_OF.findall(told.way) + _NAMED.findall(told.text)


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


def _own_port(found: re.Match[str], before: _Point, now: _Point) -> bool:
    port = int(found[1])
    return now.own_port == port and before.own_port not in (None, port)


def _own_application(found: re.Match[str], before: _Point, now: _Point) -> bool:
    """Whether the connection has come to mean the application that ran without being meant."""
    return now.application == found[1] and before.application == "" and before.seen


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
        (r"^If ", lambda *_: False),
        (r"\*\*API port\*\* of this connection to (\d+)\.$", _own_port),
        (r"\*\*Application\*\* of this connection to (TWS|IB Gateway)\.$", _own_application),
        (r"\b(?P<un>[Uu]n)?[Tt]ick \*\*(?!Enable ActiveX)(?P<label>[^*]+)\*\*", _ticked),
        (r"Enable ActiveX and Socket Clients", _opened),
        (r"\*\*Socket port\*\* (?:to|is) (\d+)", _on_port),
        (r"^Start (?:TWS|IB Gateway|the new version) and log in", _logged_in),
        (r"^Start (?:TWS|IB Gateway)\.", _started),
        (r"^(?:Log out of|Close) (?:TWS|IB Gateway)", _ended_or_restarted),
        (r"^Log in|two-factor|main window is open", _logged_in),
    )
)
"""What a step says, and the test for its being done; the first pattern that fits counts."""

_UNSEEN = re.compile(
    r"^(?:Set the port in|Start) your (?:own )?programs\b|\bhost in your own programs\b"
    r"|^Let your programs (?:connect again|ask for their data again)\b|^Check that your shortcuts\b"
)
"""Finds steps in the user's own programs: nothing shows whether they are done, and they are due though all is well."""
