"""Real Windows processes and sockets: both applications are found at once, and the day of the demonstration runs."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.desktop_session import wait_until
from tests.windows_desktop import WindowsDesktop, finished
from tests.windows_python import windows_path

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(420)]

GATEWAY, TWS = 4002, 7497
DEMO_SECONDS = 360.0
"""Six times what it takes on a quiet machine."""


@contextmanager
def simulated(windows: WindowsDesktop, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A simulated application, logged in and listening."""
    process = windows.start("-m", "agent", "simulate", *options)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "listening on" in line or "port" in line:
                break
        yield process
    finally:
        process.kill()
        process.communicate()


def doctor(windows: WindowsDesktop, folder: Path) -> dict[str, Any]:
    """What the doctor sees, by the application's kind."""
    _status, output = windows.run("-m", "agent", "doctor", "--json", "--data-dir", windows_path(folder))
    shown = json.loads(output[output.index("{") :])
    return {c["application"]["kind"]: c for c in shown["connections"] if "application" in c}


def test_tws_and_ib_gateway_are_found_at_once_with_version_and_port(windows: WindowsDesktop, tmp_path: Path) -> None:
    tws = ("--application", "tws", "--app-version", "10.44", "--port", str(TWS))
    with simulated(windows, "--port", str(GATEWAY)), simulated(windows, *tws):
        found: dict[str, Any] = {}

        def both() -> bool:
            found.update(doctor(windows, tmp_path))
            return len(found) == 2

        wait_until(both, "both applications")

    seen = {kind: (c["application"]["version"], c["application"]["listening"], c["phase"]) for kind, c in found.items()}
    assert seen == {"gateway": ("10.45", [GATEWAY], "connected"), "tws": ("10.44", [TWS], "connected")}


def test_the_day_of_the_demonstration_runs(windows: WindowsDesktop) -> None:
    status, said = finished(windows.start("-m", "agent", "demo", "--no-tray"), DEMO_SECONDS)

    assert status == 0, said
    assert "did not happen" not in said
    assert "Traceback" not in said
