"""The README says what the program does."""

import re
from pathlib import Path

from agent.cli.main import main
from agent.config.showing import table
from agent.problems import PROBLEMS
from agent.simulator.process_faults import FAULTS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_settings_is_the_one_of_the_code() -> None:
    assert table().strip() in README


def test_every_command_of_the_readme_exists() -> None:
    import argparse

    from agent.cli.options import build_parser

    commands = next(a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction)).choices

    for name in commands:
        assert name in README


def test_the_numbers_of_the_changelog_are_right() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert f"one cause out of {len(PROBLEMS)} problems" in changelog
    assert len(FAULTS) > 50


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
