"""Completion and man page are made from the parser, know every command, and those that are installed are the latest."""

import shutil
import subprocess
from pathlib import Path

import pytest

from agent.cli.commands import TYPED_COMMANDS
from agent.cli.completion import INSTALLED, written_for

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("what", ["bash", "zsh", "fish", "man"])
def test_every_command_is_in_it(what: str) -> None:
    written = written_for(what)

    assert [name for name in TYPED_COMMANDS if name not in written] == []
    assert "settings" in written


@pytest.mark.parametrize(("what", "file"), INSTALLED.items())
def test_what_is_installed_is_what_the_parser_says(what: str, file: str) -> None:
    assert (ROOT / "installer" / "share" / file).read_text(encoding="utf-8") == written_for(what)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash")
def test_bash_completes_commands_and_options() -> None:
    script = written_for("bash") + (
        '\nCOMP_WORDS=(gatelight doc); COMP_CWORD=1; _shtab_gatelight; echo "${COMPREPLY[@]}"'
        '\nCOMP_WORDS=(gatelight doctor --se); COMP_CWORD=2; _shtab_gatelight; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30)

    assert done.stdout.split() == ["doctor", "--settings"], done


@pytest.mark.skipif(shutil.which("man") is None or shutil.which("groff") is None, reason="man and groff")
def test_man_can_show_the_page(tmp_path: Path) -> None:
    (tmp_path / "gatelight.1").write_text(written_for("man"), encoding="utf-8")
    done = subprocess.run(
        ["man", "--warnings", "-l", str(tmp_path / "gatelight.1")], capture_output=True, text=True, timeout=30
    )

    assert "gatelight doctor" in done.stdout
    assert done.stderr == ""
