"""Gatelight from a checkout, without installing anything: `python3 installer/run.py demo`, `… run`, `… doctor`."""

import os
import subprocess
import sys

from environment import prepare, script


def main() -> int:
    """Prepare the environment, then be the command `gatelight`."""
    prepare("requirements.lock")
    command = [str(script("gatelight")), *sys.argv[1:]]
    if os.name == "posix":
        # In its place, so that a signal to this process ends the agent, and not only what has started it.
        os.execv(command[0], command)
    try:
        return subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
