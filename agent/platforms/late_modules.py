"""Keeps modules out of memory that others import for what Gatelight seldom or never uses.

In the place of each lies a stand-in that loads the real module once something is asked of it, and answers with its
contents. An import after that gets the real one. Where a module of a library takes a name by itself as it is imported,
it gets a `Late`.
"""

import os
import sys
import threading
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_ASKED = {"__path__", "__version__", "__all__"}
"""The special names that only users of a module ask for; the others are asked for by all who go through the modules."""
_ONE_AT_A_TIME = threading.Lock()

OF_THE_LIBRARY = (
    *("ssl", "asyncio.sslproto", "hashlib", "secrets", "decimal", "pickle", "platform", "sysconfig"),
    *("xml", "xml.etree", "xml.etree.ElementTree", "xml.parsers", "xml.parsers.expat"),
)
"""Of Python's own library: what asyncio has for TLS, dbus-fast for one of its ways to log in and filelock for random
numbers (4 MiB, with OpenSSL); decimal numbers, which filelock knows; what logging sends to other computers; what
dbus-fast tells a program that explores the bus."""
OF_A_COMMAND = ("inspect", "bz2", "lzma")
"""Of the same, what a command seldom needs and the agent does: a fifth of the time of `gatelight status`. `dataclasses`
describes classes that have no docstring with it, `shutil` packs archives."""
OF_THE_SCHEDULER = (
    "importlib.metadata", "multiprocessing", "concurrent.futures.process", "tzlocal", "uuid", "calendar"
)  # fmt: skip
"""What APScheduler imports for plug-ins that are asked for by name, for work in other processes, for the time zone of
this computer and for jobs without a name; Gatelight has none (2 MiB, and a reading of all packages that are installed).
"""
OF_PILLOW = ("PIL._imagingft", "PIL.ImageFont", "PIL.ImageText", "PIL.ExifTags", "PIL.TiffTags")
"""What an icon has not: words, and what cameras and scanners tell. Writing brings two libraries."""
OF_EVENTKIT = tuple(
    f"eventkit.ops.{part}"
    for part in ("aggregate", "array", "combine", "create", "misc", "op", "select", "timing", "transform")
)
"""What eventkit can do with events beyond handing them out."""
OF_IB_ASYNC = ("ib_async.contract", "ib_async.objects", "ib_async.order", "ib_async.wrapper")
"""What ib_async makes of messages that a watching session does not read."""


class _Nothing(Exception):
    """No object is of this kind."""


def _no_version(package: str) -> str:
    raise _Nothing(package)


def _day_and_time(parts: tuple[int, ...]) -> int:
    """`calendar.timegm`."""
    from datetime import UTC, datetime

    return int(datetime(*parts[:6], tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]


_ZONES = "/usr/share/zoneinfo"


def _setting_of_python(name: str) -> Any:
    """`sysconfig.get_config_var`; where the zones usually lie it does not take all that Python was made with."""
    if name == "TZPATH" and os.path.isdir(_ZONES):  # noqa: PTH112 - pathlib is not loaded for a quick command
        return _ZONES
    from sysconfig import get_config_var

    return get_config_var(name)


_LENT: Mapping[tuple[str, str], Mapping[str, object]] = {
    # Asyncio asks of each socket that it connects whether it is an `SSLSocket`.
    ("ssl", "asyncio.base_events"): {"SSLSocket": _Nothing},
    # eventkit and APScheduler ask as they are imported, for what they only show. APScheduler has a version of its own
    # where packages have no metadata.
    ("importlib.metadata", "eventkit.version"): {"version": lambda package: "0"},
    ("importlib.metadata", "apscheduler"): {"version": _no_version, "PackageNotFoundError": _Nothing},
    ("importlib.metadata", "apscheduler.schedulers.base"): {"entry_points": lambda group: ()},
    ("concurrent.futures.process", "apscheduler.executors.pool"): {"BrokenProcessPool": _Nothing},
    ("calendar", "apscheduler.util"): {"timegm": _day_and_time},
    ("sysconfig", "zoneinfo._tzpath"): {"get_config_var": _setting_of_python},
}
"""By module and who asks it: what the answer is as long as the real module is not loaded. Nothing comes of it, for
want of what only the real module makes. Others get the real contents: they may build on them."""
_TAKEN: Mapping[str, frozenset[str]] = {
    "decimal": frozenset({"filelock._api"}),
    "tzlocal": frozenset({"apscheduler.schedulers.base", "apscheduler.triggers.interval"}),
    "uuid": frozenset({"apscheduler.job"}),
    "xml.etree.ElementTree": frozenset({"dbus_fast.introspection"}),
    **dict.fromkeys(OF_EVENTKIT, frozenset({"eventkit.event"})),
    **dict.fromkeys(OF_IB_ASYNC, frozenset({"ib_async.client", "ib_async.decoder"})),
}
"""By module, who takes names of it without a need for them yet: they get a `Late` of each."""


class Late:
    """A class or function of a module that is not loaded: it does what the real one does, and loads it for that."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def _real(self) -> Any:
        from importlib import import_module

        return getattr(import_module(self._module), self._name)

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Call the real one."""
        return self._real()(*given, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real(), name)

    def __instancecheck__(self, instance: object) -> bool:
        # As long as its module is not loaded, there is none.
        return self._is_loaded() and isinstance(instance, self._real())

    def __subclasscheck__(self, subclass: type) -> bool:
        return self._is_loaded() and issubclass(subclass, self._real())

    def _is_loaded(self) -> bool:
        return not isinstance(sys.modules.get(self._module), StandIn | None)

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type, ...]:
        return (self._real(),)


class StandIn(ModuleType):
    """An empty module that answers with the real one's contents."""

    def __getattr__(self, name: str) -> Any:
        asker = sys._getframe(1).f_globals.get("__name__", "")
        lent, taken = _LENT.get((self.__name__, asker), {}), asker in _TAKEN.get(self.__name__, ())
        if (lent or taken) and sys.modules.get(self.__name__) is self:
            if name == "__path__":
                # An import asks this first; of a module that is no package, it goes on.
                raise AttributeError(name)
            if name in lent:
                return lent[name]
            if taken:
                return Late(self.__name__, name)
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


def keep_face_out(package: str, **shown: str) -> None:
    """The same for what a package itself imports; its parts can be imported one by one without it.

    `shown`: names that it is asked for without what else it imports, and the part that has each.
    """
    from importlib import import_module
    from importlib.util import find_spec

    spec = None if package in sys.modules else find_spec(package)
    if spec is not None and spec.submodule_search_locations is not None:
        keep_out(package)
        sys.modules[package].__path__ = list(spec.submodule_search_locations)
        for name, part in shown.items():
            setattr(sys.modules[package], name, getattr(import_module(f"{package}.{part}"), name))
