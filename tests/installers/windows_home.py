"""A Windows of its own for a test, under Wine and as an ordinary user of this machine, on a screen of its own."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from windows.wine_python import wine_environment

from tests.desktop_session import screen
from tests.installers.windows_setups import TEMPLATE, TESTED, USER
from tests.windows_desktop import finished

PATIENCE = 120.0
"""Seconds for what takes two or three on a quiet machine."""
RUN_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
UNINSTALL_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Gatelight"


@dataclass
class WindowsHome:
    """The Windows of one user."""

    folder: Path
    display: str
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    moved: Path | None = None
    """Where the program is, if not in its usual place."""

    @property
    def prefix(self) -> Path:
        """Wine's folder."""
        return self.folder / "prefix"

    @property
    def drive(self) -> Path:
        """Drive C:."""
        return self.prefix / "drive_c"

    @property
    def programs(self) -> Path:
        """Where the program is: unless told otherwise, where setup.exe installs it."""
        return self.moved or self.drive / "users/nobody/AppData/Local/Programs/Gatelight"

    @property
    def data(self) -> Path:
        """Where Gatelight keeps what it knows."""
        return self.drive / "users/nobody/AppData/Local/gatelight"

    @property
    def environment(self) -> dict[str, str]:
        """Of every program there."""
        own = {"DISPLAY": self.display, "HOME": str(self.folder), "USER": "nobody", "LC_ALL": "C.UTF-8"}
        return wine_environment(self.prefix) | own

    def start(self, *command: str | Path) -> subprocess.Popen[str]:
        """Start a Windows program."""
        process = subprocess.Popen(
            ["wine", *map(str, command)],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            user=USER,
            group=USER,
            extra_groups=[],
        )
        self.started.append(process)
        return process

    def run(self, *command: str | Path, seconds: float = PATIENCE) -> tuple[int, str]:
        """Run a Windows program to its end: exit status and output."""
        return finished(self.start(*command), seconds)

    def setup(self, number: str, *options: str) -> int:
        """Run a version's setup.exe silently; returns its exit status."""
        status, _output = self.run(TESTED / f"setup-{number}.exe", "/S", *options)
        return status

    def gatelight(self, *arguments: str) -> tuple[int, str]:
        """Run the installed command."""
        return self.run(self.programs / "gatelight.exe", *arguments)

    def status(self) -> dict[str, Any]:
        """What the running agent shows; empty where none answers."""
        _status, output = self.gatelight("status", "--json")
        found: dict[str, Any] = json.loads(output[output.index("{") :]) if "{" in output else {}
        return found

    def codes(self) -> list[str]:
        """The problems that the running agent shows."""
        return [p["code"] for c in self.status().get("connections", ()) for p in c["problems"] if p["visible"]]

    def value(self, key: str, name: str) -> str:
        """A value of the registry as `reg query` prints it; empty where there is none."""
        status, output = self.run("reg", "query", key, "/v", name)
        lines = [line for line in output.splitlines() if line.strip().startswith(name)]
        return lines[0].split("REG_SZ")[-1].strip() if status == 0 and lines else ""

    def files(self) -> set[str]:
        """Every file and folder of the user's, and of the programs."""
        return {str(p.relative_to(self.drive)) for root in ("users", "Program Files") for p in self._below(root)}

    def _below(self, root: str) -> Iterator[Path]:
        yield from (p for p in (self.drive / root).rglob("*") if "Temp" not in p.parts)

    def registry(self) -> set[str]:
        """The lines of the user's registry that name Gatelight, keys and values."""
        self.settled()
        text = (self.prefix / "user.reg").read_text(encoding="utf-8", errors="replace")
        return {line for line in text.splitlines() if "gatelight" in line.lower()}

    def settled(self) -> None:
        """Wait until every program has ended and the registry is written."""
        self._server("-k")
        self._server("-w")

    def end(self) -> None:
        """End every program."""
        self._server("-k")
        for process in self.started:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _server(self, option: str) -> None:
        subprocess.run(
            ["wineserver", option],
            env=self.environment,
            check=False,
            timeout=60,
            user=USER,
            group=USER,
            extra_groups=[],
        )


@contextmanager
def windows_home() -> Iterator[WindowsHome]:
    """A Windows on which nothing was installed."""
    folder = Path(tempfile.mkdtemp(prefix="gatelight-windows-"))
    try:
        with screen(folder) as display:
            # Linked: Wine replaces the files that it changes, and changes none of Windows' own.
            subprocess.run(["cp", "-al", str(TEMPLATE / "prefix"), str(folder / "prefix")], check=True, timeout=60)
            for registry in (folder / "prefix").glob("*.reg"):
                text = registry.read_bytes()
                registry.unlink()
                registry.write_bytes(text)
            for path in (folder, *(folder / "prefix").glob("*.reg")):
                os.chown(path, USER, USER)
            home = WindowsHome(folder, display)
            try:
                yield home
            finally:
                home.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def until(true: Callable[[], object], what: str) -> None:
    """Wait for what another program does."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {what}"
        time.sleep(0.3)
