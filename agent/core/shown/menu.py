"""From the status to what the tray shows: icon, tooltip, menu. Every word of the tray is made here."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from agent.core.clock import beside_today, next_morning
from agent.core.fix import Asker, Offer
from agent.core.session_facts import ServerLink
from agent.core.shown.display import (
    SEPARATOR,
    TOOLTIP_LIMIT,
    Connect,
    Disconnect,
    Display,
    DoFix,
    IconState,
    LookNow,
    MenuEntry,
    OpenLog,
    OpenPage,
    OpenRelease,
    Pause,
    Quit,
    Resume,
    ShowSteps,
    Snooze,
    StartAtLogin,
    put_aside,
)
from agent.core.shown.groups import ConnectionGroup, Grouped, groups_of, ill_words
from agent.core.shown.status import ShownConnection, ShownProblem, Status
from agent.core.text import shortened
from agent.core.told_steps import text_lines
from agent.tws.applications import ApplicationKind
from agent.tws.time_zone import TimeZone

STATE_WORDS = {
    IconState.PROBLEM: "problem",
    IconState.WARNING: "warning",
    IconState.UNKNOWN: "could not find out",
    IconState.CONNECTING: "connecting",
    IconState.WAITING: "waiting for TWS or IB Gateway",
    IconState.MAINTENANCE: "expected outage",
    IconState.PAUSED: "paused",
    IconState.CONNECTED: "connected",
}
_BAD = (IconState.PROBLEM, IconState.WARNING)
MOST_LISTED = 10
"""Connections that the menu, or a group in it, lists, the worst first; the page has all of them."""
LINE_WIDTH = 72
"""Characters of a menu line before it is wrapped: menus do not wrap by themselves."""
_NAME_ROOM = 40
"""Characters of a connection’s name in a tooltip: a title fits beside it, below the count of connections."""
HOUR = 3600.0
DAY = 86400.0


def display(status: Status, now: float, zone: TimeZone, at_login: bool | None = None, *, page: bool = False) -> Display:
    """Everything the tray shows at the epoch time `now`, in the user's time zone.

    `at_login`: whether Gatelight starts at log-in; None: that cannot be chosen here. `page`: the user can open the
    status page.
    """
    menu = _menu(status, at_login, _Drawing(now, zone, page))
    return Display(icon=status.overall, tooltip=tooltip(status), menu=menu)


def tooltip(status: Status) -> str:
    """State and cause in words. One connection: its sentence. Several: how many are connected, then the bad ones."""
    own = [
        f"Gatelight: {p.title}"
        for _, p in status.of_program
        if all(p.state is not c.overall for c in status.connections)
    ]
    # Where nothing about a connection is as bad, the state is that of Gatelight itself.
    every = sorted(status.connections, key=lambda c: c.overall.rank)
    if not every:
        return f"Gatelight: {STATE_WORDS[status.overall]}"
    if len(every) == 1:
        alone, told = every[0], headline(every[0])
        return _fitting([*own, told[:1].upper() + told[1:] if alone.called in told else _sentence(alone)])
    linked = [c for c in every if _linked(c)]
    bad = [_sentence(c) for c in every if c not in linked or c.worst is not None]
    # Of many that are all well, their number says it.
    well = [] if bad or len(every) > MOST_LISTED else [f"{c.called}: {headline(c)}" for c in linked]
    return _fitting([*own, f"{len(linked)} of {len(every)} connected", *bad, *well])


def _sentence(connection: ShownConnection) -> str:
    """The name and the headline."""
    return f"{shortened(connection.called, _NAME_ROOM)}: {headline(connection)}"


def _linked(connection: ShownConnection) -> bool:
    """Whether programs reach IB through it, as far as is known: a session that is not answered tells nothing."""
    if connection.phase != "connected" or connection.server_link == ServerLink.DOWN:
        return False
    return connection.server_link == ServerLink.UP or connection.overall is not IconState.PROBLEM


def _fitting(lines: list[str]) -> str:
    """As many whole lines as a tooltip has room for, and how many more there are; the last may be cut for that."""
    text = shortened(lines[0], TOOLTIP_LIMIT) if lines else ""
    for number, line in enumerate(lines[1:], 1):
        if shortened(f"{text}\n{line}", TOOLTIP_LIMIT) != f"{text}\n{line}":
            more = f"\nand {len(lines) - number} more"
            return shortened(text, TOOLTIP_LIMIT - len(more)) + more
        text = f"{text}\n{line}"
    return text


def headline(connection: ShownConnection) -> str:
    """One connection in a few words: its worst visible problem, else its state."""
    return connection.worst.title if connection.worst is not None else _state(connection)


def headline_since(connection: ShownConnection) -> tuple[str, float] | None:
    """Since when that has been so, with the words before the time; None where it is not known of this very headline."""
    worst = connection.worst
    if worst is not None:
        return "Since" if worst.began else "Seen since", worst.since
    if connection.phase == "connected" and connection.overall in (IconState.CONNECTED, IconState.PAUSED):
        return "Connected since", connection.since
    return None


def _state(connection: ShownConnection) -> str:
    if connection.overall is IconState.MAINTENANCE:
        expected = next((p.title for p in connection.problems if p.visible and not (p.ahead or p.of_program)), None)
        return expected or STATE_WORDS[connection.overall]
    if connection.worst is None and not connection.wanted:
        return "not watched, as you asked"
    if connection.overall is IconState.PAUSED:
        return "connected, notices paused"
    if connection.worst is None and connection.server_link == ServerLink.DOWN:
        # Not long enough for a notice so far, but the icon shows it.
        return "no link to IB’s servers at the moment"
    if connection.overall is IconState.WAITING:
        return f"waiting for {connection.waits_for}"
    return STATE_WORDS[connection.overall]


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What the words of the menu depend on besides the status."""

    now: float
    zone: TimeZone
    page: bool

    def time(self, epoch: float) -> str:
        """A time as users read it now."""
        return beside_today(epoch, self.now, self.zone)


