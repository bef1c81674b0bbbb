"""What the Windows tests share: one desktop for all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.windows_desktop import WindowsDesktop, windows_desktop


@pytest.fixture(scope="session")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WindowsDesktop]:
    folder: Path = tmp_path_factory.mktemp("windows")
    with windows_desktop(folder) as made:
        yield made
