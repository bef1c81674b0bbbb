"""Which program a process runs: by what it was started with, on every system, and never more than a file's name."""

import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from agent.observers.programs import program_file, told_by


@pytest.mark.parametrize(
    ("name", "arguments", "script"),
    [
        ("python3", ["python3", "bot.py"], "bot.py"),
        ("python3.11", ["python", "-X", "dev", "-u", "/home/me/bots/bot.py", "--account", "U1234567"], "bot.py"),
        ("pythonw.exe", ["pythonw.exe", r"C:\Users\me\bots\bot.pyw"], "bot.pyw"),
        ("python3", ["python3", "-m", "trading.main", "secret"], "trading.main"),
        ("python3", ["python3", "/venv/bin/run-bot"], "run-bot"),
        ("python3", ["python3", "-c", "import bot; bot.run('secret.py')"], ""),
        ("python3", ["python3", "hunter2"], ""),
        ("python3", ["python3"], ""),
        ("java", ["java", "-cp", "a.jar:b.jar", "-Xmx1g", "com.acme.Bot", "pw=x"], "com.acme.Bot"),
        ("java", ["java", "-jar", "/opt/bot/bot.jar"], "bot.jar"),
        ("node", ["node", "-r", "dotenv/config", "server.js"], "server.js"),
        ("node", ["node", "-e", "connect('secret.js')"], ""),
        ("R", ["/usr/lib/R/bin/exec/R", "--no-echo", "--file=bot.R"], "bot.R"),
        ("quantower", ["quantower", "--password", "x.py"], ""),
    ],
)
def test_a_script_is_told_by_its_name_alone(name: str, arguments: Sequence[str], script: str) -> None:
    assert told_by(name, "/usr/bin/x", arguments, "/home/me").script == script


def test_the_folder_is_a_mark_and_the_same_for_every_version() -> None:
    one = told_by("Starter.exe", r"C:\Quantower\TradingPlatform\v1.140.5\Starter.exe", (), "")

    assert one.place
    assert "Quantower" not in one.place
    assert one == told_by("Starter.exe", r"C:\Quantower\TradingPlatform\v1.141.12\Starter.exe", (), "")
    assert one != told_by("Starter.exe", r"C:\Other\Starter.exe", (), "")
    assert told_by("Starter.exe", "", (), "").place == ""


def test_a_script_beside_the_working_folder_is_the_same_as_by_its_whole_path() -> None:
    whole = told_by("python3", "", ["python3", "/home/me/bots/bot.py"], "/")

    assert told_by("python3", "", ["python3", "bot.py"], "/home/me/bots") == whole
    assert told_by("python3", "", ["python3", "bots/bot.py"], "/home/me") == whole
    assert told_by("python3", "", ["python3", "bot.py"], "/home/me/other") != whole


def test_a_real_process_tells_what_it_runs(tmp_path: Path) -> None:
    bot = tmp_path / "bot.py"
    bot.write_text("print('here', flush=True); input()")
    command, pipe = [sys.executable, str(bot), "--secret"], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        # It is what it is called only once it runs.
        assert process.stdout.readline() == "here\n"
        found = program_file(process.pid, "python3")
        process.communicate("\n", timeout=30)

    assert found.script == "bot.py"
    assert found.place


def test_a_process_that_is_gone_tells_nothing() -> None:
    assert program_file(2**22 + 1, "python3").script == ""


def test_a_mark_is_what_hashlib_makes_of_it() -> None:
    """Marks of earlier versions are kept in memory."""
    assert told_by("Starter.exe", "C:/A 10/Starter.exe", (), "").place == sha256(b"C:/A #").hexdigest()[:12]
