"""What channel tests share."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def nothing_is_left_for_asyncio_to_complain_about(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    gc.collect()
    complaints = [record.getMessage() for record in caplog.records if record.name == "asyncio"]

    assert complaints == []
