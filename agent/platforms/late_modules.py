"""Keeps modules out of memory that others import for what Gatelight seldom or never uses.

In the place of each lies a stand-in that loads the real module once something is asked of it, and answers with its
contents. An import after that gets the real one.
"""

import sys
import threading
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_ASKED = {"__path__", "__version__", "__all__"}
"""The special names that only users of a module ask for; the others are asked for by all who go through the modules."""
_ONE_AT_A_TIME = threading.Lock()

OF_THE_LIBRARY = ("ssl", "asyncio.sslproto", "hashlib", "secrets")
"""Of Python's own library: what asyncio has for TLS, dbus-fast for one of its ways to log in and filelock for random
numbers (4 MiB, with OpenSSL)."""
OF_A_COMMAND = ("inspect", "bz2", "lzma")
"""Of the same, what a command seldom needs and the agent does: a fifth of the time of `gatelight status`. `dataclasses`
describes classes that have no docstring with it, `shutil` packs archives."""
OF_THE_SCHEDULER = ("importlib.metadata", "multiprocessing", "concurrent.futures.process")
"""What APScheduler imports for plug-ins that are asked for by name, and for work in other processes; Gatelight has
neither (2 MiB, and a reading of all packages that are installed)."""


class _Nothing(Exception):
    """No object is of this kind."""


def _no_version(package: str) -> str:
    raise _Nothing(package)


_LENT: Mapping[tuple[str, str], Mapping[str, object]] = {
    # Asyncio asks of each socket that it connects whether it is an `SSLSocket`.
    ("ssl", "asyncio.base_events"): {"SSLSocket": _Nothing},
    # eventkit and APScheduler ask as they are imported, for what they only show. APScheduler has a version of its own
    # where packages have no metadata.
    ("importlib.metadata", "eventkit.version"): {"version": lambda package: "0"},
    ("importlib.metadata", "apscheduler"): {"version": _no_version, "PackageNotFoundError": _Nothing},
    ("importlib.metadata", "apscheduler.schedulers.base"): {"entry_points": lambda group: ()},
    ("concurrent.futures.process", "apscheduler.executors.pool"): {"BrokenProcessPool": _Nothing},
}
"""By module and who asks it: what the answer is as long as the real module is not loaded. Nothing comes of it, for
want of what only the real module makes. Others get the real contents: they may build on them."""


class StandIn(ModuleType):
    """An empty module that answers with the real one's contents."""

    def __getattr__(self, name: str) -> Any:
        lent = _LENT.get((self.__name__, sys._getframe(1).f_globals.get("__name__", "")), {})
        if lent and sys.modules.get(self.__name__) is self and (name in lent or name == "__path__"):
            if name == "__path__":
                # An import asks this first; of a module that is no package, it goes on.
                raise AttributeError(name)
            return lent[name]
        if name.startswith("__") and name not in _ASKED:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(self._real(), name)

    def _real(self) -> ModuleType:
        from importlib import import_module

        with _ONE_AT_A_TIME:
            replaced = sys.modules.get(self.__name__) is self
            if replaced:
                del sys.modules[self.__name__]
        real = import_module(self.__name__)
        if replaced:
            # Parts of a package that were loaded before it: an import finds them, and binds them no more.
            for part, module in tuple(vars(self).items()):
                if isinstance(module, ModuleType) and part not in vars(real):
                    setattr(real, part, module)
        return real


def keep_out(*names: str) -> None:
    """Put stand-ins where an import finds them, unless the modules are already there."""
    for name in names:
        if name not in sys.modules:
            stand_in = StandIn(name)
            stand_in.__spec__ = ModuleSpec(name, None)
            sys.modules[name] = stand_in
            # An import that finds it binds it no more.
            package, _, part = name.rpartition(".")
            if package in sys.modules:
                setattr(sys.modules[package], part, stand_in)


def keep_face_out(package: str) -> None:
    """The same for what a package itself imports; its parts can be imported one by one without it."""
    from importlib.util import find_spec

    spec = None if package in sys.modules else find_spec(package)
    if spec is not None and spec.submodule_search_locations is not None:
        keep_out(package)
        sys.modules[package].__path__ = list(spec.submodule_search_locations)
