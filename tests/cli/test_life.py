"""The agent started, stopped and replaced by commands, as real processes; at a terminal, where one can be asked."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil
import pytest

from agent.cli import life
from agent.cli.life import is_older, offer_replacement, stop_agent
from agent.errors import AgentNotRunning, AgentUnreachable, GatelightError
from agent.runtime.control.channel import request
from agent.runtime.paths import Places, find_places
from agent.simulator.free_ports import free_port
from tests.commands import PATIENCE, ROOT, Place, paper_file
from tests.faults.conftest import place

__all__ = ["place"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is POSIX")


@pytest.fixture
def configured(place: Place) -> Iterator[Place]:
    """A place whose agent, if a test leaves one running, ends with the test."""
    place.config.write_text(paper_file(free_port()))
    yield place
    with suppress(AgentNotRunning):
        stop_agent(places_of(place))


def places_of(place: Place) -> Places:
    return find_places(place.config, place.data, environ={})


def at_terminal(place: Place, *arguments: str, typed: str) -> tuple[int, str]:
    """Exit status and output of a command at a terminal without a desktop, where something is typed."""
    ours, theirs = pty.openpty()
    hidden = ("NO_COLOR", "DISPLAY", "WAYLAND_DISPLAY")
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", *arguments, *place.options],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=place.folder,
        env={k: v for k, v in os.environ.items() if k not in hidden} | {"PYTHONPATH": str(ROOT)},
    )
    os.close(theirs)
    said = b""
    with os.fdopen(ours, "r+b", buffering=0) as screen:
        asked = False
        while True:
            try:
                piece = screen.read(4096)
            except OSError:
                break
            said += piece
            if b"[Y/n]" in said and not asked:
                asked = True
                screen.write(typed.encode())
    return process.wait(PATIENCE), said.decode().replace("\r\n", "\n")


def test_without_an_agent_the_user_is_asked_and_a_no_starts_nothing(configured: Place) -> None:
    status, said = at_terminal(configured, typed="n\n")

    assert (status, said.splitlines()[0]) == (3, "Gatelight is not running. Start it now? [Y/n] n")
    assert not configured.data.exists()


def test_a_yes_starts_the_agent_which_outlives_the_command_and_opens_the_page(configured: Place) -> None:
    status, said = at_terminal(configured, typed="\n")
    answer = configured.ask({"command": "status"})

    assert status == 0, said
    assert "http://127.0.0.1:" in said
    assert psutil.pid_exists(answer["status"]["agent"]["pid"])


def test_an_agent_that_cannot_start_is_told_with_where_the_reason_is(configured: Place) -> None:
    configured.config.write_text("nonsense = 1\n")
    status, said = at_terminal(configured, typed="y\n")

    assert status == 1
    assert "Gatelight ended at once" in said
    assert "run`" in said


def test_without_a_terminal_the_command_is_named_as_it_was_called(configured: Place) -> None:
    done = configured.do()

    assert done.status == 3
    assert f"start it with `{sys.executable} -m agent run`" in done.sentence


def test_stop_returns_when_the_agent_has_ended(configured: Place) -> None:
    with configured.agent() as process:
        done = configured.do("stop")

        assert (done.status, done.sentence) == (0, "Gatelight has stopped.")
        assert process.wait(PATIENCE) == 0
    assert configured.do("stop").status == 3


def test_an_agent_that_does_not_know_stop_ends_on_a_signal(configured: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def earlier(places: Places, message: dict[str, Any]) -> dict[str, Any]:
        if message["command"] == "stop":
            return {"error": "This agent does not know the command “stop”: it may be an older version."}
        return request(places, message)

    monkeypatch.setattr(life, "request", earlier)
    with configured.agent() as process:
        stop_agent(places_of(configured))

        assert process.wait(PATIENCE) == 0


def test_an_agent_that_stays_is_told(configured: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "ENDS_WITHIN", 0.2)
    monkeypatch.setattr(life, "request", lambda places, message: {"pid": os.getppid()})

    with pytest.raises(GatelightError, match="still runs"):
        stop_agent(places_of(configured))


@contextmanager
def upgraded(monkeypatch: pytest.MonkeyPatch, *, can_ask: bool, agrees: bool) -> Iterator[list[str]]:
    """This command as a later version than the agent that runs."""
    said: list[str] = []
    monkeypatch.setattr(life, "__version__", "99.0.0")
    monkeypatch.setattr(life, "tell", said.append)
    monkeypatch.setattr(life, "can_ask", lambda: can_ask)

    def answer(question: str) -> bool:
        said.append(question)
        return agrees

    monkeypatch.setattr(life, "agreed", answer)
    yield said


def test_after_an_upgrade_the_older_agent_is_replaced_on_a_yes(
    configured: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with configured.agent() as process, upgraded(monkeypatch, can_ask=True, agrees=True) as said:
        monkeypatch.setattr(sys, "argv", ["agent/__main__.py"])
        monkeypatch.setenv("PYTHONPATH", str(ROOT))

        assert offer_replacement(places_of(configured))
        assert process.wait(PATIENCE) == 0
        assert configured.ask({"command": "status"})["status"]["agent"]["pid"] != process.pid
    assert said[0].endswith("is running, and this is 99.0.0.")
    assert said[1:] == ["Replace it now?"]


@pytest.mark.parametrize("can_ask", [True, False])
def test_an_older_agent_goes_on_where_no_user_agrees(
    can_ask: bool, configured: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with configured.agent() as process, upgraded(monkeypatch, can_ask=can_ask, agrees=False) as said:
        assert not offer_replacement(places_of(configured))
        assert process.poll() is None
    assert "is running" in said[0]


@pytest.mark.parametrize(
    ("running", "this", "older"),
    [("0.1.0", "0.2.0", True), ("0.9.0", "0.10.0", True), ("1.0", "1.0.1", True), ("0.2.0", "0.1.9", False)],
)
def test_versions_are_compared_by_their_numbers(
    running: str, this: str, older: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life, "__version__", this)

    assert is_older(running) is older
    assert not is_older(this)


def test_an_agent_that_does_not_answer_is_not_started_once_more(
    configured: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert issubclass(AgentUnreachable, AgentNotRunning)
    with configured.agent() as process:
        psutil.Process(process.pid).suspend()
        try:
            status, said = at_terminal(configured, typed="y\n")
        finally:
            psutil.Process(process.pid).resume()

    assert status == 3
    assert "does not answer" in said
    assert "[Y/n]" not in said
