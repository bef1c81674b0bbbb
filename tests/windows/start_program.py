"""Runs on the Windows Python: starts programs by the program's own code, and reports what came of each as JSON.

Argument: a file for the started program to write its working folder into.
"""

import json
import sys
import time
from pathlib import Path

from agent.platforms.starting import start

PATIENCE_SECONDS = 30.0


def main() -> None:
    told = Path(sys.argv[1])
    script = f"import os, time; open({str(told)!r}, 'w').write(os.getcwd()); time.sleep(8)"
    lives = start((sys.executable, "-c", script), 1.0)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (told.exists() and told.read_text()) and time.monotonic() < deadline:
        time.sleep(0.1)
    report = {
        "lives": lives,
        "folder": told.read_text().lower() == str(Path(sys.executable).parent).lower(),
        "fails": start((sys.executable, "-c", "raise SystemExit(7)"), PATIENCE_SECONDS),
        "missing": start(("C:\\Jts\\1045\\tws.exe",), 1.0),
        "folder_given": start(("C:\\windows",), 1.0),
    }
    print(json.dumps(report), flush=True)  # noqa: T201 - read by the test


if __name__ == "__main__":
    main()
