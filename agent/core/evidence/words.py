"""Puts times, names and notices into words for evidence; nothing private gets through."""

import math
from collections.abc import Iterable
from functools import lru_cache

from agent.core.clock import day_and_time
from agent.core.evidence.processes import chosen
from agent.core.facts import ApiClient, Facts
from agent.core.settings import WantedApplication
from agent.core.text import shortened
from agent.tws.applications import ApplicationKind
from agent.tws.privacy import redact
from agent.tws.time_zone import TimeZone

_MINUTE, _DAY = 60.0, 86400.0
_MIB, _GIB = 2**20, 2**30
_LONGEST_QUOTE = 120
"""Characters of a notice's text that are shown: enough for its first sentence and the instrument."""


def app_name(facts: Facts) -> str:
    """The application of this connection by name: the one that runs, else the one that is wanted."""
    process = chosen(facts)
    if process is not None:
        return process.kind.title
    wanted = facts.connection.application
    return (ApplicationKind.UNKNOWN if wanted is WantedApplication.ANY else ApplicationKind(wanted.value)).title


def clock(facts: Facts, monotonic: float) -> str:
    """A past moment as local time of day, like "14:03:22"; with its date when it was not within the last day."""
    wall = facts.now.wall_of(monotonic)
    shape = "%H:%M:%S" if facts.now.wall - wall < _DAY else "%Y-%m-%d %H:%M:%S"
    return _written(wall, facts.machine.zone, shape)


@lru_cache(maxsize=256)
def _written(wall: float, zone: TimeZone, shape: str) -> str:
    """The same moments are written at every look."""
    return zone.local(wall).strftime(shape)


def minute(facts: Facts, monotonic: float) -> str:
    """A past moment for a sentence, like "14:03", with its day when it was not today; evidence says `clock`."""
    return appointment(facts, facts.now.wall_of(monotonic))


def minute_after(facts: Facts, monotonic: float) -> str:
    """The first full minute that is not before a coming moment, in the same words."""
    return appointment(facts, math.ceil(facts.now.wall_of(monotonic) / _MINUTE) * _MINUTE)


def appointment(facts: Facts, wall: float) -> str:
    """A moment (epoch seconds) as local time, like "07:45", with its day when it is not today."""
    zone = facts.machine.zone
    return day_and_time(zone.local(wall), zone.local(facts.now.wall))


def at(facts: Facts, monotonic: float) -> str:
    """The time of day of a past moment, like "at 14:03:22". Not how long ago it is: evidence that counts on would look
    new at every look."""
    return f"at {clock(facts, monotonic)}"


def size(amount: float) -> str:
    """A number of bytes, like "730 MiB" or "3.9 GiB"."""
    return f"{amount / _MIB:.0f} MiB" if amount < 1.5 * _GIB else f"{amount / _GIB:.1f} GiB"


def listed(names: Iterable[str], room: int = 60) -> str:
    """Names in a row, like "usfarm, eufarm and 3 more": as many as fit into `room` characters, at least one."""
    found = list(dict.fromkeys(names))
    for kept in range(len(found), 1, -1):
        rest = len(found) - kept
        last = f"{rest} more" if rest else found[-1]
        text = f"{', '.join(found[: kept if rest else -1])} and {last}"
        if len(text) <= room:
            return text
    if not found:
        return ""
    tail = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return shortened(found[0], room - len(tail)) + tail


def quoted(text: str) -> str:
    """The text of a notice for the evidence: on one line, nothing private in it, not too long."""
    plain = " ".join(text.replace("{", "(").replace("}", ")").split())
    return f"“{shortened(redact(plain), _LONGEST_QUOTE)}”" if plain else ""


def program(client: ApiClient) -> str:
    """A program on the API port by the name a user knows it by, like "quantower (pid 991)" or "bot.py (pid 992)"."""
    unnamed = f"a program at {client.peer}" if client.peer else "a program without a name"
    name = client.script or client.name or unnamed
    return name if client.pid is None else f"{name} (pid {client.pid})"


def notice_told(code: int, text: str) -> str:
    """A notice for the evidence, without its time: like "notice 354: “Requested market data …”"."""
    words = quoted(text)
    return f"notice {code}{': ' + words if words else ''}"
