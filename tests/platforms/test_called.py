"""The command line, as the user can type it again."""

import sys

import pytest

from agent.platforms.called import called_as, started_as


@pytest.mark.parametrize(
    ("program", "called"),
    [
        ("/some/where/agent/__main__.py", "python3 -m agent"),
        ("/nowhere/bin/gatelight", "/nowhere/bin/gatelight"),
        (".venv/bin/gatelight", ".venv/bin/gatelight"),
        ("gatelight", "gatelight"),
    ],
)
def test_the_command_is_named_as_it_was_called(program: str, called: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [program])
    monkeypatch.setattr(sys, "orig_argv", ["python3", "-m", "agent"])
    monkeypatch.setenv("PATH", "/nonexistent")

    assert called_as() == called


@pytest.mark.skipif(sys.platform == "win32", reason="quotes as a POSIX shell wants them")
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["run"], "gatelight run"),
        (["run", "--autostart", "--config", "/my files/a.toml"], "gatelight run --config '/my files/a.toml'"),
        (["demo", "--scenario", "day"], "gatelight demo --scenario day"),
        ([], "gatelight"),
    ],
)
def test_what_started_it_is_told_whole_but_for_what_only_the_system_says(
    arguments: list[str], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["gatelight", *arguments])

    assert started_as() == line
