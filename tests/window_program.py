"""A program with one plain X11 window, for tests: says its process ID as told, answers nothing, ends with its input.

Arguments: title, process ID to claim (0: its own), host name to claim ("": this machine's), "iconic" to start
minimised.
"""

import os
import socket
import sys
import threading

from Xlib import X, Xatom, Xutil
from Xlib.display import Display


def main() -> None:
    title, pid, host, state = sys.argv[1], int(sys.argv[2]) or os.getpid(), sys.argv[3], sys.argv[4]
    display = Display()
    screen = display.screen()
    window = screen.root.create_window(
        40, 40, 300, 200, 0, screen.root_depth, background_pixel=screen.white_pixel, event_mask=X.StructureNotifyMask
    )
    window.set_wm_name(title)
    window.set_wm_hints(flags=Xutil.StateHint, initial_state=Xutil.IconicState if state == "iconic" else 1)
    window.change_property(display.intern_atom("_NET_WM_PID"), Xatom.CARDINAL, 32, [pid])
    machine = (host or socket.gethostname()).encode()
    window.change_property(display.intern_atom("WM_CLIENT_MACHINE"), Xatom.STRING, 8, machine)
    window.map()
    display.sync()
    sys.stdout.write(f"{window.id}\n")
    sys.stdout.flush()
    threading.Thread(target=_end_with_input, daemon=True).start()
    while True:
        display.next_event()


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
