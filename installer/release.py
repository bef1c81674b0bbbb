"""Makes a release of a folder with packages: `python3 installer/release.py [FOLDER]`, `dist` where none is named.

Beside the packages that `build.py` made it lays an SBOM of each, SHA256SUMS and RELEASE-NOTES.md. With the address they
will be fetched from, GATELIGHT_DOWNLOAD_URL, it adds the manifest for winget, and latest.json, which Gatelight's check
for updates reads; GATELIGHT_RELEASE_PAGE is the page that people are sent to, where it is another one.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from packaged import DOWNLOAD, HERE, PARTS, ROOT, CannotBuild, environment, source_date, version, web_address
from third_party import from_list
from windows import winget

PAGE = "GATELIGHT_RELEASE_PAGE"
LOCK = HERE / "release.lock"
SUMS = "SHA256SUMS"
NOTES = "RELEASE-NOTES.md"
LATEST = "latest.json"
WINGET = "winget"
ENDING = ".cdx.json"
"""Ends the name of an SBOM, after the name of its package."""
_ENDINGS = (".deb", "-image.tar.gz", "-setup.exe", ".msi", ".dmg")
"""How the names of the packages end."""


def main(arguments: list[str]) -> int:
    """Make the release; returns the exit status."""
    parser = argparse.ArgumentParser(prog="release.py", description="Makes a release of a folder with packages.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dist", help="where the packages lie (dist)")
    parser.add_argument("--tag", help="the tag that is released; refused where it is not that of this version")
    asked = parser.parse_args(arguments)
    try:
        if find_spec("cyclonedx") is None:
            # Once more, by a Python that has it.
            python = environment(Path(sys.executable), "release", (LOCK,))
            return subprocess.run([python, __file__, *arguments], check=False).returncode
        check_tag(asked.tag)
        for file in release(asked.folder.absolute(), os.environ):
            print(file)
    except CannotBuild as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


def check_tag(tag: str | None) -> None:
    """CannotBuild where a tag is not that of this version."""
    if tag is not None and tag != f"v{version()}":
        raise CannotBuild(f"The tag is {tag}, and this is v{version()}: put the version into agent/__init__.py first.")


def release(folder: Path, told: Mapping[str, str]) -> list[Path]:
    """Make all files of a release beside the packages in a folder; returns them. CannotBuild where one is missing."""
    number, when, address = version(), source_date(), web_address(DOWNLOAD, told)
    page = web_address(PAGE, told) or address
    if page and address and urlsplit(page).netloc.lower() != urlsplit(address).netloc.lower():
        # Gatelight shows no page of another host than the one it asked.
        raise CannotBuild(f"{PAGE} and {DOWNLOAD} name two hosts: {page}, {address}.")
    packages = packages_in(folder, number)
    notes = notes_of((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), number)
    _remove_earlier(folder)
    made = _documents(packages, number, when)
    made.append(_written(folder / SUMS, sums(sorted([*packages, *made]))))
    made.append(_written(folder / NOTES, notes))
    if address and page:
        made.append(_written(folder / LATEST, latest(number, when, page)))
        for setup in (package for package in packages if package.name.endswith("-setup.exe")):
            made += winget.write(folder / WINGET, number, setup, f"{address}/{setup.name}")
    return made


def _remove_earlier(folder: Path) -> None:
    """What an earlier run made need not be made by this one."""
    for file in (*folder.glob(f"*{ENDING}"), *(folder / name for name in (SUMS, NOTES, LATEST))):
        file.unlink(missing_ok=True)
    shutil.rmtree(folder / WINGET, ignore_errors=True)


def packages_in(folder: Path, number: str) -> list[Path]:
    """The packages in a folder. CannotBuild where there is none, or one that is not of this version."""
    found = sorted(file for file in folder.glob("*") if file.name.endswith(_ENDINGS))
    if not found:
        raise CannotBuild(f"There is no package in {folder}: `python3 installer/build.py all` makes them.")
    for file in found:
        if re.search(rf"[-_]{re.escape(number)}([-_]|\.[a-z]+$)", file.name) is None:
            raise CannotBuild(f"{file} is not of version {number}: a release has packages of one version.")
    return found


def notes_of(changelog: str, number: str) -> str:
    """What the CHANGELOG says of a version. CannotBuild where it says nothing."""
    for section in re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        if heading.split(" ")[0] == number and text.strip():
            return f"# Gatelight {number}\n\n{text.strip()}\n"
    raise CannotBuild(f"CHANGELOG.md says nothing of version {number}: it wants a section “## {number}”.")


def sums(files: Iterable[Path]) -> str:
    """The lines that `sha256sum --check` reads."""
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


def latest(number: str, when: int, page: str) -> str:
    """What Gatelight’s check for updates reads: the version, its day in UTC, and the page to send people to."""
    day = datetime.fromtimestamp(when, UTC).date().isoformat()
    return json.dumps({"schema": 1, "version": number, "date": day, "page": page}) + "\n"


def _documents(packages: Iterable[Path], number: str, when: int) -> list[Path]:
    """Write the SBOM of each package. CannotBuild where a package has no list of its parts."""
    import sbom

    made = []
    for package in packages:
        listed = package.with_name(package.name + PARTS)
        try:
            parts = from_list(listed.read_text(encoding="utf-8"))
        except (OSError, ValueError, TypeError, AttributeError):
            raise CannotBuild(f"{listed} cannot be read: `build.py` lays it beside the package.") from None
        text = sbom.document(package, number, parts, when)
        made.append(_written(package.with_name(package.name + ENDING), text))
    return made


def _written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8", newline="\n")
    return file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
