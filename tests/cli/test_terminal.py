"""How texts reach the terminal: its width, its colours, and the command as it was called."""

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from agent.cli import terminal
from agent.cli.terminal import as_called, laid_out
from tests.commands import PATIENCE, ROOT

posix = pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is POSIX")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize(
    ("line", "width", "expected"),
    [
        ("      - one two three four", 24, ["      - one two three", "        four"]),
        ("  12. one two three four", 20, ["  12. one two three", "      four"]),
        ("  application:    one two three", 60, ["  application:    one two three"]),
        ("  application:    " + "word " * 9, 54, ["  application:    " + "word " * 6 + "word", " " * 18 + "word word"]),
        ("  ✗ one two three", 12, ["  ✗ one two", "    three"]),
        ("short", 20, ["short"]),
        ("a_word_that_is_longer_than_the_line", 10, ["a_word_that_is_longer_than_the_line"]),
        ("then type `gatelight doctor --settings` here", 20, ["then type", "`gatelight doctor --settings`", "here"]),
    ],
)
def test_a_long_line_goes_on_below_its_words(line: str, width: int, expected: list[str]) -> None:
    assert laid_out(f"{line}\n", width).splitlines() == expected


def test_no_line_is_longer_than_the_terminal() -> None:
    text = "  1. " + "word " * 100 + "\n      - " + "other " * 50

    for width in range(40, 121, 7):
        assert max(map(len, laid_out(text, width).splitlines())) <= width


@pytest.mark.parametrize("called", ["python3 -m agent", "/nowhere/bin/gatelight", "gatelight"])
def test_the_command_in_quotes_is_named_as_it_was_called(called: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "called_as", lambda: called)

    assert as_called("Start it: `gatelight run`, or “gatelight doctor”.") == (
        f"Start it: `{called} run`, or “{called} doctor”."
    )
    assert as_called("gatelight is the name; `gatelight-x` is another") == (
        "gatelight is the name; `gatelight-x` is another"
    )


@pytest.mark.parametrize(
    ("typed", "agreed"), [("\n", True), ("Y\n", True), ("n\n", False), ("what\n", False), ("", False)]
)
def test_enter_is_a_yes_and_a_closed_terminal_is_none(
    typed: str, agreed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))

    assert terminal.agreed("Start it?") is agreed


def in_terminal(*arguments: str, columns: int, **variables: str) -> str:
    """What a command prints in a terminal of so many columns."""
    ours, theirs = pty.openpty()
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    given = {**plain, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": str(columns), **variables}
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=given
    )
    os.close(theirs)
    said = b""
    with os.fdopen(ours, "rb", buffering=0) as screen:
        while True:
            try:
                piece = screen.read(4096)
            except OSError:
                break
            if not piece:
                break
            said += piece
    process.wait(PATIENCE)
    return said.decode().replace("\r\n", "\n")


@posix
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_what_people_read_fits_their_terminal_and_has_colour(columns: int) -> None:
    said = in_terminal("explain", "1100", columns=columns)
    lines = COLOUR.sub("", said).splitlines()

    assert COLOUR.search(said)
    assert columns - 20 < max(map(len, lines)) <= columns


@posix
def test_a_message_breaks_between_words() -> None:
    lines = in_terminal("explain", "qqqq", columns=40).splitlines()

    assert len(lines) > 1
    assert max(map(len, lines)) <= 40
    assert " ".join(lines).startswith("Gatelight does not know what “qqqq” means: give a problem code")


@posix
def test_no_color_is_obeyed() -> None:
    assert "\x1b[3" not in in_terminal("explain", "1100", columns=80, NO_COLOR="1")


def test_a_pipe_gets_plain_text(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "agent", "explain", "1100"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={k: v for k, v in os.environ.items() if k != "FORCE_COLOR"} | {"PYTHONPATH": str(ROOT)},
    )

    assert "\x1b" not in done.stdout
    assert "IB's servers" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= terminal.PLAIN_WIDTH


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252", "utf-8"])
def test_a_text_is_readable_in_every_encoding(encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "agent", "explain", "1100"],
        capture_output=True,
        encoding=encoding,
        timeout=PATIENCE,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )

    assert "IB's servers" in done.stdout
    assert "?" not in done.stdout
    assert ("“" if encoding in ("cp1252", "utf-8") else '"') + "Ctrl-Alt-R" in done.stdout


@posix
@pytest.mark.parametrize("arguments", [("status", "--json"), ("status",), ("version",), ("--help",)])
def test_a_command_that_must_be_quick_does_not_load_what_makes_colours(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "agent", *arguments, "--data-dir", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    loaded = {line.split("|")[-1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}

    assert "agent.cli.main" in loaded
    assert not {name for name in loaded if name.split(".")[0] in ("rich", "shtab", "psutil", "tomlkit")} - (
        {name for name in loaded if name.split(".")[0] == "psutil"} if arguments == ("version",) else set()
    )


def test_what_is_typed_is_read_in_any_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n"), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", typed)
    terminal.show_every_text()

    assert terminal.agreed("Start it?") is False
