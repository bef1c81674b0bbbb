"""Opens a file or an address with the program that the user chose for it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from agent.platforms.starting import await_end, detached


def open_path(path: Path) -> None:
    """Open a file as a double click does; raises OSError when no program can."""
    if sys.platform == "win32":
        os.startfile(path)
        return
    _start("open" if sys.platform == "darwin" else "xdg-open", str(path))


def open_address(url: str) -> None:
    """Open an address in the user's browser; raises OSError when no program can."""
    if sys.platform == "win32":
        os.startfile(url)
        return
    if sys.platform == "darwin":
        # The address is a secret, and every user can read the arguments of programs: it goes through the input.
        script = f'open location "{url}"'
        try:
            subprocess.run(["osascript", "-"], input=script, text=True, check=True, timeout=8, capture_output=True)
        except subprocess.SubprocessError:
            raise OSError("macOS did not open the address") from None
        return
    _start("xdg-open", url)


def has_browser(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the user can see a browser that is opened from here."""
    variables = os.environ if environ is None else environ
    if variables.get("SSH_CONNECTION") or variables.get("SSH_TTY"):
        return False
    return sys.platform in ("win32", "darwin") or bool(variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY"))


def _start(opener: str, what: str) -> None:
    # Some openers run as long as what they open.
    await_end(detached([opener, what], os.environ))
