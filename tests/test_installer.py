"""The way from a checkout to the command `gatelight`."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path
from types import ModuleType
from typing import Any

import build as building
import environment
import packaged
import pytest
import start
import third_party
from lean import lean
from packaged import CannotBuild, NotHere

from agent.core.updates import is_web_folder
from agent.simulator import disguise

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 30.0
ENVIRONMENT = """
from pathlib import Path

def prepare(lock):
    assert lock == "requirements.lock"

def script(name):
    return Path(__file__).with_name(name)
"""
COMMAND = '#!/bin/sh\necho "$$ $*"\nexec sleep 60\n'


@pytest.mark.skipif(os.name != "posix", reason="a process takes the place of another on POSIX alone")
def test_who_ends_it_ends_the_command_itself(tmp_path: Path) -> None:
    shutil.copy(ROOT / "installer/run.py", tmp_path)
    (tmp_path / "environment.py").write_text(ENVIRONMENT)
    (tmp_path / "gatelight").write_text(COMMAND)
    (tmp_path / "gatelight").chmod(0o755)
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "run.py"), "run", "--no-tray"], stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        told = started.stdout.readline().split()
        started.send_signal(signal.SIGTERM)
        status = started.wait(PATIENCE)

    assert told == [str(started.pid), "run", "--no-tray"]
    assert status == -signal.SIGTERM


@pytest.mark.parametrize(
    ("given", "users"),
    [
        (
            {"LD_LIBRARY_PATH": "/usr/lib/gatelight", "LD_LIBRARY_PATH_ORIG": "/opt/own"},
            {"LD_LIBRARY_PATH": "/opt/own"},
        ),
        ({"LD_LIBRARY_PATH": "/usr/lib/gatelight"}, {}),
        (
            {"_PYI_ARCHIVE_FILE": "gatelight", "_PYI_PARENT_PROCESS_LEVEL": "1", "HOME": "/home/alice"},
            {"HOME": "/home/alice"},
        ),
        ({"GATELIGHT_PART": "1", "GATELIGHT_CONFIG": "mine.toml"}, {"GATELIGHT_CONFIG": "mine.toml"}),
    ],
)
def test_the_children_of_a_packaged_program_get_the_users_environment(
    given: dict[str, str], users: dict[str, str]
) -> None:
    start.restore(given)

    assert given == users


def test_a_part_of_the_simulator_is_asked_for_by_one_name() -> None:
    assert start.PART == disguise.PART


class TestBuild:
    """`installer/build.py` with made-up systems."""

    @pytest.fixture
    def build(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
        monkeypatch.setattr(building, "HERE", tmp_path)

        def run(asked: str, **systems: Path | CannotBuild) -> int:
            for system, result in systems.items():
                (tmp_path / f"build_{system}.py").touch()
                monkeypatch.setitem(sys.modules, f"build_{system}", made_up(system, result))
            return building.main([asked, "--out", str(tmp_path)])

        return run

    def test_what_was_made_is_named(self, build: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
        assert build("linux", linux=Path(__file__)) == 0
        assert capsys.readouterr().out.startswith(f"{__file__} (")

    def test_all_is_what_this_system_can_make(
        self, build: Callable[..., int], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert build("all", linux=Path(__file__), macos=NotHere("This is built on a Mac.")) == 0
        assert "macOS: This is built on a Mac." in capsys.readouterr().err

    def test_one_that_cannot_be_made_here_is_no_success_where_it_was_asked_for(self, build: Callable[..., int]) -> None:
        assert build("macos", macos=NotHere("This is built on a Mac.")) == 1

    def test_one_that_fails_is_no_success(self, build: Callable[..., int]) -> None:
        assert build("all", linux=CannotBuild("`dpkg-deb …` failed."), image=Path(__file__)) == 1

    def test_a_system_without_its_file_cannot_be_asked_for(self, build: Callable[..., int]) -> None:
        with pytest.raises(SystemExit):
            build("windows", linux=Path(__file__))


def made_up(system: str, result: Path | CannotBuild) -> ModuleType:
    def build(out: Path) -> list[Path]:
        if isinstance(result, CannotBuild):
            raise result
        return [result]

    module = ModuleType(f"build_{system}")
    module.build = build  # type: ignore[attr-defined]
    return module


def test_a_package_without_its_licence_is_not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "bare-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bare\nVersion: 1.0\n")
    (about / "RECORD").write_text("bare.py,,\n")
    (tmp_path / "bare.py").touch()
    monkeypatch.setattr(third_party, "distributions", lambda: distributions(path=[str(tmp_path)]))

    with pytest.raises(third_party.NoLicence, match="bare"):
        third_party.parts([tmp_path / "bare.py"])


@pytest.mark.parametrize(
    ("told", "folder"),
    [
        ("", None),
        ("https://example.org/gatelight/", "https://example.org/gatelight"),
        ("https://x.org", "https://x.org"),
    ],
)
def test_a_package_knows_the_folder_that_it_will_lie_in(told: str, folder: str | None) -> None:
    assert packaged.web_address(packaged.DOWNLOAD, {packaged.DOWNLOAD: told}) == folder
    # What is built in is an address that the program asks.
    assert folder is None or is_web_folder(folder)


@pytest.mark.parametrize("told", ["http://example.org", "example.org", "https://exämple.org", "https://x.org/a b"])
def test_a_folder_that_no_program_would_ask_is_not_built_in(told: str) -> None:
    with pytest.raises(CannotBuild, match="must be an https address"):
        packaged.web_address(packaged.DOWNLOAD, {packaged.DOWNLOAD: told})


MODULE = '''"""What it is."""
from dataclasses import dataclass


@dataclass
class Kept:
    """Of a class."""

    value: int = 1
    """Of a value."""

    def told(self):
        """Of a method."""
        assert self.value, "kept"
        return """Of a method."""


def bare():
    raise KeyError
'''


def test_a_packaged_module_has_no_docstrings_and_all_else(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(MODULE, encoding="utf-8")
    other = tmp_path / "other.py"
    other.write_text("print 'of an older Python'", encoding="utf-8")
    modules = [("module", str(file), "PYMODULE"), ("other", str(other), "PYMODULE"), ("package", "-", "PYMODULE")]
    modules.append(("compiled", str(tmp_path / "library.zip" / "compiled.pyc"), "PYMODULE"))

    made = lean(modules)
    there: dict[str, Any] = {"__name__": "module"}
    exec(made["module"], there)

    assert made.keys() == {"module"}
    # A class without any would be described by its signature.
    assert [there[name].__doc__ for name in ("Kept", "bare")] == [" ", None]
    assert (there["__doc__"], there["Kept"].told.__doc__) == (" ", " ")
    assert there["Kept"]().told() == "Of a method."
    with pytest.raises(AssertionError, match="kept"):
        there["Kept"](0).told()
    with pytest.raises(KeyError) as raised:
        there["bare"]()
    assert raised.traceback[-1].lineno + 1 == MODULE.splitlines().index("    raise KeyError") + 1


def test_ctrl_c_while_packages_are_installed_ends_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", interrupted)
    with pytest.raises(SystemExit) as ended:
        environment._call("pip", "install")

    assert ended.value.code == 130
