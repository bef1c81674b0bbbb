"""Runs on the Windows Python: shows a tray icon, does what it is told over a socket, and reports what was clicked.

Argument: the port on which the test listens. One JSON object a line, in both directions.
"""

import json
import socket
import sys
import threading
from dataclasses import replace
from typing import Any

from agent.core.shown.display import (
    SEPARATOR,
    Action,
    Connect,
    Disconnect,
    Display,
    IconState,
    LookNow,
    MenuEntry,
    Quit,
)
from agent.tray import open_tray

MENU = (
    MenuEntry("Paper Gateway: connected since 09:14"),
    MenuEntry(
        "Paper Gateway",
        children=(
            MenuEntry("Connect", Connect("Paper Gateway"), checked=True),
            MenuEntry("Disconnect", Disconnect("Paper Gateway"), checked=False),
        ),
    ),
    MenuEntry("Check now: R&D, äöü, \u05e9\u05dc\u05d5\u05dd", LookNow(), default=True),
    SEPARATOR,
    MenuEntry("Quit", Quit()),
)


def main() -> None:
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    lock = threading.Lock()

    def report(**event: Any) -> None:
        with lock:
            connection.sendall(json.dumps(event).encode() + b"\n")

    def asked(action: Action) -> None:
        report(asked=type(action).__name__)

    tray = open_tray(asked)

    def obey() -> None:
        for line in connection.makefile():
            match json.loads(line):
                case {"icon": state, "bold": False}:
                    lines = tuple(replace(entry, default=False) for entry in MENU)
                    tray.show(Display(IconState(state), f"Gatelight: {state}", lines))
                case {"icon": state}:
                    tray.show(Display(IconState(state), f"Gatelight: {state}", MENU))
                case {"balloon": [title, text]}:
                    report(balloon=tray.balloon(title, text, LookNow()))
                case _:
                    break
        tray.stop()

    threading.Thread(target=obey, daemon=True).start()
    tray.run(lambda: report(ready=True))
    report(ended=True)


main()
