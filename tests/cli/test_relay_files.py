"""A relay whose program files are replaced while it goes on: it loads nothing from them, whatever it then has to do."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent.core.relay_facts import RelayOrder
from agent.observers.relays import reports_in
from agent.platforms import loaded_files
from agent.tws.limits import API_CLIENTS
from tests.commands import ROOT, Place, environment
from tests.faults.conftest import place
from tests.simulator.conftest import StartSimulator, start
from tests.simulator.raw_client import STOCK, RawClient
from tests.waiting import PATIENCE, until

__all__ = ["place", "start"]

NOTING = """
import sys
from agent.platforms import loaded_files
plain = loaded_files.load_no_more

class Noted:
    @staticmethod
    def find_spec(name, path=None, target=None):
        with open({told!r}, "a") as file:
            print(name, file=file)

def load_no_more():
    plain()
    sys.meta_path.append(Noted)

loaded_files.load_no_more = load_no_more
sys.argv[0] = "gatelight"
from agent.__main__ import run
sys.exit(run())
"""
"""The command, and a file that gets the name of each module that is asked for in vain."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


class Relaying:
    """A relay that runs from a copy of the program; the copy is replaced once it listens."""

    def __init__(self, place: Place, to: int, kept: bool) -> None:
        self.place = place
        self.order = RelayOrder("Mine", free_port(), "127.0.0.1", to)
        self.opened: list[socket.socket] = []
        self.files = place.folder / "programs"
        self.asked = place.folder / "asked"
        self.asked.touch()
        shutil.copytree(ROOT / "agent", self.files / "agent", ignore=shutil.ignore_patterns("__pycache__"))
        given = ["relay", "mine", *place.options]
        place.config.write_text(
            f'[[relays]]\nname = "Mine"\nlisten = {self.order.listen}\nto = "127.0.0.1:{to}"\n', encoding="utf-8"
        )
        if kept:
            given = ["keep-relay", json.dumps({"order": self.order.to_json(), "folder": str(self.folder)})]
        self.arguments = given
        self.process = subprocess.Popen(
            [sys.executable, "-c", NOTING.format(told=str(self.asked)), *given],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=self.files,
            text=True,
            env={**environment(), "PYTHONPATH": str(self.files)},
        )

    @property
    def folder(self) -> Path:
        return self.place.data / "relays"

    def told(self) -> dict[str, Any]:
        """Its report."""
        found = [one for one in reports_in(self.folder) if one["pid"] == self.process.pid]
        return found[0] if found else {}

    async def reports(self, met: Callable[[dict[str, Any]], object]) -> None:
        await until(lambda: (told := self.told()) and met(told))

    async def says(self, words: str) -> None:
        await self.reports(lambda told: any(words in one["text"] for one in told["said"]))

    def upgrade(self) -> None:
        """Put files of another version in the place of all of its own, which cannot be loaded any more."""
        for file in self.files.rglob("*"):
            if file.is_file():
                file.with_suffix(".new").write_text("raise RuntimeError('of another version')\n", encoding="utf-8")
                file.with_suffix(".new").replace(file)

    def tell(self, **changes: Any) -> None:
        """Give it an order."""
        self.order = replace(self.order, **changes)
        file = self.folder / f"{self.order.listen}-{self.process.pid}.order"
        file.with_suffix(".new").write_text(json.dumps(self.order.to_json()), encoding="utf-8")
        file.with_suffix(".new").replace(file)

    def connect(self, number: int = 1) -> list[socket.socket]:
        """Connections of programs that say nothing yet, those left out that are refused before they stand here."""
        made = []
        for _ in range(number):
            with contextlib.suppress(ConnectionResetError):
                made.append(socket.create_connection(("127.0.0.1", self.order.listen), PATIENCE))
        self.opened += made
        return made

    def close(self) -> None:
        """End every connection, and the relay."""
        for one in self.opened:
            one.close()
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)


@pytest.fixture(params=[True, False], ids=["kept by the agent", "typed"])
async def relay(request: pytest.FixtureRequest, place: Place, start: StartSimulator) -> AsyncIterator[Relaying]:
    simulator = await start()
    made = Relaying(place, simulator.port, request.param)
    try:
        yield made
    finally:
        made.close()


async def test_it_does_all_that_it_can_do_with_what_it_has_loaded_at_its_start(
    relay: Relaying, start: StartSimulator
) -> None:
    await relay.reports(lambda told: told["port"])
    before = await RawClient.started(relay.order.listen, 17)
    relay.upgrade()

    # A connection that stood, a new one, one of the protobuf era and one that is no API: all are carried and counted.
    before.send(1, 11, 4, *STOCK, 0, "", 0, 0, "")
    after = await RawClient.started(relay.order.listen, 18)
    after.send(1, 11, 4, *STOCK, 0, "", 0, 0, "")
    newest = await RawClient.greeted(relay.order.listen, "v100..213")
    assert (await newest.fields())[0] == "213"
    (garbage,) = relay.connect()
    garbage.sendall(b"\x16\x03\x01" * 500)
    await relay.reports(lambda told: len(told["programs"]) == 4 and told["lines"]["used"] == 2)
    await relay.reports(lambda told: any(one.get("uncounted_because") for one in told["programs"]))

    garbage.close()
    await newest.close()
    await relay.reports(lambda told: len(told["programs"]) == 2)

    # Orders: another target by name, other addresses, one that leads nowhere, and itself.
    second = await start()
    relay.tell(host="localhost", port=second.port, allow=("192.0.2.0/24",), lines=50)
    await relay.reports(lambda told: told["to"] == f"localhost:{second.port}")
    moved = await RawClient.started(relay.order.listen, 19)
    relay.tell(host="no-such-computer.invalid")
    await until(lambda: not list(relay.folder.glob("*.order")))
    relay.tell(host="127.0.0.1", port=free_port(), allow=())
    await relay.reports(lambda told: told["allow"] == [] and told["to"] == f"127.0.0.1:{relay.order.port}")
    relay.connect()
    await relay.says("does not take the connection")
    relay.tell(port=relay.order.listen)
    await relay.reports(lambda told: told["to"] == f"127.0.0.1:{relay.order.listen}")
    relay.connect()
    await relay.says("leads to itself")
    # Many at once: the sockets of this machine are looked through, and do lead from here to here.
    relay.tell(port=second.port)
    await relay.reports(lambda told: told["to"] == f"127.0.0.1:{second.port}")
    relay.connect(2 * API_CLIENTS)
    await relay.says("leads back to itself, through")
    for one in (before, after, moved):
        one.send(49, 1)
        await one.message(49)
        await one.close()

    relay.tell(stop=True)
    status = await asyncio.to_thread(relay.process.wait, PATIENCE)
    (left,) = relay.folder.glob("*.json")

    assert status == 0
    assert json.loads(left.read_text(encoding="utf-8"))["stopped"] is True
    assert relay.asked.read_text() == ""
    assert relay.process.stderr is not None
    assert "Traceback" not in await asyncio.to_thread(relay.process.stderr.read)


async def test_one_that_is_ended_by_a_signal_says_nothing_of_the_other_files(relay: Relaying) -> None:
    await relay.reports(lambda told: told["port"])
    relay.upgrade()
    relay.process.terminate()
    _, said = await asyncio.to_thread(relay.process.communicate, timeout=PATIENCE)

    assert relay.process.returncode == 0
    assert relay.asked.read_text() == ""
    assert said.count("\n") <= 1
    assert "Error" not in said


async def test_the_folder_that_the_agent_started_it_in_can_go(relay: Relaying) -> None:
    await relay.reports(lambda told: told["port"])
    here = psutil.Process(relay.process.pid).cwd()

    assert here == ("/" if "keep-relay" in relay.arguments else str(relay.files))


def test_what_is_not_loaded_by_then_is_not_loaded_any_more(tmp_path: Path) -> None:
    (tmp_path / "of_another_version.py").touch()
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from agent.platforms.loaded_files import load_no_more
load_no_more()
import json, _thread
try:
    import of_another_version
except ModuleNotFoundError as fault:
    print(fault.name)
"""
    command = [sys.executable, "-c", f"import json\n{program}"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=PATIENCE, check=False)

    assert (done.stdout, done.stderr) == ("of_another_version\n", "")


def test_a_packaged_program_is_held_until_it_loads_no_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Windows is made up here; `tests/installers` tries the packaged program under Wine."""
    held = tmp_path / "gatelight.exe"
    held.touch()
    finders = [*sys.meta_path]
    monkeypatch.setattr(os, "O_BINARY", 0, raising=False)
    with monkeypatch.context() as windows:
        windows.setattr(sys, "platform", "win32")
        windows.setattr(sys, "frozen", True, raising=False)
        windows.setattr(sys, "executable", str(held))
        windows.setattr(sys, "meta_path", finders)
        loaded_files.hold_files()
        loaded_files.hold_files()
        (number,) = loaded_files._held
        loaded_files.load_no_more()

    assert loaded_files._held == []
    with contextlib.suppress(OSError):
        os.close(number)
        raise AssertionError("it was still open")
