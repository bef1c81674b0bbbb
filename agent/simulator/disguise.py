"""Gives our process the name and the command line of another program, by a renamed Python interpreter.

A link to the interpreter, named like the program, is started as `NAME -X… -m agent.simulator.process ARGUMENTS…`.
Python ignores unknown `-X` options, so those of Java can come first, as in a real command line. The arguments after the
module name belong to the disguise: only programs that read the process table see them.

The packaged program has no interpreter to rename, so there it is renamed itself, and its environment tells it that it
plays a part; its command line needs no module then.

Tried on Linux. Written for, but not tried on: macOS (a link too; a framework build of Python may show as "Python") and
Windows (a copy of python.exe with its DLLs beside it).
"""

import contextlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import agent

PACKAGED = bool(getattr(sys, "frozen", False))
"""Whether this is the packaged program."""

PART = "GATELIGHT_PART"
"""What tells the packaged program that it plays a part: see `installer/start.py`."""

MODULE = ("-m", "agent.simulator.process")
"""The module that really runs."""


@dataclass(frozen=True, slots=True)
class Disguise:
    """How a process looks from outside."""

    executable: Path
    """Path of the link to the interpreter; its last part is the process name."""
    interpreter_options: tuple[str, ...] = ()
    """Arguments before the module name: only those that begin with `-X`."""
    arguments: tuple[str, ...] = ()
    """Arguments after the module name."""
    working_folder: Path | None = None
    """The working folder; by default the folder of the executable."""

    @property
    def command(self) -> list[str]:
        """The whole command line."""
        module = () if PACKAGED else MODULE
        return [str(self.executable), *self.interpreter_options, *module, *self.arguments]

    @property
    def folder(self) -> Path:
        """The working folder."""
        return self.working_folder or self.executable.parent

    def put_on(self) -> None:
        """Make the folders and the renamed interpreter, where they do not exist yet."""
        self.executable.parent.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.executable.exists():
            return
        source = interpreter()
        if sys.platform == "win32":
            shutil.copy2(source, self.executable)
            if PACKAGED:
                _share_libraries(source.parent, self.executable.parent)
            for library in (*source.parent.glob("python3*.dll"), *source.parent.glob("vcruntime*.dll")):
                beside = self.executable.parent / library.name
                # Windows does not let the library of a running process be replaced.
                if not beside.exists():
                    shutil.copy2(library, beside)
        else:
            self.executable.symlink_to(source)


def named_process(folder: Path, name: str, *arguments: str, options: tuple[str, ...] = ()) -> Disguise:
    """The disguise of a process called `name`, with these arguments and its executable in `folder`."""
    suffix = ".exe" if sys.platform == "win32" and not name.endswith(".exe") else ""
    return Disguise(folder / f"{name}{suffix}", options, arguments)


def interpreter() -> Path:
    """The real interpreter, outside any virtual environment; of the packaged program, the program."""
    if PACKAGED:
        return Path(sys.executable).resolve()
    return Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()


def environment() -> dict[str, str]:
    """The environment in which a disguised interpreter finds its library and ours, without a virtual environment."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    if PACKAGED:
        return kept | {PART: "1"}
    ours = str(Path(agent.__file__).resolve().parent.parent)
    paths = [ours, *(str(Path(entry).resolve()) for entry in sys.path if entry)]
    home = sys.base_prefix
    if sys.base_exec_prefix != sys.base_prefix:
        home += os.pathsep + sys.base_exec_prefix
    return kept | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "PYTHONHOME": home,
        "PYTHONSAFEPATH": "1",
        "PYTHONIOENCODING": "utf-8",
    }


def _share_libraries(from_folder: Path, to_folder: Path) -> None:
    """Lay the packaged program's libraries beside its copy: a junction, which needs no administrator, else links."""
    name = "_internal"
    ours, shared = from_folder / name, to_folder / name
    if shared.exists():
        return
    if sys.platform == "win32":
        import _winapi

        with contextlib.suppress(OSError):
            _winapi.CreateJunction(str(ours), str(shared))
    # Wine makes junctions that lead nowhere.
    if not (shared / "base_library.zip").exists():
        shutil.copytree(ours, shared, dirs_exist_ok=True, copy_function=_link_or_copy)


def _link_or_copy(source: str, target: str) -> None:
    """Give a file a second name; copy it where that cannot be, as on another drive."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
