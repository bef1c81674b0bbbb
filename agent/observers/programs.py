"""Which program a client of the API port is: the script that an interpreter runs, and its folder as a mark.

A command line is read for that once, and never passed on: it may hold a password. Of it only the name of a script or
module is told.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

from agent.platforms.bounded_process import BoundedProcess
from agent.tws.client_programs import plain_name

try:
    # As Python's own `random` does: hashlib brings OpenSSL with it (4 MiB), and every client of the port is marked.
    from _sha2 import sha256  # type: ignore[import-not-found]
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found]
    except ImportError:
        from hashlib import sha256

_INTERPRETER = re.compile(r"(python|pypy|ipython|java|node|deno|bun|ruby|perl|rscript|r|julia|dotnet|mono)w?[0-9.]*")
_SCRIPT = re.compile(r"[^\\/:*?\"'<>|=]{1,80}\.(?:py|pyw|pyc|pyz|jar|js|mjs|cjs|ts|rb|pl|r|jl|dll|exe)", re.IGNORECASE)
_COMMAND = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,60}")
"""A script without an ending, as Python's installer writes them; only with its folder."""
_MODULE = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*")
"""A module of Python, or a class of Java."""
_WITH_VALUE = {
    "python": frozenset({"-X", "-W", "--check-hash-based-pycs"}),
    "java": frozenset({"-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules"}),
    "node": frozenset({"-r", "--require", "--import"}),
}
"""Options whose value is the next argument."""
_CODE = frozenset({"-c", "-e", "-p", "--eval", "--print", "-E"})
"""Options after which there is a program's text and no file."""
_NUMBERS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """What tells a program from others of its name."""

    script: str = ""
    """File name or module, where an interpreter runs it."""
    place: str = ""
    """A mark of its folder, the same for every version of it; empty where the folder is not known."""


def program_file(pid: int, name: str) -> ProgramFile:
    """The program that a process of this name runs, as far as the system tells."""
    exe, arguments, folder = "", [], ""
    with suppress(psutil.Error, OSError):
        process = BoundedProcess(pid)
        with suppress(psutil.Error, OSError):
            exe = process.exe()
        if _interpreter(name):
            with suppress(psutil.Error, OSError):
                arguments = process.cmdline()
            with suppress(psutil.Error, OSError):
                folder = process.cwd()
    return told_by(name, exe, arguments, folder)


def told_by(name: str, exe: str, arguments: Sequence[str], folder: str) -> ProgramFile:
    """The program, from the process's name, its file, its arguments and its working folder. Pure."""
    kind = _interpreter(name)
    if not kind:
        return ProgramFile(place=_mark(_split(exe)[0]))
    found = _script(kind, arguments[1:])
    if found is None:
        return ProgramFile()
    above, script = _split(found)
    absolute = above.startswith(("/", "\\")) or above[1:2] == ":"
    return ProgramFile(script, _mark(above if absolute else f"{folder}/{above}".rstrip("/.")))


def _interpreter(name: str) -> str:
    found = _INTERPRETER.fullmatch(plain_name(name).lower())
    return "" if found is None else found[1]


def _script(kind: str, arguments: Sequence[str]) -> str | None:
    """The script or module that an interpreter was told to run; None where it was told something else."""
    values, rest = _WITH_VALUE.get(kind, frozenset()), list(arguments)
    while rest:
        one = rest.pop(0)
        if one in ("-m", "-jar"):
            return _accepted(rest[0], module=one == "-m") if rest else None
        if one in _CODE and not (kind == "java" and one == "-p"):
            return None
        if one.startswith("--file="):
            return _accepted(one.removeprefix("--file="))
        if one in values and rest:
            rest.pop(0)
        elif not one.startswith("-"):
            return _accepted(one, module=kind == "java")
    return None


def _accepted(found: str, *, module: bool = False) -> str | None:
    above, name = _split(found)
    if module:
        return found if len(found) <= 80 and _MODULE.fullmatch(found) else None
    return found if _SCRIPT.fullmatch(name) or (above and _COMMAND.fullmatch(name)) else None


def _split(path: str) -> tuple[str, str]:
    """Folder and name, whichever system's path it is."""
    at = max(path.rfind("/"), path.rfind("\\"))
    return path[: at + 1].rstrip("/\\") or path[: at + 1], path[at + 1 :]


def _mark(folder: str) -> str:
    """A folder without its name; versions in it make no difference."""
    return sha256(_NUMBERS.sub("#", folder).encode("utf-8", "replace")).hexdigest()[:12] if folder else ""
