"""The null device is no terminal, also where the system says so of it."""

import os
from pathlib import Path

from agent.cli.terminal import is_terminal


def test_no_user_sits_at_the_null_device() -> None:
    with Path(os.devnull).open() as null:
        assert not is_terminal(null)
