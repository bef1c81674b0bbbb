"""What every package is made of: the packaged program, the Python that packages it, and what the system must have."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import third_party

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
WORK = ROOT / "build"
"""Kept between two builds: environments, base systems. Everything in it can be made again."""
SPEC = HERE / "gatelight.spec"
LOCKS = (ROOT / "requirements.lock", HERE / "remote.lock", HERE / "requirements.lock")
"""What the program needs, its extra `remote`, which every package holds, and what packages it."""
PLAIN = {"PYINSTALLER_ZLIB_COMPRESSION_LEVEL": "0", "PYTHONNODEBUGRANGES": "1"}
"""For PyInstaller: modules lie uncompressed in the program. The package compresses them, all together and better, and
the program starts sooner. They do not tell where in its line each step is: a traceback points there only where it can
show the line, and the program has no source."""
PARTS = ".parts.json"
"""Ends the name of a file beside each package that lists what is in it, for `release.py`."""
DOWNLOAD = "GATELIGHT_DOWNLOAD_URL"
"""Names the folder on the web that the packages will lie in. The packaged program looks there for newer versions, where
the user wishes that; without it, it knows no address."""


class CannotBuild(Exception):
    """What is asked for cannot be built here; `str()` says why, in one sentence."""


class NotHere(CannotBuild):
    """This is built on another system."""


def version() -> str:
    """The version of this checkout."""
    for line in (ROOT / "agent/__init__.py").read_text(encoding="utf-8").splitlines():
        if line.startswith("__version__"):
            return line.split('"')[1]
    raise CannotBuild("agent/__init__.py names no version.")


def web_address(name: str, told: Mapping[str, str] = os.environ) -> str | None:
    """The https address that a variable names, without a slash at its end, or None. CannotBuild for any other."""
    address = told.get(name, "").strip().rstrip("/")
    if address and re.fullmatch(r"https://[\w-]+(\.[\w-]+)+(:\d+)?(/[\w.~+,=:@%/-]*)?", address, re.ASCII) is None:
        raise CannotBuild(f"{name} is “{address}”, but must be an https address.")
    return address or None


def source_date() -> int:
    """The time that all files of a package have, in seconds since 1970: that of the last commit, or now."""
    if said := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(said)
    asked = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False) if shutil.which("git") else None
    if done is not None and done.returncode == 0:
        return int(done.stdout)
    return int((ROOT / "agent/__init__.py").stat().st_mtime)


def call(*command: str | Path, **more: str) -> None:
    """Run a command with these variables added to the environment; CannotBuild where it fails."""
    words = [str(word) for word in command]
    if subprocess.run(words, check=False, env=os.environ | more, stdin=subprocess.DEVNULL).returncode:
        raise CannotBuild(f"`{' '.join(words[:4])} …` failed: see the lines above.")


def need(*packages: str) -> None:
    """Have these Debian packages installed: installs what is missing; CannotBuild where it may not."""
    if shutil.which("dpkg-query") is None:
        raise NotHere(f"This is built on Debian or Ubuntu alone; it needs {' '.join(packages)}.")
    missing = [package for package in packages if not _installed(package)]
    if not missing:
        return
    if os.geteuid() != 0:
        raise CannotBuild(f"Missing: {' '.join(missing)}. `sudo apt install {' '.join(missing)}` installs that.")
    print(f"Installing {' '.join(missing)} …", file=sys.stderr, flush=True)
    apt = ("apt-get", "-qq", "-o", "Dpkg::Use-Pty=0")
    call(*apt, "update")
    call(*apt, "install", "-y", "--no-install-recommends", *missing, DEBIAN_FRONTEND="noninteractive")


def said(*command: str | Path, **more: str) -> str:
    """What a command prints, without the white space around it; CannotBuild where it fails."""
    words = [str(word) for word in command]
    environment = os.environ | more
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise CannotBuild(f"`{' '.join(words[:4])} …` failed: {done.stderr.strip()}")
    return done.stdout.strip()


def parts_of(program: Path) -> str:
    """The list of what a packaged program brings along, as JSON."""
    return (program / "_internal" / third_party.LIST).read_text(encoding="utf-8")


def list_parts(package: Path, parts: str) -> None:
    """Write the list of what is in a package beside it."""
    package.with_name(package.name + PARTS).write_text(parts, encoding="utf-8")


def _installed(package: str) -> bool:
    asked = ["dpkg-query", "-W", "-f=${db:Status-Status}", package]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout == "installed"


def environment(base: Path, name: str = "python", locks: Sequence[Path] = LOCKS) -> Path:
    """The Python of an environment with what these locks name, made from the Python `base`; quick when it is there."""
    folder = WORK / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = "\n".join([str(base.resolve()), *(lock.read_text(encoding="utf-8") for lock in locks)])
    seal = folder / "made-from.txt"
    if not seal.exists() or seal.read_text(encoding="utf-8") != wanted:
        print(f"Preparing {folder} …", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        call(base, "-m", "venv", folder)
        pip = (python, "-m", "pip", "--disable-pip-version-check", "-q", "install", "--require-hashes")
        for lock in locks:
            call(*pip, "-r", lock)
        seal.write_text(wanted, encoding="utf-8")
    return python


def freeze(python: Path, **more: str) -> Path:
    """Make the packaged program with this Python, and these variables; returns its folder."""
    made = WORK / "packaged"
    folders = ("--distpath", made, "--workpath", WORK / "pyinstaller")
    print("Packaging the program …", file=sys.stderr, flush=True)
    call(python, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "ERROR", *folders, SPEC, **PLAIN, **more)
    program = made / "gatelight" / ("gatelight.exe" if os.name == "nt" else "gatelight")
    # The build does not say what it did not find; the program does.
    call(program, "try-own-files")
    return program.parent
