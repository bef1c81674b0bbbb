"""What a packaged program runs: the command `gatelight`, or a part of the simulator where that is asked for."""

import os
import sys
from collections.abc import Mapping, MutableMapping, Sequence

PART = "GATELIGHT_PART"
"""Set in the environment of a process of the simulator: its command line belongs to its disguise."""

OPENED = "GATELIGHT_OPENED"
"""Set by macOS where the user opened Gatelight.app: there is no terminal then, and no command."""
_OWN = (PART, OPENED, "PYINSTALLER_RESET_ENVIRONMENT")


def arguments(given: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The arguments of the command: an app that the user opens runs."""
    return ["run"] if OPENED in environment and not given else [*given]


def restore(environment: MutableMapping[str, str]) -> None:
    """Make the environment the user's again: the packaged program is loaded, and its children are other programs."""
    for name in [n for n in environment if n.startswith("_PYI_") or n in _OWN]:
        del environment[name]
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        before = environment.pop(f"{name}_ORIG", None)
        environment.pop(name, None)
        if before is not None:
            environment[name] = before


def main() -> int:
    """Run what was asked for; returns the exit status."""
    from agent.platforms.loaded_files import hold_files

    hold_files()
    part = PART in os.environ
    sys.argv[1:] = arguments(sys.argv[1:], os.environ)
    restore(os.environ)
    if part:
        from agent.simulator.process import main_of_process

        main_of_process()
        return 0
    from agent.__main__ import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
