"""Puts the checkout on the path, so that tests share modules as `tests.name`; lets no test end the others."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.relaying import RELAYED_TOO, Way, way_of

# A busy machine may make an example slow; it may not make a test red.
settings.register_profile("gatelight", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gatelight")

ENDED_FROM_WITHIN = 70
_here = os.getpid()
_end = os._exit


def _end_loudly(status: int) -> None:
    """A program under test may end its process at once, with 0; the tests that were left would count as passed."""
    _end(status or ENDED_FROM_WITHIN if os.getpid() == _here else status)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run some tests of sessions twice: straight to the simulated TWS, and through a relay."""
    if "way" in metafunc.fixturenames and metafunc.module.__name__ in RELAYED_TOO:
        metafunc.parametrize("way", ["straight", "relayed"], indirect=True)


@pytest.fixture
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    """Makes a simulated TWS one whose port is the way to it."""
    with contextlib.ExitStack() as relays:
        yield way_of(getattr(request, "param", "straight"), relays)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out, on a Windows Python, what says that it cannot pass there."""
    for item in items if sys.platform == "win32" else ():
        if mark := item.get_closest_marker("not_under_wine"):
            item.add_marker(pytest.mark.skip(reason=mark.args[0]))


os._exit = _end_loudly  # type: ignore[assignment]
