"""`gatelight autostart`: the start at log-in, switched and told in a sentence."""

from typing import assert_never

from agent.app.login_start import LogInStart
from agent.config.reading import load
from agent.errors import GatelightError
from agent.platforms.autostart.entry import AutostartError, LoginEntryState, Off, On, Stale, SwitchedOff
from agent.runtime.paths import Places


def command(places: Places, what: str) -> str:
    """`gatelight autostart WHAT`: on, off or status. Returns the sentence to print; raises GatelightError."""
    if what == "on":
        # An error in the configuration is told now, while the user is there, not at the next log-in.
        load(places.config, named=places.config_named)
    entry = LogInStart(places)
    try:
        if what != "status":
            entry.switch(what == "on")
        return autostart_words(entry.state(), entry.where)
    except AutostartError as fault:
        raise GatelightError(f"Start at log-in: {fault}.") from None


def autostart_words(state: LoginEntryState, where: str) -> str:
    """The state in a sentence."""
    match state:
        case Off():
            return "off: Gatelight does not start at log-in."
        case On():
            return f"on: Gatelight starts at log-in ({where})."
        case SwitchedOff():
            return (
                "off: the entry is there, but was switched off in the system’s list of start-up programs; "
                "`gatelight autostart on` switches it on again."
            )
        case Stale(program, gone=True):
            return (
                f"stale: what would be started at log-in is gone ({program}), because Gatelight was moved or "
                "installed anew; `gatelight autostart on` repairs it."
            )
        case Stale(program):
            return (
                f"stale: another installation, or one with other folders, starts at log-in ({program}); "
                "`gatelight autostart on` makes it this one."
            )
        case _:
            assert_never(state)
