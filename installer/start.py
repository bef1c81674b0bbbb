"""What a packaged program runs: the command `gatelight`, or a part of the simulator where that is asked for."""

import os
import sys
from collections.abc import MutableMapping

PART = "GATELIGHT_PART"
"""Set in the environment of a process of the simulator: its command line belongs to its disguise."""


def restore(environment: MutableMapping[str, str]) -> None:
    """Make the environment the user's again: the packaged program is loaded, and its children are other programs."""
    for name in [n for n in environment if n.startswith("_PYI_") or n in (PART, "PYINSTALLER_RESET_ENVIRONMENT")]:
        del environment[name]
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        before = environment.pop(f"{name}_ORIG", None)
        environment.pop(name, None)
        if before is not None:
            environment[name] = before


def main() -> int:
    """Run what was asked for; returns the exit status."""
    part = PART in os.environ
    restore(os.environ)
    if part:
        from agent.simulator.process import main_of_process

        main_of_process()
        return 0
    from agent.__main__ import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
