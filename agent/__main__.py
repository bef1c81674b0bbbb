"""`python -m agent` is the command `gatelight`."""

import sys


def run() -> int:
    """The command; Ctrl-C ends it without a word also while it is still being loaded."""
    try:
        from agent.cli import main

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