def _menu(status: Status, at_login: bool | None, drawing: _Drawing) -> tuple[MenuEntry, ...]:
    entries: list[MenuEntry] = []
    if drawing.page:
        entries += [MenuEntry("Open Gatelight page", OpenPage(), default=True), SEPARATOR]
    if len(status.connections) == 1:
        entries += _connection(status.connections[0], drawing)
    else:
        entries += _connections(status.connections, drawing)
    entries.append(SEPARATOR)
    entries.append(_pause(status, drawing))
    entries.append(MenuEntry("Check now", LookNow()))
    entries.append(SEPARATOR)
    if drawing.page:
        entries += [MenuEntry("Set up", OpenPage("setup")), MenuEntry("Settings", OpenPage("settings"))]
    if at_login is not None:
        entries.append(MenuEntry("Start at log-in", StartAtLogin(not at_login), checked=at_login))
    entries.append(MenuEntry("Open log", OpenLog()))
    if status.update is not None:
        entries.append(MenuEntry(f"Version {status.update.version} can be had", OpenRelease(status.update.page)))
    if drawing.page:
        entries.append(MenuEntry(f"About Gatelight {status.version}", OpenPage("about")))
    else:
        entries.append(MenuEntry(f"Gatelight {status.version}"))
    entries.append(SEPARATOR)
    entries.append(MenuEntry("Quit Gatelight", Quit()))
    return tuple(entries)


