"""Runs on the Windows Python: shows two windows as two processes, and brings the one behind to the front.

Argument: "show TITLE" for a window that stays until its input ends; "front" for the test itself, by the program's own
code. One JSON object a line on standard output.
"""

import ctypes
import json
import os
import subprocess
import sys
import threading
from typing import Any

from agent.platforms.foreground import windows as front_windows


def show(title: str) -> None:
    """An ordinary window with a title, as Java's are."""
    user32: Any = ctypes.windll.user32  # type: ignore[attr-defined,unused-ignore]
    style = 0x10CF0000  # WS_OVERLAPPEDWINDOW | WS_VISIBLE
    user32.CreateWindowExW(0, "Static", title, style, 40, 40, 300, 150, None, None, None, None)
    print(os.getpid(), flush=True)  # noqa: T201 - how the other process hears of it
    threading.Thread(target=_end_with_input, daemon=True).start()
    message = ctypes.create_string_buffer(48)
    while user32.GetMessageW(message, None, 0, 0) > 0:
        user32.DispatchMessageW(message)


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


def front() -> None:
    """What the code under test finds and does."""
    shown = [
        subprocess.Popen(
            [sys.executable, __file__, "show", title], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for title in ("IB Gateway", "Another program")
    ]
    pids = [int(program.stdout.readline()) for program in shown if program.stdout is not None]
    user32: Any = ctypes.windll.user32  # type: ignore[attr-defined,unused-ignore]
    found = front_windows.with_window(frozenset((*pids, os.getpid())))
    minimised = front_windows._windows()
    for window, owner in minimised:
        if owner == pids[0]:
            user32.ShowWindow(window, 6)  # SW_MINIMIZE
    still = front_windows.with_window(frozenset(pids))
    trouble = front_windows.bring_to_front(pids[0])
    in_front = front_windows._owner(user32.GetForegroundWindow())
    for program in shown:
        program.kill()
        program.wait()
    report = {
        "found": sorted(pids.index(p) for p in found or ()),
        "still": sorted(pids.index(p) for p in still or ()),
        "trouble": trouble,
        "in_front": in_front == pids[0],
        "gone": front_windows.bring_to_front(pids[0]),
    }
    print(json.dumps(report), flush=True)  # noqa: T201 - read by the test


if __name__ == "__main__":
    front() if sys.argv[1] == "front" else show(sys.argv[2])
