"""The licences of what a packaged program brings along, as one text; runs in the Python that builds it."""

import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path

FILE = "THIRD-PARTY-LICENCES.txt"
"""Its name in the packaged program."""
BUILT_IN = "pyinstaller"
"""Starts every packaged program, though no file of it is copied under its own name."""
_HEAD = """Gatelight brings along the programs and libraries below, each under its own licence.

pystray and python-xlib are under the GNU Lesser General Public License; they lie in this folder as plain files,
pystray/ and Xlib/, and another version may be put in their place. bidict is under the Mozilla Public License 2.0;
its source is at https://github.com/jab/bidict.
"""


class NoLicence(Exception):
    """A part without the text of its licence."""


def texts(sources: Iterable[Path]) -> str:
    """The licences of everything these files belong to. NoLicence where a Python package has none."""
    named = {str(path.absolute()) for path in sources}
    found, owned = {}, set[str]()
    for package in distributions():
        files = {str(Path(str(package.locate_file(file))).absolute()) for file in package.files or ()}
        if files & named or package.name == BUILT_IN:
            found[f"{package.name} {package.version}"] = _of_package(package)
            owned |= files
    found |= _of_system(sorted(named - owned))
    parts = (f"{'=' * 100}\n{name}\n{'=' * 100}\n\n{found[name].strip()}\n" for name in sorted(found, key=str.lower))
    return "\n".join([_HEAD, *parts])


def _of_package(package: Distribution) -> str:
    names = ("license", "licence", "copying", "notice")
    files = [f for f in package.files or () if f.name.lower().startswith(names) and f.suffix not in (".py", ".pyc")]
    said = [Path(str(package.locate_file(file))).read_text(encoding="utf-8", errors="replace") for file in files]
    about = package.metadata
    declared = next((about[key] for key in ("License-Expression", "License") if key in about), "")
    if not said and not declared:
        raise NoLicence(f"{package.name} brings no text of its licence")
    return "\n\n".join(said) or f"Licence: {declared}"


def _of_system(paths: list[str]) -> dict[str, str]:
    """What comes with Python, or from the system's own packages."""
    if sys.platform in ("win32", "darwin"):
        kept = (Path(sys.base_prefix) / "LICENSE.txt", Path(sys.base_prefix) / "LICENSE")
        return {f"Python {sys.version.split()[0]}": _first(kept)}
    known: set[str] = set()
    # A library is known by its path before or after /lib became a link.
    asked = {way for path in paths for way in (path, path.removeprefix("/usr"), str(Path(path).resolve()))}
    answer = subprocess.run(["dpkg-query", "-S", *sorted(asked)], capture_output=True, text=True, check=False).stdout
    for line in answer.splitlines():
        known.add(line.partition(":")[0])
    found = {f"{name} (Debian)": _first((Path(f"/usr/share/doc/{name}/copyright"),)) for name in sorted(known)}
    if not any("python" in name for name in found):
        raise NoLicence("the licence of Python was not found: build with Debian’s own Python")
    return found


def _first(places: Iterable[Path]) -> str:
    for place in places:
        if place.exists():
            return place.read_text(encoding="utf-8", errors="replace")
    raise NoLicence(f"there is no {places}")
