"""The reminder, once a day, of connections that the user stopped watching until further notice."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent.core.alerts.announce import QuietRules, hushed
from agent.core.clock import day_and_time
from agent.core.effects import Announce
from agent.core.memory import Stopped
from agent.core.problem import Severity
from agent.core.shown.display import TEXT_LIMIT, TITLE_LIMIT, Connect, MenuEntry, Notice, OpenPage
from agent.core.text import shortened
from agent.tws.time_zone import TimeZone

REMINDER_KEY = "gatelight/not-watched"
"""The key of the notice: there is one for all connections."""
_DAY = 86400.0
_ALL = "all connections"


def remind(
    stopped: Sequence[Stopped], called: Mapping[str, str], rules: QuietRules, now: float, zone: TimeZone
) -> tuple[tuple[Stopped, ...], tuple[Announce, ...]]:
    """Say which connections are not watched, where that is due, and keep when it was said.

    `called`: what users read as the names, for the connections there are. `now`: epoch seconds. That nothing is told
    about a connection weighs as much as a warning.
    """
    lasting = [s for s in stopped if s.until is None and s.connection in called]
    if not any(now - s.reminded >= _DAY for s in lasting) or hushed(Severity.WARNING, rules) is not None:
        return tuple(stopped), ()
    # All of them at once: the notice is the same one, and takes the place of the last.
    said = tuple(replace(s, reminded=now) if s in lasting else s for s in stopped)
    return said, (Announce(_notice(lasting, called, now, zone)),)


def _notice(stopped: Sequence[Stopped], called: Mapping[str, str], now: float, zone: TimeZone) -> Notice:
    def since(one: Stopped) -> str:
        return "" if one.since is None else f" since {day_and_time(zone.local(one.since), zone.local(now))}"

    alone = stopped[0] if len(stopped) == 1 else None
    name = _ALL if alone is None else called[alone.connection]
    again = Connect("" if alone is None else alone.connection)
    if alone is not None:
        title = f"{name} is not watched"
        text = f"Not watched{since(alone)}, as you asked."
    else:
        title = f"{len(stopped)} connections are not watched"
        text = f"As you asked: {', '.join(f'{called[s.connection]}{since(s)}' for s in stopped)}."
    remedy = " To watch again, choose “Watch” in Gatelight’s menu or run “gatelight connect”."
    return Notice(
        REMINDER_KEY,
        Severity.INFO,
        shortened(title, TITLE_LIMIT),
        shortened(text, TEXT_LIMIT - len(remedy)) + remedy,
        # A click on the notice itself changes nothing.
        offers=(MenuEntry("Open Gatelight page", OpenPage()), MenuEntry(f"Watch {name}", again)),
    )
