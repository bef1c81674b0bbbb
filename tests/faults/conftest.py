"""A folder of its own for whoever tests the program as its users run it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import Place


@pytest.fixture
def place() -> Iterator[Place]:
    # The test runner's own folders have paths that are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="gl-") as folder:
        yield Place(Path(folder))
