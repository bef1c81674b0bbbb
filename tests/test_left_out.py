"""What the packages leave out: the program does without it, as long as it is not asked for."""

import subprocess
import sys
from pathlib import Path

import left_out
import pytest

from agent.simulator.free_ports import free_port
from tests import commands
from tests.commands import PATIENCE, ROOT, Place, codes, environment, paper_file, web_server

WITHOUT = f"""
import sys

class Nowhere:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in {left_out.modules()!r}:
            with open({{told!r}}, "a") as file:
                print(name, file=file)
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Nowhere)
"""
"""Runs before a program: none of these modules can be found, and a file gets the name of each that is asked for."""
ASKED_IN_VAIN = {
    # Of Pillow and Apprise, which do without.
    *("PIL._avif", "PIL._webp", "PIL._imagingft", "PIL._imagingcms", "markdown", "yaml"),
    *("click", "apprise.cli", "pygments", "markdown_it"),
    "frozenlist._frozenlist",
}


@pytest.fixture
def without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Processes of Python find none of these modules; the file tells what they asked for."""
    asked = tmp_path / "asked"
    asked.touch()
    (tmp_path / "sitecustomize.py").write_text(WITHOUT.format(told=str(asked)), encoding="utf-8")
    plain = environment()
    monkeypatch.setattr(commands, "environment", lambda: {**plain, "PYTHONPATH": f"{tmp_path}:{ROOT}"})
    return asked


def test_an_agent_runs_without_it(tmp_path: Path, without: Path) -> None:
    place = Place(tmp_path)
    with web_server() as port:
        place.config.write_text(f"[metrics]\nport = {free_port()}\n" + paper_file(port), encoding="utf-8")
        with place.agent():
            place.until(codes)
            said = [place.do(*words) for words in (("status",), ("--print-url",), ("history",), ("doctor",))]
            stopped = place.do("stop")

    assert [done.status for done in said] == [1, 0, 0, 1], said
    assert stopped.status == 0
    assert set(without.read_text().split()) <= ASKED_IN_VAIN
    log = "".join(file.read_text(encoding="utf-8") for file in place.data.rglob("*.log"))
    assert "Gatelight ends" in log
    assert "Traceback" not in log


def test_every_module_is_loaded_without_it(without: Path) -> None:
    program = (
        "from agent.app.own_files import load_every_module; load_every_module()\nimport apprise; apprise.Apprise()"
    )
    given = [sys.executable, "-c", program]
    done = subprocess.run(
        given, env=commands.environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert set(without.read_text().split()) <= ASKED_IN_VAIN


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("tzdata/zoneinfo/Europe/Berlin", True),
        ("tzdata/zones", True),
        ("tzdata/zoneinfo/tzdata.zi", False),
        ("tzdata/zoneinfo/zone1970.tab", False),
        ("keyring-25.7.0.dist-info/entry_points.txt", True),
        ("keyring-25.7.0.dist-info/RECORD", False),
        ("agent/guides/RECORD", True),
    ],
)
def test_files_that_are_never_read(name: str, read: bool) -> None:
    assert left_out.is_read(name) is read


def test_each_system_has_its_icons_and_no_other() -> None:
    kinds = {
        system: {file.suffix for file in left_out.icons((ROOT / "icons").iterdir(), system)}
        for system in ("linux", "win32", "darwin")
    }

    assert kinds == {"linux": {".png", ".svg"}, "win32": {".png", ".svg", ".ico"}, "darwin": {".png", ".svg", ".icns"}}
