"""What tests of the observers share."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.core.clock import Moment
from tests.lookalikes import Start, lookalikes


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a process by name and arguments; it ends with the test."""
    with lookalikes(tmp_path) as begin:
        yield begin


@pytest.fixture
def now() -> Moment:
    return Moment(time.monotonic(), time.time())
