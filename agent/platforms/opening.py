"""Opening a file with the program the user has chosen for it."""

import os
import subprocess
import sys
from pathlib import Path


def open_path(path: Path) -> None:
    """Open a file as a double click would; raises OSError when nothing can."""
    if sys.platform == "win32":
        os.startfile(path)
        return
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    # A packaged program carries its own libraries on this path; the opened one shall not load them.
    environment = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}
    subprocess.Popen(
        [opener, str(path)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
