"""The desktop session of this process: how it is told to another process of the same user, and how one is taken over.

Linux only: a process reaches a desktop there through its environment, so that one that runs already can be led to the
session of a later log-in. On Windows the icon belongs to the session in which the process was started, and macOS has
one session a user.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TypeAlias

DesktopSession: TypeAlias = Mapping[str, str]
"""Environment variables that lead to a desktop; `BUS` among them. Empty: there is none."""

BUS = "DBUS_SESSION_BUS_ADDRESS"
DESKTOP_VARIABLES = (
    BUS,
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_ID",
    "XDG_SESSION_TYPE",
    "XDG_CURRENT_DESKTOP",
    "DESKTOP_SESSION",
)
LONGEST_VALUE = 4096
"""Characters of one variable; a path has no more."""
_SHOWING = ("org.kde.StatusNotifierWatcher", "org.freedesktop.Notifications")
"""What shows icons, and what shows notices."""
_REMOTE = ("SSH_CONNECTION", "SSH_TTY")
"""Where one is set, the desktop is that of another computer."""


def session_here(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The desktop session this process was started in; empty where there is none that shows icons and notices."""
    variables = os.environ if environ is None else environ
    if sys.platform != "linux" or any(variables.get(name) for name in _REMOTE):
        return {}
    if not (variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY") or variables.get(BUS)):
        return {}
    from agent.platforms.session_bus import NoSessionBus, session_bus_addresses

    try:
        address = session_bus_addresses(variables)[0]
    except NoSessionBus:
        return {}
    told = {name: variables[name] for name in DESKTOP_VARIABLES if variables.get(name)}
    return {**told, BUS: address}


def is_session(told: DesktopSession) -> bool:
    """Whether this can be a desktop session: nothing but the variables of one, and a bus that is a local socket."""
    sound = all(
        name in DESKTOP_VARIABLES and 0 < len(value) <= LONGEST_VALUE and "\0" not in value
        for name, value in told.items()
    )
    return sound and told.get(BUS, "").startswith("unix:")


async def is_worth_a_move(told: DesktopSession, *, log_in: bool) -> bool:
    """Whether icon and notices are shown in that session at least as well as in ours.

    A bus that was made for one program shows neither; at a `log_in` the panel may only be on its way.
    """
    from agent.platforms.session_bus import NoSessionBus, session_bus_addresses

    theirs = await _shows([told[BUS]])
    if theirs is None:
        return False
    try:
        ours = session_bus_addresses()
    except NoSessionBus:
        return True
    return theirs or log_in or not await _shows(ours)


async def _shows(addresses: Iterable[str]) -> bool | None:
    """Whether a panel or a notification service is on the first of these buses that answers; None: none does."""
    from agent.platforms import session_bus

    for address in addresses:
        try:
            bus = await session_bus.connect_session_bus({BUS: address})
        except session_bus.NoSessionBus:
            continue
        try:
            return any([await session_bus.has_owner(bus, name) for name in _SHOWING])
        except session_bus.BusSilent:
            return None
        finally:
            await session_bus.close_session_bus(bus)
    return None


def take_over(told: DesktopSession) -> bool:
    """Belong to this session from now on; whether it has another bus than the one before."""
    from agent.platforms.session_bus import NoSessionBus, session_bus_addresses

    try:
        another = _place(session_bus_addresses()[0]) != _place(told[BUS])
    except NoSessionBus:
        another = True
    if not another and not (told.get("DISPLAY") or told.get("WAYLAND_DISPLAY")):
        # A log-in without a screen to the bus that the screen is on.
        return False
    for name in DESKTOP_VARIABLES:
        if name in told:
            os.environ[name] = told[name]
        else:
            os.environ.pop(name, None)
    return another


def _place(address: str) -> str:
    """An address without the number of the bus, which some name and others do not."""
    return ",".join(part for part in address.split(",") if not part.startswith("guid="))
