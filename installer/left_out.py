"""What the packaged program does without, though PyInstaller would take it along. `gatelight.spec` leaves it out."""

import re
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

MODULES = (
    # Loaded by what is used here, for what is not.
    *("numpy", "pygments", "markdown_it", "mdurl", "tkinter", "unittest", "pydoc", "setuptools", "pip"),
    # Of Apprise: its command, its configuration, and messages in Markdown.
    *("apprise.cli", "click", "yaml", "markdown"),
    # Kinds of pictures, and writing in them; ours are PNG and ICO without words.
    *("PIL._avif", "PIL._webp", "PIL._imagingft", "PIL._imagingcms", "PIL.AvifImagePlugin", "PIL.WebPImagePlugin"),
    # Work in other processes, of APScheduler: see `agent.platforms.late_modules`. Without it the program starts sooner.
    *("multiprocessing", "concurrent.futures.process", "xmlrpc"),
    # Where APScheduler could keep its jobs, and what else could run them.
    *(f"apscheduler.jobstores.{name}" for name in ("etcd", "mongodb", "redis", "rethinkdb", "sqlalchemy", "zookeeper")),
    *(f"apscheduler.executors.{name}" for name in ("gevent", "tornado", "twisted")),
    *(f"apscheduler.schedulers.{name}" for name in ("gevent", "qt", "tornado", "twisted")),
    # In the place of compiled modules, which every package has.
    *("_pydecimal", "multidict._multidict_py"),
    # Compiled, of a list with a few entries, which exists without it: it alone would bring libstdc++ along (2 MB).
    "frozenlist._frozenlist",
)

_PICTURES = ("Bmp", "Ico", "Png")
"""Pillow's kinds of pictures that are used; each other one is loaded only when a picture needs it."""
_UNREAD = re.compile(
    r"[^/]+\.dist-info/RECORD"
    # Of the time zones, what they are made from; on Linux those of the system are used.
    r"|tzdata/zoneinfo/(tzdata\.zi|leapseconds|\w+\.tab)"
)
_ICONS = {"win32": (".png", ".ico", ".svg"), "darwin": (".png", ".svg", ".icns")}
"""By system: the kinds of files of `icons` that something reads there."""


def modules() -> tuple[str, ...]:
    """The names of all modules, with those that only what is installed here tells."""
    found = find_spec("PIL")
    assert found is not None
    assert found.submodule_search_locations, "Pillow was not found"
    plugins = sorted(Path(found.submodule_search_locations[0]).glob("*ImagePlugin.py"))
    return MODULES + tuple(f"PIL.{p.stem}" for p in plugins if p.stem.removesuffix("ImagePlugin") not in _PICTURES)


def is_read(name: str) -> bool:
    """Whether a file with this name, relative to the program's folder and with slashes, is ever read."""
    return _UNREAD.fullmatch(name) is None


def icons(files: Iterable[Path], system: str = sys.platform) -> list[Path]:
    """Those of these files that are read on a system."""
    return sorted(file for file in files if file.suffix in _ICONS.get(system, (".png", ".svg")))