def _connections(every: Sequence[ShownConnection], drawing: _Drawing) -> list[MenuEntry]:
    """Several connections, the worst first; of many the bad ones, and all of them in groups where that is possible."""
    groups = groups_of([Grouped(c.name, c.host, c.overall, headline(c)) for c in every])
    ordered = sorted(every, key=lambda c: c.overall.rank)
    if groups:
        # A crowd is a line of its group, and each of it has its entry there.
        crowded = {every[place].name for group in groups for place in group.crowd}
        ordered = [c for c in ordered if c.overall in _BAD and c.name not in crowded]
    listed = ordered if len(ordered) <= MOST_LISTED + 1 else ordered[:MOST_LISTED]
    entries = [MenuEntry(_line(c), children=tuple(_connection(c, drawing))) for c in listed]
    if left := ordered[len(listed) :]:
        entries.append(_open_page(_more(left), drawing))
    if groups and entries:
        entries.append(SEPARATOR)
    return entries + [
        MenuEntry(f"{group.state.mark} {group.name}: {group.words}", children=_members(group, every, drawing))
        for group in groups
    ]


def _members(group: ConnectionGroup, every: Sequence[ShownConnection], drawing: _Drawing) -> tuple[MenuEntry, ...]:
    """The connections of a group, each in a line: those that are bad have their entries in the menu itself, or here
    where they are a crowd."""
    members = [every[place] for place in group.members]
    listed = members if len(members) <= MOST_LISTED + 1 else members[:MOST_LISTED]
    lines = [
        MenuEntry(_line(c), children=tuple(_connection(c, drawing)))
        if group.crowd and c.overall in _BAD
        else _open_page(_line(c), drawing)
        for c in listed
    ]
    if left := members[len(listed) :]:
        lines.append(_open_page(_more(left), drawing))
    return tuple(lines)


def _line(connection: ShownConnection) -> str:
    return f"{connection.overall.mark} {connection.called}: {headline(connection)}"


def _open_page(line: str, drawing: _Drawing) -> MenuEntry:
    """A line that leads to the page, where there is one."""
    return MenuEntry(line, OpenPage()) if drawing.page else MenuEntry(line)


def _more(left: Sequence[ShownConnection]) -> str:
    """How many connections the menu has no room for, and what they are."""
    bad = sum(c.overall in _BAD for c in left)
    well = sum(c.overall is IconState.CONNECTED for c in left)
    ill = f"with {ill_words(c.overall for c in left)}"
    if bad == len(left):
        return f"… and {bad} more {ill}"
    told = f"{bad} {ill}" if bad else "all connected" if well == len(left) else f"{well} connected"
    return f"… and {len(left)} more, {told}"


def _connection(connection: ShownConnection, drawing: _Drawing) -> list[MenuEntry]:
    entries = [MenuEntry(f"{connection.overall.mark} {connection.called}: {_state(connection)}")]
    entries += [MenuEntry(line) for line in _particulars(connection, drawing)]
    shown = [p for p in connection.problems if p.visible]
    if shown:
        entries.append(SEPARATOR)
    entries += [_problem(p, connection.name, drawing) for p in shown]
    if not connection.wanted:
        entries += [SEPARATOR, MenuEntry(f"Watch {connection.called}", Connect(connection.name))]
    elif connection.overall is not IconState.WAITING:
        entries += [SEPARATOR, _stop(connection, drawing)]
    return entries


def _stop(connection: ShownConnection, drawing: _Drawing) -> MenuEntry:
    morning = next_morning(drawing.now, drawing.zone)
    return MenuEntry(
        f"Stop watching {connection.called}",
        children=(
            MenuEntry("For 1 hour", Disconnect(connection.name, seconds=HOUR)),
            MenuEntry(f"Until {drawing.time(morning)}", Disconnect(connection.name, until=morning)),
            MenuEntry("Until I choose “Watch”", Disconnect(connection.name)),
        ),
    )


