"""The files that this program was started from: which they are, whether they work, and a new start from them."""

import contextlib
import importlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import agent

TRY_OUT = "try-own-files"
"""The command of a process that loads every module and ends: for the agent alone, see `agent.__main__`."""
MOVED_ASIDE = "gatelight-old-"
"""How folders beside the program begin, with a number after it: `ASIDE` of `installer/windows/gatelight.nsi`."""
_TRY_SECONDS = 50.0


def own_files() -> tuple[Path, ...]:
    """The files that no installer leaves as they are: of a packaged program the executable, else each room's face."""
    if getattr(sys, "frozen", False):
        return (Path(sys.executable),)
    return tuple(sorted(Path(agent.__file__).parent.rglob("__init__.py")))


def own_files_work() -> bool:
    """Whether a new process can load every module of the program, as its files are now. Takes seconds."""
    try:
        done = subprocess.run(
            [*_program(), TRY_OUT],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TRY_SECONDS,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def load_every_module() -> None:
    """Load all that this system can use; raises what a file that does not fit the others raises."""
    import pkgutil

    for module in pkgutil.walk_packages(agent.__path__, "agent."):
        if module.name == "agent.__main__":
            continue
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as fault:
            # What Python has, or what is installed, on other systems only.
            if (fault.name or "").partition(".")[0] not in sys.stdlib_module_names | _elsewhere():
                raise
        except (AttributeError, AssertionError):
            # What a module of another system finds missing here.
            if ".platforms." not in module.name and ".control." not in module.name and ".tray." not in module.name:
                raise


def _elsewhere() -> frozenset[str]:
    """Packages that are installed on another system than this one."""
    return frozenset() if sys.platform == "linux" else frozenset({"Xlib", "dbus_fast"})


def start_anew(environment: Mapping[str, str] = os.environ) -> None:
    """Start the program from its files with the same arguments, in the place of this process; does not return.

    Windows cannot put a program in the place of a process, so there another process is started, and this one goes on
    to its end. All that another agent could find in its way must be closed before. Raises OSError.
    """
    command = [*_program(), *sys.argv[1:]]
    if os.name == "nt":
        subprocess.Popen(command, env=environment, creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0))
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        # What this process ignores at its end, the new program would ignore for ever.
        with contextlib.suppress(ValueError):
            signal.signal(number, signal.SIG_DFL)
    os.execve(command[0], command, environment)


def remove_earlier_versions() -> None:
    """Remove what the setup of Windows has moved aside, unless a relay of that version still runs from it.

    Windows removes no file that a process has loaded. Such a process loads no more (`agent.platforms.loaded_files`), so
    that it does without those that can be removed.
    """
    if sys.platform == "win32" and getattr(sys, "frozen", False):
        for folder in Path(sys.executable).parent.glob(f"{MOVED_ASIDE}*"):
            # A folder of the user's own may begin like that.
            if folder.name.removeprefix(MOVED_ASIDE).isdecimal():
                shutil.rmtree(folder, ignore_errors=True)


def _program() -> list[str]:
    """The command line of this process without the program's own arguments."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    own = len(sys.argv) - 1
    return [sys.executable, *sys.orig_argv[1 : len(sys.orig_argv) - own]]
