"""The README says what the program does."""

import re
import subprocess
import sys
from pathlib import Path

from agent.cli.main import main
from agent.config.showing import table
from agent.simulator.process_faults import FAULTS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PRINT_THE_TABLE = 'python -c "from agent.config.showing import table; print(table())"'


def test_the_table_of_settings_is_the_one_of_the_code() -> None:
    missing = [row for row in table().splitlines() if row not in README.splitlines()]

    assert not missing, f"put the table into README.md as this prints it: {PRINT_THE_TABLE}\n" + "\n".join(missing)
    assert table().strip() in README, f"README.md has rows that are no settings; the table is: {PRINT_THE_TABLE}"


def test_every_command_of_the_readme_exists() -> None:
    import argparse

    from agent.cli.options import build_parser

    commands = next(a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction)).choices

    for name in commands:
        assert name in README


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


def test_ci_runs_the_test_command_of_the_readme_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert lines[-1] == "exec python3 tests/run.py"
    assert "\npython3 tests/run.py\n" in README


def test_an_example_of_the_readme_is_a_valid_configuration() -> None:
    from agent.config.reading import parse_settings

    example = README.split("```toml\n")[1].split("```")[0]

    assert parse_settings(example, "README").connections[0].port == 4002
    assert main(["explain", "api-silent"]) == 0
