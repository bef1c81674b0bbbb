"""Keeps numpy out of memory: eventkit imports it with ib_async, and nothing that Gatelight calls uses it.

numpy is half of a packaged program and 12 MiB of a running one. In its place lies a module that loads the real numpy
once something is asked of it. A packaged program holds no numpy, so there the question ends in ModuleNotFoundError.
"""

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_ASKED = {"__path__", "__version__", "__all__"}
"""The special names that only users of numpy ask for; the others are asked for by all who go through the modules."""


class NumpyStandIn(ModuleType):
    """An empty module that answers with the real numpy's contents."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in _ASKED:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def keep_numpy_out() -> None:
    """Put the stand-in where an import finds it, unless numpy is already there."""
    if "numpy" not in sys.modules:
        stand_in = NumpyStandIn("numpy")
        stand_in.__spec__ = ModuleSpec("numpy", None)
        sys.modules["numpy"] = stand_in
