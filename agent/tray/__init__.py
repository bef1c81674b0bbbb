"""The tray icon: what it looks like, its menu, and the desktops it can live on.

`open_tray` gives a `Tray`, or says why there can be none; pystray, Pillow and dbus-fast are imported no sooner.
"""

from agent.tray.backend import TrayUnavailable
from agent.tray.icon import Tray, open_tray

__all__ = ["Tray", "TrayUnavailable", "open_tray"]

from agent.platforms.late_modules import OF_PILLOW, keep_out

# Here, because every module that imports Pillow lies in this room.
keep_out(*OF_PILLOW)
