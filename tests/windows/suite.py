"""The tests of other rooms on a Windows Python under Wine: `python3 -m tests.windows.suite`, from `.venv`.

All of them by hand, for about half an hour; `tests/windows/test_suite.py` runs PART of them with every run of the
tests. What cannot pass there says so by the mark `not_under_wine`, with the reason. Arguments go to pytest instead.
"""

import os
import subprocess
import sys
from collections.abc import Sequence

from tests import apart, windows_python

ROOMS = ("tests/core", "tests/problems", "tests/runtime", "tests/session", "tests/faults")

PART = (
    "tests/platforms/test_exit_watch.py",
    "tests/platforms/test_consoles.py",
    "tests/runtime/control",
    "tests/runtime/test_paths.py",
)
"""What each run of the tests tries: where Windows differs, in processes, pipes and files."""

FAULTS = ("not-running", "login-pending", "other-port", "link-lost")
"""The faults of it: each seen in another way."""


def main(arguments: Sequence[str]) -> int:
    """Run pytest on the Windows Python; returns its exit status."""
    windows_python.prepare()
    # From here on in namespaces of its own, where that can be had: else it would find other tests' applications.
    apart.pytest_addoption()
    command = [str(windows_python.python()), "-m", "pytest", "-p", "no:cacheprovider", *(arguments or ROOMS)]
    told = windows_python.environment() | {apart.ALREADY: "yes"}
    told.pop("DISPLAY", None)
    # Through a pipe: Wine breaks programs whose output is a file or nothing.
    with subprocess.Popen(
        ["wine", *command],
        env=told,
        cwd=windows_python.ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as started:
        assert started.stdout is not None
        for line in started.stdout:
            os.write(1, line)
        return started.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
