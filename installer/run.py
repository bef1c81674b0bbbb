"""Gatelight from a checkout, without installing anything: `python3 installer/run.py demo`, `… run`, `… doctor`."""

import subprocess
import sys

from environment import prepare, script


def main() -> int:
    """Prepare the environment, then be the command `gatelight`."""
    prepare("requirements.lock")
    try:
        return subprocess.run([script("gatelight"), *sys.argv[1:]], check=False).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
