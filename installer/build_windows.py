"""What Windows users get, made on Debian with Wine: the packaged program, setup.exe and an .msi."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import packaged
from packaged import LOCKS, ROOT, SPEC, CannotBuild
from windows.wine_python import WindowsPython, windows_path

HERE = Path(__file__).resolve().parent / "windows"
WORK = packaged.WORK / "windows"
PYTHON = WindowsPython(WORK, dict.fromkeys(LOCKS), (ROOT,))
DEBIAN_PACKAGES = ("wine", "wine64", "nsis", "wixl", "osslsigncode")
PROGRAMS = ("gatelight.exe", "gatelightw.exe")
STEP_SECONDS = 900.0


@dataclass(frozen=True)
class Signing:
    """The certificate that programs are signed with."""

    certificate: Path
    """PEM, with the chain."""
    key: Path
    """PEM."""
    time_server: str | None = None
    """Address of a time-stamp server; without one a signature ends with its certificate."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Signing | None":
        """By GATELIGHT_SIGN_CERT, GATELIGHT_SIGN_KEY and GATELIGHT_SIGN_TIME; None where there is no certificate."""
        if not (certificate := environment.get("GATELIGHT_SIGN_CERT")):
            return None
        key = environment.get("GATELIGHT_SIGN_KEY") or certificate
        return cls(Path(certificate).absolute(), Path(key).absolute(), environment.get("GATELIGHT_SIGN_TIME"))

    @property
    def command(self) -> str:
        """A command of the shell that signs the file named after it."""
        time = f" --time {self.time_server}" if self.time_server else ""
        return f"{sys.executable} {HERE / 'sign.py'} {self.certificate} {self.key}{time}"

    def sign(self, program: Path) -> None:
        """Sign a program in its place."""
        _run(*self.command.split(), str(program))


def build(out: Path) -> list[Path]:
    """Make everything in the folder `out`, signed where the environment names a certificate; returns the files."""
    packaged.need(*DEBIAN_PACKAGES)
    version, signing = packaged.version(), Signing.from_environment()
    PYTHON.prepare()
    out.mkdir(parents=True, exist_ok=True)
    folder = freeze()
    answered = run_windows(PYTHON, [str(folder / PROGRAMS[0]), "--version"])
    if version not in answered:
        raise CannotBuild(f"The packaged program says “{answered}” when asked for its version, not {version}.")
    if signing is not None:
        for name in PROGRAMS:
            signing.sign(folder / name)
    setup = make_setup(folder, version, out / f"gatelight-{version}-setup.exe", signing=signing)
    made = [setup, make_msi(folder, version, out / f"gatelight-{version}.msi", signing=signing)]
    for package in made:
        packaged.list_parts(package, packaged.parts_of(folder))
    return made


def freeze(*, python: WindowsPython = PYTHON, first: Path | None = None) -> Path:
    """The folder with the packaged program. `first`: a file that it runs before anything else; for tests alone."""
    work = python.folder / "pyinstaller"
    told = packaged.PLAIN | ({"GATELIGHT_TEST_HOOK": windows_path(first)} if first else {})
    told[packaged.DOWNLOAD] = packaged.web_address(packaged.DOWNLOAD) or ""
    command = [str(python.python), "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR"]
    command += ["--distpath", windows_path(work / "made"), "--workpath", windows_path(work / "work")]
    run_windows(python, [*command, windows_path(SPEC)], **told)
    folder = work / "made" / "gatelight"
    missing = [name for name in PROGRAMS if not (folder / name).exists()]
    if missing:
        raise CannotBuild(f"PyInstaller made no {' and no '.join(missing)}.")
    return folder


def make_setup(folder: Path, version: str, setup: Path, *, signing: Signing | None = None, quick: bool = False) -> Path:
    """setup.exe for one user, of a packaged program; `quick`: large, but made in a few seconds."""
    defines = {"VERSION": version, "FOLDER": folder, "OUT": setup, "ICON": ROOT / "icons/gatelight.ico"}
    if signing is not None:
        defines["SIGN"] = signing.command
    if quick:
        defines["QUICK"] = "1"
    given = [f"-D{name}={value}" for name, value in defines.items()]
    _run("makensis", "-V2", "-XTarget amd64-unicode", *given, str(HERE / "gatelight.nsi"))
    return setup


def make_msi(folder: Path, version: str, made: Path, *, signing: Signing | None = None) -> Path:
    """An .msi for all users of a machine, as companies hand it out."""
    files = sorted(str(p.relative_to(folder.parent)) for p in folder.rglob("*") if p.is_file())
    listed = made.with_suffix(".files")
    names = ("--component-group", "Files", "--var", "var.SourceDir", "--directory-ref", "INSTALLDIR", "--win64")
    listing = _run("wixl-heat", "-p", f"{folder.name}/", *names, given="\n".join(files) + "\n")
    listed.write_text(listing, encoding="utf-8")
    values = {"SourceDir": folder.name, "Version": version, "Win64": "yes"}
    for name, program in zip(("Command", "Windowless"), PROGRAMS, strict=True):
        key = re.search(rf'<File Id="(\w+)"[^>]*/{program}"', listing)
        if key is None:
            raise CannotBuild(f"The .msi would have no {program}.")
        values[name] = key[1]
    given = [word for name, value in values.items() for word in ("-D", f"{name}={value}")]
    # wixl finds the files from the folder it runs in alone.
    _run("wixl", "-a", "x64", *given, "-o", str(made), str(HERE / "gatelight.wxs"), str(listed), at=folder.parent)
    listed.unlink()
    if signing is not None:
        signing.sign(made)
    return made


def run_windows(python: WindowsPython, command: list[str], **told: str) -> str:
    """Run a Windows program to its end and return its output; CannotBuild where it fails."""
    return _run("wine", *command, environment=python.environment() | told)


def _run(*command: str, environment: Mapping[str, str] | None = None, given: str = "", at: Path | None = None) -> str:
    # Wine breaks programs whose output is a file: it is a pipe here.
    done = subprocess.run(
        command,
        env=environment,
        cwd=at,
        input=given,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=STEP_SECONDS,
    )
    if done.returncode:
        raise CannotBuild(f"`{' '.join(command)}` failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout
