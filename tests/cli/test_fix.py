"""`gatelight fix`: the question is shown whole, a yes is wanted, and what comes of it decides the exit status."""

import asyncio
import contextlib
import json
import os
import pty
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.cli import fix as fix_command
from agent.cli.fix import command
from agent.errors import AgentNotRunning, UsageError
from agent.runtime.paths import find_places
from agent.simulator.free_ports import free_port
from tests.commands import PATIENCE, ROOT, environment

OFFER = {
    "id": "set-precautions",
    "connection": "Paper",
    "label": "Bypass 1",
    "title": "Bypass it?",
    "changes": ["A box changes"],
    "given_up": ["A prompt"],
    "remark": "It can be undone.",
    "digest": "d1",
}
MORE = {**OFFER, "title": "Really?", "given_up": [], "remark": "", "digest": "d2"}
DONE = {"done": True, "text": "It was changed.", "now": "Paper: connected", "by_hand": ""}
WARNED = {"done": False, "text": "It warns.", "now": "Paper: connected", "by_hand": "", "again": MORE}


class Terminal:
    """The agent's answers in order, and what is typed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: dict[str, Any], typed: str | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.said: list[str] = []
        self.out: list[str] = []
        self._answers = list(answers)
        self._typed = [] if typed is None else typed.split(",")
        monkeypatch.setattr(fix_command, "request", self._request)
        monkeypatch.setattr(fix_command, "TypedLines", lambda stop: self)
        monkeypatch.setattr("sys.stdin.isatty", lambda: typed is not None, raising=False)

    def listen(self) -> None:
        """As `TypedLines`."""

    async def next(self) -> str | None:
        """As `TypedLines`."""
        return self._typed.pop(0) if self._typed else None

    def _request(self, places: object, message: dict[str, Any], timeout: float) -> dict[str, Any]:
        self.asked.append(message)
        return self._answers.pop(0)

    def run(self, *, yes: bool = False) -> int:
        return command(
            find_places(), "set-precautions", None, yes=yes, verbosity=0, say=self.said.append, out=self.out.append
        )

    @property
    def digests(self) -> list[str]:
        return [m["digest"] for m in self.asked if "digest" in m]


def test_a_typed_yes_does_it_after_the_whole_question(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, OFFER, DONE, typed="y")

    assert terminal.run() == 0
    assert terminal.said == [
        "Bypass it?",
        "  - A box changes",
        "Given up by it:",
        "  - A prompt",
        "It can be undone.",
    ]
    assert terminal.out == ["It was changed.", "Now: Paper: connected."]
    assert terminal.digests == ["d1"]


@pytest.mark.parametrize("typed", ["", "n", "maybe", "yes please"])
def test_anything_but_a_yes_changes_nothing(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    terminal = Terminal(monkeypatch, OFFER, typed=typed)

    assert terminal.run() == 1
    assert terminal.digests == []
    assert terminal.said[-1] == "Nothing was changed."


def test_without_a_terminal_a_yes_has_to_be_given_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, OFFER)
    with pytest.raises(UsageError, match="add --yes"):
        terminal.run()

    assert terminal.digests == []
    assert "  - A box changes" in terminal.said


def test_a_yes_given_beforehand_is_none_to_further_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, OFFER, WARNED)
    with pytest.raises(UsageError, match="run it in a terminal"):
        terminal.run(yes=True)

    assert terminal.digests == ["d1"]
    assert "Really?" in terminal.said


def test_further_warnings_are_read_and_agreed_to_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, OFFER, WARNED, DONE, typed="y,yes")

    assert terminal.run() == 0
    assert terminal.digests == ["d1", "d2"]


def test_a_failure_tells_what_to_do_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = {**DONE, "done": False, "text": "It was refused.", "by_hand": "Open API > Settings."}
    terminal = Terminal(monkeypatch, OFFER, failed, typed="y")

    assert terminal.run() == 1
    assert terminal.said[-1] == "By hand: Open API > Settings."


def test_what_is_not_offered_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="not offered now"):
        Terminal(monkeypatch, {"error": "set-precautions is not offered now."}).run()


def test_what_changed_since_the_question_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, OFFER, {"error": "It changed."}, typed="y")

    assert terminal.run() == 1
    assert terminal.said[-1] == "It changed."


def test_without_a_running_agent_it_looks_for_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    def nobody(*_: object) -> dict[str, Any]:
        raise AgentNotRunning("Gatelight does not run.")

    monkeypatch.setattr(fix_command, "request", nobody)
    places = find_places(tmp_path / "none.toml", tmp_path / "data", environ={})
    (tmp_path / "none.toml").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="There is no fix “sell-everything”"):
        asyncio.run(
            fix_command._command(
                places, "sell-everything", "", yes=True, verbosity=0, say=lambda _: None, out=lambda _: None
            )
        )


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is POSIX")
def test_ctrl_c_at_the_question_ends_it_at_once_and_nothing_was_done(tmp_path: Path) -> None:
    done = tmp_path / "done"
    command_line = [sys.executable, "-c", f"open({str(done)!r}, 'w')"]
    port = free_port()
    config = tmp_path / "config.toml"
    connection = f'name = "Paper"\napplication = "tws"\nport = {port}\nstart_command = {json.dumps(command_line)}\n'
    config.write_text(f"[[connections]]\n{connection}")
    options = ("--config", str(config), "--data-dir", str(tmp_path / "data"))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", "fix", "start-app", *options],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(),
        cwd=ROOT,
        start_new_session=True,
    )
    os.close(theirs)
    said = ""
    try:
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            while "[y/N]" not in said:
                said += terminal.read(4096).decode()
            process.send_signal(signal.SIGINT)
            status = process.wait(PATIENCE)
            with contextlib.suppress(OSError):
                said += terminal.read(4096).decode()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()

    assert status == 130
    assert "Traceback" not in said
    assert not done.exists()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
