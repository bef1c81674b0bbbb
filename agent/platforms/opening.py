"""Opening a file or an address with the program the user has chosen for it."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path


def open_path(path: Path) -> None:
    """Open a file as a double click would; raises OSError when nothing can."""
    if sys.platform == "win32":
        os.startfile(path)
        return
    _start("open" if sys.platform == "darwin" else "xdg-open", str(path))


def open_address(url: str) -> None:
    """Open an address in the user's browser; raises OSError when nothing can."""
    if sys.platform == "win32":
        os.startfile(url)
        return
    if sys.platform == "darwin":
        # By way of its input: the arguments of programs can be read by every user, and the address is a key.
        script = f'open location "{url}"'
        try:
            subprocess.run(["osascript", "-"], input=script, text=True, check=True, timeout=8, capture_output=True)
        except subprocess.SubprocessError:
            raise OSError("macOS did not open the address") from None
        return
    _start("xdg-open", url)


def has_browser(environ: Mapping[str, str] | None = None) -> bool:
    """Whether a browser that is opened from here is one that the user can see."""
    variables = os.environ if environ is None else environ
    if variables.get("SSH_CONNECTION") or variables.get("SSH_TTY"):
        return False
    return sys.platform in ("win32", "darwin") or bool(variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY"))


def _start(opener: str, what: str) -> None:
    # A packaged program carries its own libraries on this path; the opened one must not load them.
    environment = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}
    process = subprocess.Popen(
        [opener, what],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # Some openers last as long as what they open; unless their end is waited for, each stays behind as a zombie.
    threading.Thread(target=process.wait, name="opened", daemon=True).start()
