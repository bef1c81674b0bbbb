"""Which of the systems' places for start-up programs is the one of this machine."""

import sys

from agent.platforms.autostart.entry import Autostart


def current_autostart() -> Autostart:
    """The one of this machine."""
    if sys.platform == "win32":
        from agent.platforms.autostart.windows import WindowsAutostart

        return WindowsAutostart()
    if sys.platform == "darwin":
        from agent.platforms.autostart.macos import MacAutostart

        return MacAutostart()
    from agent.platforms.autostart.linux import XdgAutostart

    return XdgAutostart()
