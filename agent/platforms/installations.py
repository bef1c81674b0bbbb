"""Finds TWS and IB Gateway on disk, by the folders that their installers make.

Those that another user could have put there, or can change, are found, but have no command that starts them.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent.core.facts import Installation
from agent.platforms.folders import is_out_of_reach
from agent.tws.applications import ApplicationKind, bundle_kind, spelled_version

_VERSION_FOLDER = re.compile(r"\d{3,4}|\d{1,2}\.\d{1,2}[0-9a-z.]*")
_BUNDLE_VERSION = re.compile(r" (\d+(?:\.\d+)?)\.app$")

OPEN = "/usr/bin/open"
"""Starts a macOS bundle as a double click does."""

_PROGRAMS = {
    ApplicationKind.TWS: ("tws", "tws.exe"),
    ApplicationKind.GATEWAY: ("ibgateway", "ibgateway.exe"),
}
"""File names of the launchers."""

_RENAMED = {ApplicationKind.TWS: "tws1.exe", ApplicationKind.GATEWAY: "ibgateway1.exe"}
"""The names that IBC gives the launchers on Windows, so that only IBC starts them."""


def in_folders(roots: Iterable[Path]) -> tuple[Installation, ...]:
    """Installations below folders like `Jts`: `1045/tws`, `ibgateway/1045/ibgateway`, or only a launcher."""
    found: dict[str, Installation] = {}
    for root in roots:
        for folder, version in _program_folders(root):
            for kind, names in _PROGRAMS.items():
                launcher = next((folder / name for name in names if (folder / name).is_file()), None)
                if launcher is not None or (folder / _RENAMED[kind]).is_file():
                    ours = launcher is not None and is_out_of_reach(launcher)
                    command = (str(launcher),) if ours else ()
                    found.setdefault(str(folder), Installation(kind, version, str(folder), command))
    return tuple(found.values())


def in_bundles(folders: Iterable[Path]) -> tuple[Installation, ...]:
    """Installations as macOS bundles, `<folder>/IB Gateway 10.45/IB Gateway 10.45.app`, without uninstallers."""
    found: list[Installation] = []
    for folder in folders:
        for bundle in (*_entries(folder, ".app"), *(b for d in _entries(folder) for b in _entries(d, ".app"))):
            kind = bundle_kind(f"{bundle.as_posix()}/Contents/MacOS/")
            if kind is not None:
                version = _BUNDLE_VERSION.search(bundle.name)
                spelled = spelled_version(version[1]) if version else None
                command = (OPEN, str(bundle)) if is_out_of_reach(bundle) else ()
                found.append(Installation(kind, spelled, str(bundle), command))
    return tuple(found)


def _program_folders(root: Path) -> Iterator[tuple[Path, str | None]]:
    for parent in (root, root / "ibgateway", root / "tws"):
        yield parent, None
        for folder in _entries(parent):
            if _VERSION_FOLDER.fullmatch(folder.name):
                yield folder, spelled_version(folder.name)


def _entries(folder: Path, ending: str = "") -> list[Path]:
    """Subfolders with this ending; none where the folder is missing or withheld."""
    try:
        return sorted(p for p in folder.iterdir() if p.name.endswith(ending) and p.is_dir())
    except OSError:
        return []
