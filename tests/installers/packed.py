"""The modules in a packaged program, as it lies on the disk."""

import marshal
from pathlib import Path

_MAGIC = b"PYZ\0"
"""Begins PyInstaller's archive of modules; a number of Python's format and the place of the list follow."""


def modules_of(program: Path) -> set[str]:
    """The names of the modules in it."""
    content = program.read_bytes()
    begin = content.rindex(_MAGIC)
    place = begin + int.from_bytes(content[begin + 8 : begin + 12], "big")
    return {str(entry[0]) for entry in marshal.loads(content[place:])}
