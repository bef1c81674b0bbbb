"""Picks this machine's list of start-up programs."""

import sys

from agent.platforms.autostart.entry import Autostart


def current_autostart() -> Autostart:
    """This machine's list of start-up programs."""
    if sys.platform == "win32":
        from agent.platforms.autostart.windows import WindowsAutostart

        return WindowsAutostart()
    if sys.platform == "darwin":
        from agent.platforms.autostart.macos import MacAutostart

        return MacAutostart()
    from agent.platforms.autostart.linux import XdgAutostart

    return XdgAutostart()
