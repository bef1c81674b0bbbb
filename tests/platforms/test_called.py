"""The command line, as the user can type it again."""

import os
import sys

import pytest

from agent.platforms.called import as_typed, called_as, started_as


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
def test_a_command_in_a_folder_whose_name_has_a_space_can_be_typed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/my trading/.venv/bin/gatelight"])
    monkeypatch.setenv("PATH", "/nonexistent")

    assert called_as() == "'/my trading/.venv/bin/gatelight'"
    monkeypatch.setattr(sys, "argv", ["/my trading/agent/__main__.py"])
    monkeypatch.setattr(sys, "orig_argv", ["/my trading/bin/python", "-m", "agent"])
    assert called_as() == "'/my trading/bin/python' -m agent"


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


@pytest.mark.parametrize(
    ("system", "typed"), [("posix", "'gw-0*' 'Paper Gateway' plain"), ("nt", 'gw-0* "Paper Gateway" plain')]
)
def test_arguments_are_quoted_as_the_terminals_of_the_system_take_them(
    system: str, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as there:
        there.setattr(os, "name", system)
        found = as_typed("gw-0*", "Paper Gateway", "plain")

    assert found == typed
