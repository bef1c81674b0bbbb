"""A part of the other rooms' tests, on the Windows Python."""

import pytest

from tests.desktop_session import need
from tests.windows import suite

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(900)]


def test_what_differs_on_windows_passes_there(capfd: pytest.CaptureFixture[str]) -> None:
    need("wine", "wineserver")
    rooms = [room for room in suite.PART if "faults" not in room]
    others = suite.main([*rooms, "-q", "--timeout", "200"])
    faults = suite.main(
        [
            "tests/faults/test_faults.py",
            "-q",
            "--timeout",
            "200",
            "-k",
            f"agent_names and not restart and ({' or '.join(suite.FAULTS)})",
        ]
    )
    said = capfd.readouterr().out

    assert others == 0, said
    assert faults == 0, said
    assert " passed" in said
