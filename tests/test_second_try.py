"""What failed beside other tests gets one more try alone, and no test gets more than that."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import second_try

TESTS = """
from pathlib import Path

import pytest

@pytest.mark.parametrize("number", range(6))
def test_one(number):
    failures = Path(__file__).with_name(f"failures-{number}")
    left = int(failures.read_text()) if failures.exists() else 0
    failures.write_text(str(max(0, left - 1)))
    assert not left
"""


@pytest.mark.parametrize(
    ("failures", "passes"),
    [
        ({2: 1}, True),
        (dict.fromkeys(range(second_try.FEW), 1), True),
        (dict.fromkeys(range(second_try.FEW + 1), 1), False),
        ({2: 2}, False),
        ({1: 1, 2: 2}, False),
    ],
    ids=["one", "few", "many", "one that goes on failing", "one of two goes on failing"],
)
def test_a_test_that_failed_is_tried_once_more(tmp_path: Path, failures: dict[int, int], passes: bool) -> None:
    file = tmp_path / "test_made_up.py"
    file.write_text(TESTS)
    for number, times in failures.items():
        (tmp_path / f"failures-{number}").write_text(str(times))
    pytest_command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", str(tmp_path)]
    command = [*second_try.noting(pytest_command, tmp_path / "notes"), str(file)]

    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode == 1
    assert second_try.passes("made up", command, tmp_path / "notes", tmp_path) is passes


def test_a_run_that_did_not_come_to_its_tests_is_not_tried_again(tmp_path: Path) -> None:
    command = second_try.noting([sys.executable, "-m", "pytest", "-q", "nothing.py"], tmp_path / "notes")

    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode != 0
    assert not second_try.passes("made up", command, tmp_path / "notes", tmp_path)
