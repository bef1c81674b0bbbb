"""A clean Debian for each test, with the package installed or not; the tests of this folder run by `run.py` alone."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaged import WORK

from tests.desktop_session import Desktop, desktop
from tests.installers.clean_system import CleanSystem, extracted
from tests.installers.run import LATER, MADE, SUITES

if MADE not in os.environ:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def made() -> Path:
    """The folder with what was built."""
    return Path(os.environ[MADE])


@pytest.fixture(scope="session")
def package(made: Path) -> Path:
    return next(p for p in made.glob("gatelight_*.deb") if LATER not in p.name)


@pytest.fixture(scope="session")
def later_package(made: Path) -> Path:
    return next(made.glob(f"gatelight_{LATER}_*.deb"))


@pytest.fixture(scope="session", params=SUITES)
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Debian that no test changes."""
    with extracted(WORK / f"{request.param}.tar") as folder:
        yield folder


@pytest.fixture
def system(base: Path) -> Iterator[CleanSystem]:
    """A clean Debian of the test's own."""
    with CleanSystem.over(base) as made_system:
        yield made_system


@pytest.fixture
def installed(system: CleanSystem, package: Path) -> CleanSystem:
    """The same with the package installed."""
    system.install(package)
    return system


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Desktop]:
    """A desktop with a panel, whose bus the users of a clean system reach too."""
    with desktop() as shown:
        yield shown
