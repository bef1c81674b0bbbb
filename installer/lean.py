"""Modules as they lie in the packaged program: without docstrings, which no program reads and each keeps in memory."""

import ast
from collections.abc import Iterable
from pathlib import Path
from types import CodeType

_HAS_ONE = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
IN_ITS_PLACE = " "
"""Not nothing: `dataclasses` describes each class that has none by its signature, and a start would take longer."""


def lean(modules: Iterable[tuple[str, str | None, str]]) -> dict[str, CodeType]:
    """The compiled modules by their names, from PyInstaller's list of names, paths and kinds.

    Not what has no source, as Python's own library for Windows: PyInstaller takes that as it is. What is written for
    another Python it leaves out by itself.
    """
    made = {}
    for name, path, _ in modules:
        if path is not None and path.endswith(".py"):
            try:
                made[name] = compiled(Path(path))
            except SyntaxError:
                continue
    return made


def compiled(path: Path) -> CodeType:
    """One module; lines are those of the file."""
    tree = ast.parse(path.read_bytes(), str(path))
    for node in ast.walk(tree):
        if isinstance(node, _HAS_ONE) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            assert isinstance(first, ast.Expr)
            assert isinstance(first.value, ast.Constant)
            first.value.value = IN_ITS_PLACE
    return compile(tree, str(path), "exec", dont_inherit=True)
