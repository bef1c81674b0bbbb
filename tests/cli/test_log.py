"""`gatelight logs`: the end of the log, and what is written while it is followed."""

import os
import threading
from pathlib import Path

import pytest

from agent.cli import log
from agent.errors import AgentNotRunning
from tests.commands import Place
from tests.faults.conftest import place

__all__ = ["place"]


def test_the_log_is_shown_and_followed_over_a_change_of_files(tmp_path: Path) -> None:
    path, lines, over = tmp_path / "gatelight.log", list[str](), threading.Event()
    path.write_bytes(b"one\ntwo\nhal")

    def take(line: str) -> None:
        lines.append(line)
        if line == "two":
            path.rename(tmp_path / "gatelight.log.1")
            with (tmp_path / "gatelight.log.1").open("ab") as old:
                old.write(b"f\n")
            path.write_bytes(b"new\n")
        if line == "new":
            over.set()

    assert log.command(path, take, follow=True, over=over) == 0
    assert lines == ["one", "two", "half", "new"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes among files")
@pytest.mark.timeout(20)
def test_a_pipe_in_the_place_of_the_log_is_not_waited_for(tmp_path: Path) -> None:
    path, lines = tmp_path / "gatelight.log", list[str]()
    os.mkfifo(path)
    with pytest.raises(AgentNotRunning, match="There is no log file"):
        log.command(path, lines.append, follow=False)

    path.unlink()
    path.write_bytes(b"one\n")

    def take(line: str) -> None:
        lines.append(line)
        path.unlink()
        os.mkfifo(path)

    class Later(threading.Event):
        looks = 0

        def wait(self, timeout: float | None = None) -> bool:
            self.looks += 1
            return self.looks > 3

    assert log.command(path, take, follow=True, over=Later()) == 0
    assert lines == ["one"]


def test_of_a_long_log_the_end_is_shown_in_whole_lines(tmp_path: Path) -> None:
    path, lines = tmp_path / "gatelight.log", list[str]()
    path.write_text("".join(f"line {n}\n" for n in range(20_000)))

    assert log.command(path, lines.append, follow=False) == 0
    assert lines[-1] == "line 19999"
    assert len(lines) < 20_000
    assert all(line.startswith("line ") for line in lines)


def test_without_a_log_it_is_said_how_there_will_be_one(place: Place) -> None:
    done = place.do("logs")

    assert done.status == 3
    assert "start the agent" in done.sentence
