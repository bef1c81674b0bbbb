"""The command of this program, as the user called it: a checkout has no `gatelight`."""

import os
import sys
from pathlib import Path


def called_as() -> str:
    """The command, as the user can type it again: quoted where its path has a space."""
    program = Path(sys.argv[0] or "gatelight")
    if program.name == "__main__.py":
        return as_typed(sys.orig_argv[0], "-m", "agent")
    if program.stem == "gatelight" and len(program.parts) > 1:
        import shutil

        return "gatelight" if shutil.which("gatelight") else as_typed(str(program))
    return "gatelight"


def started_as() -> str:
    """The whole command line, as the user can type it again."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--autostart"]
    return f"{called_as()} {as_typed(*arguments)}".rstrip()


def as_typed(*arguments: str) -> str:
    """Arguments of a command, quoted as the terminals of this system take them."""
    if os.name == "nt":
        import subprocess

        return subprocess.list2cmdline(arguments)
    import shlex

    return shlex.join(arguments)
