"""The README says what the program does, in few words, and what it names is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from agent.cli.commands import TYPED_COMMANDS
from agent.cli.main import main
from agent.simulator.process_faults import FAULTS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PRINT_THE_TABLE = 'python -c "from agent.config.showing import table; print(table())"'
MOST_WORDS = 700
PAGES = ("README.md", "agent/config/README.md", "agent/cli/README.md")


def test_the_readme_is_short() -> None:
    assert len(README.split()) <= MOST_WORDS


@pytest.mark.parametrize("page", PAGES)
def test_every_link_and_picture_leads_to_a_file(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))

    assert [link for link in links if "://" not in link and not (path.parent / link).is_file()] == []
    assert links or page != "README.md"


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_is_named_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`gatelight ([a-z]+)", text) + re.findall(r"installer/run\.py ([a-z]+)", text)

    assert len(named) > 1
    assert [name for name in named if name not in TYPED_COMMANDS] == []


def test_the_changelog_promises_no_more_faults_than_there_are() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    promised = re.search(r"more than (\d+) faults", changelog)

    assert promised is not None
    assert len(FAULTS) > int(promised[1])


def test_every_line_of_python_that_the_guide_for_builders_gives_runs() -> None:
    lines = re.findall(r'`python -c "(.+?)"`', CONTRIBUTING)

    assert f"`{PRINT_THE_TABLE}`" in CONTRIBUTING
    for line in lines:
        done = subprocess.run([sys.executable, "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"CONTRIBUTING.md gives a line that fails: {line}\n{done.stderr}"


def test_every_option_of_pytest_that_the_guide_for_builders_gives_finds_a_test() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py) -k (\w+)`", CONTRIBUTING)

    for path, words in named:
        assert re.search(rf"def test_\w*{words}", (ROOT / path).read_text(encoding="utf-8")), f"no {words} in {path}"


def test_every_file_that_the_guides_for_builders_name_is_there() -> None:
    texts = ((ROOT / name).read_text(encoding="utf-8") for name in ("SECURITY.md", "CONTRIBUTING.md"))
    named = {path for text in texts for path in re.findall(r"(?:tests|agent)/[a-z_/]+\.py", text)}

    assert len(named) > 10
    assert [path for path in sorted(named) if not (ROOT / path).is_file()] == []


def test_ci_runs_the_test_command_of_the_readme_and_then_the_packages() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert lines[-2:] == ["python3 tests/run.py", "exec python3 tests/installers/run.py"]
    assert "\npython3 tests/run.py\n" in README


def test_the_example_of_a_notice_number_is_known() -> None:
    assert "`gatelight explain 1100`" in README
    assert main(["explain", "1100"]) == 0
