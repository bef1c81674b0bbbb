"""The files that this process loads modules from: they stay as they are as long as it may load more of them.

An installer puts other files in their place while the process goes on, and a module of another version does not fit
those in memory: at best it cannot be read (`zlib.error` from a packaged program).
"""

import os
import sys
from importlib.machinery import BuiltinImporter, FrozenImporter

_held: list[int] = []
"""The descriptor of the program on Windows."""


def hold_files() -> None:
    """On Windows, let no program move the packaged one aside from now on.

    Windows lets the file of a running program be renamed, unless it is open without FILE_SHARE_DELETE, as Python opens
    files: see CreateFileW. The setup moves only what is not held so, see `installer/windows/gatelight.nsi`.
    """
    if sys.platform == "win32" and getattr(sys, "frozen", False) and not _held:
        _held.append(os.open(sys.executable, os.O_RDONLY | os.O_BINARY))


def load_no_more() -> None:
    """Load no module from a file from now on: an import of one is a ModuleNotFoundError. Other files may come."""
    # What is in the interpreter itself is always of its version.
    sys.meta_path[:] = [finder for finder in sys.meta_path if finder in (BuiltinImporter, FrozenImporter)]
    while _held:
        os.close(_held.pop())
