"""The start at log-in, for `gatelight autostart`, the menu and the start of the agent."""

import logging
from pathlib import Path

from agent.platforms.autostart.current import current_autostart
from agent.platforms.autostart.entry import (
    Autostart,
    AutostartError,
    LoginEntryState,
    Off,
    Stale,
    SwitchedOff,
    program_of_this_installation,
    state_of,
)
from agent.runtime.paths import Places, find_places

logger = logging.getLogger("agent.autostart")


class LogInStart:
    """Our entry among the system's start-up programs, for one configuration and data folder."""

    def __init__(self, places: Places, system: Autostart | None = None, program: tuple[str, ...] | None = None) -> None:
        self._system = system or current_autostart()
        self._program = program or program_of_this_installation()
        self._arguments = _arguments(places)

    @property
    def where(self) -> str:
        """The place of the entry, in words for users."""
        return self._system.where

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the program is started with at log-in."""
        return self._arguments

    def state(self) -> LoginEntryState:
        """The current state of the entry; raises AutostartError."""
        return state_of(self._system.read(), self._program, self._arguments)

    def shown(self) -> bool | None:
        """Whether the menu entry is checked; None where that is not known."""
        try:
            return not isinstance(self.state(), Off | SwitchedOff)
        except AutostartError as fault:
            logger.debug("%s", fault)
            return None

    def switch(self, on: bool) -> None:
        """Make or remove the entry; raises AutostartError."""
        if on:
            self._system.write((*self._program, *self._arguments), _icon())
        else:
            self._system.remove()

    def repair(self) -> None:
        """Repair our entry, if its program was moved; called when the agent starts."""
        try:
            match self.state():
                case Stale(program, gone=True, same_arguments=True):
                    self.switch(True)
                    logger.info("start at log-in repaired: it started %s, which is gone", program)
                case Stale(program, gone=gone):
                    gone_too = ", which is gone" if gone else ""
                    logger.info("start at log-in is set up for another installation: %s%s", program, gone_too)
                case _:
                    pass
        except AutostartError as fault:
            logger.info("start at log-in: %s", fault)


def _arguments(places: Places) -> tuple[str, ...]:
    usual = find_places(environ={})
    arguments = ["run", "--autostart"]
    if places.config_named:
        arguments += ["--config", str(places.config)]
    if places.data != usual.data:
        arguments += ["--data-dir", str(places.data)]
    return tuple(arguments)


def _icon() -> Path | None:
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_icons", package.parent / "icons"):
        if (folder / "gatelight.png").is_file():
            return folder / "gatelight.png"
    return None
