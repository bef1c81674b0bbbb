"""A running agent whose program files are replaced: by a newer version, by half of one, or removed."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.app.own_files import MOVED_ASIDE, remove_earlier_versions
from tests.commands import PATIENCE, ROOT, Place, environment, web_server
from tests.desktop_session import session_bus
from tests.notice_recorder import NoticeRecorder, Recorded
from tests.waiting import until


class Installed:
    """A copy of the program, and an agent that runs from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "programs"
        self.place = Place(folder)
        shutil.copytree(ROOT / "agent", self.folder / "agent", ignore=shutil.ignore_patterns("__pycache__"))
        self.place.config.write_text("")
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> "subprocess.Popen[str]":
        self.process = subprocess.Popen(
            [sys.executable, "-m", "agent", "run", "--no-tray", *self.place.options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.place.folder,
            env={**environment(), "PYTHONPATH": str(self.folder)},
        )
        self.place.await_agent(self.process)
        return self.process

    def upgrade(self, version: str) -> None:
        """Every file anew, as an installer does it."""
        new = self.folder / "agent.new"
        shutil.copytree(ROOT / "agent", new, ignore=shutil.ignore_patterns("__pycache__"))
        face = new / "__init__.py"
        face.write_text(face.read_text().replace("0.1.0", version))
        for file in sorted(new.rglob("*")):
            if file.is_file():
                file.replace(self.folder / "agent" / file.relative_to(new))
        shutil.rmtree(new)

    def status(self, met: Any) -> dict[str, Any]:
        deadline = time.monotonic() + 2 * PATIENCE
        answer: dict[str, Any] = {}
        while time.monotonic() < deadline:
            try:
                answer = self.place.ask({"command": "status"}).get("status", {})
            except Exception:
                answer = {}
            if answer and met(answer):
                return answer
            time.sleep(0.1)
        raise AssertionError(f"never came: {answer}; {self.log()[-2000:]}")

    def log(self) -> str:
        return "".join(file.read_text() for file in self.place.data.rglob("*.log"))


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installed]:
    installed = Installed(tmp_path)
    yield installed
    process = installed.process
    if process is not None and process.poll() is None:
        process.terminate()
        process.communicate(timeout=PATIENCE)


@pytest.mark.skipif(os.name == "nt", reason="Windows replaces no file of a program that runs")
def test_an_agent_whose_files_were_replaced_goes_on_as_the_new_one(installed: Installed) -> None:
    with web_server() as port:
        installed.place.config.write_text(f'[[connections]]\nname = "Mine"\nport = {port}\n')
        process = installed.start()
        before = installed.status(lambda s: s["connections"][0]["problems"])
        installed.upgrade("0.1.1")
        after = installed.status(lambda s: s["agent"]["version"] == "0.1.1" and s["connections"][0]["problems"])

    assert after["agent"]["pid"] == before["agent"]["pid"] == process.pid
    assert [p["code"] for p in after["connections"][0]["problems"]] == [
        p["code"] for p in before["connections"][0]["problems"]
    ]
    assert after["connections"][0]["problems"][0]["since"] == before["connections"][0]["problems"][0]["since"]
    process.terminate()
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "Traceback" not in said + installed.log()


@pytest.mark.desktop
@pytest.mark.skipif(os.name == "nt", reason="Windows replaces no file of a program that runs")
async def test_a_notice_that_stands_is_back_after_the_new_start(installed: Installed) -> None:
    with session_bus(), web_server() as port:
        recorder = await NoticeRecorder.start("body", "actions")
        installed.place.config.write_text(f'[[connections]]\nname = "Mine"\nport = {port}\n')

        def errors() -> list[Recorded]:
            return [one for one in recorder.notices if one.hints["urgency"] == 2]

        try:
            await asyncio.to_thread(installed.start)
            await until(errors)
            (first,) = errors()
            await asyncio.to_thread(installed.upgrade, "0.1.1")
            await until(lambda: first.number in recorder.closed)
            await until(lambda: len(errors()) > 1)
            await asyncio.to_thread(installed.status, lambda s: s["agent"]["version"] == "0.1.1")
            _, again = errors()
        finally:
            await recorder.end()

    assert (again.title, again.body, list(again.buttons)) == (first.title, first.body, list(first.buttons))
    assert again.number not in recorder.closed


@pytest.mark.skipif(os.name == "nt", reason="Windows replaces no file of a program that runs")
def test_half_of_an_upgrade_leaves_the_agent_as_it_is(installed: Installed) -> None:
    process = installed.start()
    (installed.folder / "agent" / "session" / "ib.py").write_text("from agent.core import nothing_of_this_name\n")
    face = installed.folder / "agent" / "__init__.py"
    face.write_text(face.read_text().replace("0.1.0", "0.1.1"))
    installed.status(lambda _: "that do not start" in installed.log())
    kept = installed.status(lambda _: True)
    installed.upgrade("0.1.2")
    mended = installed.status(lambda s: s["agent"]["version"] == "0.1.2")

    assert kept["agent"]["version"] == "0.1.0"
    assert mended["agent"]["pid"] == process.pid


@pytest.mark.parametrize(
    ("system", "left"), [("win32", {"gatelight.exe", "mine", "gatelight-old-settings"}), ("linux", None)]
)
def test_what_the_setup_of_windows_moved_aside_is_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str, left: set[str] | None
) -> None:
    (tmp_path / "gatelight.exe").touch()
    for name in ("gatelight-old-1/_internal", "gatelight-old-12", "gatelight-old-settings", "mine"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").touch()
    before = {path.name for path in tmp_path.iterdir()}
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gatelight.exe"))
    remove_earlier_versions()

    assert {path.name for path in tmp_path.iterdir()} == (before if left is None else left)


def test_these_are_the_folders_of_the_setup() -> None:
    script = (ROOT / "installer/windows/gatelight.nsi").read_text(encoding="utf-8")

    assert f'!define ASIDE "{MOVED_ASIDE}"' in script