def _particulars(connection: ShownConnection, drawing: _Drawing) -> list[str]:
    lines: list[str] = []
    stopped = connection.stopped
    if stopped is not None:
        since = "" if stopped.since is None else f" since {drawing.time(stopped.since)}"
        until = "until you choose “Watch”" if stopped.until is None else f"until {drawing.time(stopped.until)}"
        lines.append(f"Not watched{since}, {until}")
    application = connection.application
    if application is not None:
        name = ApplicationKind(application.kind).title
        version = f" {application.version}" if application.version else ""
        port = f", API port {connection.port}" if connection.port is not None else ""
        lines.append(f"{name}{version}{port}")
    if connection.phase == "connected":
        mode = "" if connection.trading_mode == "unknown" else f", {connection.trading_mode}"
        lines.append(f"Connected since {drawing.time(connection.since)}{mode}")
    if connection.phase == "connected" or connection.server_link != ServerLink.UNKNOWN:
        lines.append(f"Link to IB’s servers: {connection.link_words}")
    if connection.outage_ends is not None:
        lines.append(f"Should be back by {drawing.time(connection.outage_ends)}")
    return lines


def _problem(problem: ShownProblem, connection: str, drawing: _Drawing) -> MenuEntry:
    lines = [MenuEntry(line) for line in _wrap(problem.text)]
    lines.append(MenuEntry(f"{'Since' if problem.began else 'Seen since'} {drawing.time(problem.since)}"))
    if not problem.told:
        lines.append(MenuEntry("(the desktop did not take a notice about this)"))
    if not drawing.page:
        lines += _in_full(problem)
    lines.append(SEPARATOR)
    lines.append(MenuEntry("Show steps", ShowSteps(connection, problem.code)))
    lines += [_fix(offer) for offer in problem.fixes]
    lines += put_aside(connection, problem.programs, until_seen=problem.until_seen)
    if not problem.can_be_snoozed:
        lines.append(MenuEntry("(cannot be snoozed: real money may be at stake)"))
    elif problem.snoozed_until is not None:
        lines.append(MenuEntry(f"Snoozed until {drawing.time(problem.snoozed_until)}"))
    else:
        hour, day = (Snooze(problem.code, connection, seconds) for seconds in (HOUR, DAY))
        lines.append(MenuEntry("Snooze", children=(MenuEntry("For 1 hour", hour), MenuEntry("For 1 day", day))))
    mark = "·" if problem.state is None else problem.state.mark
    return MenuEntry(f"{mark} {problem.title}", children=tuple(lines))


def _in_full(problem: ShownProblem) -> list[MenuEntry]:
    """Evidence and steps: the menu has them where no page does."""
    lines: list[MenuEntry] = []
    if problem.evidence:
        lines.append(SEPARATOR)
        lines.append(MenuEntry("What was seen:"))
        lines += [MenuEntry(f"   {part}") for line in problem.evidence for part in _wrap(line)]
    if problem.steps:
        lines.append(SEPARATOR)
        lines.append(MenuEntry("What to do:"))
        for line in text_lines(problem.steps):
            first, *rest = _wrap(line)
            lines.append(MenuEntry(first))
            lines += [MenuEntry(f"    {part}") for part in rest]
    return lines


def _fix(offer: Offer) -> MenuEntry:
    """A fix with its whole question below it: what is clicked there has been read."""
    lines = [MenuEntry(part) for line in offer.question.lines for part in _wrap(line)]
    yes = MenuEntry("Yes, do it", DoFix(offer.fix, offer.connection, offer.digest, Asker.MENU))
    return MenuEntry(f"{offer.label}…", children=(*lines, SEPARATOR, yes))


def _pause(status: Status, drawing: _Drawing) -> MenuEntry:
    until = status.paused_until
    if until is None:
        return MenuEntry(
            "Pause notices",
            children=(
                MenuEntry("For 1 hour", Pause(HOUR)),
                MenuEntry("For 1 day", Pause(DAY)),
                MenuEntry("Until I resume", Pause(None)),
            ),
        )
    end = "" if until == float("inf") else f" (paused until {drawing.time(until)})"
    return MenuEntry(f"Resume notices{end}", Resume())


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, LINE_WIDTH, break_on_hyphens=False) or [""]
