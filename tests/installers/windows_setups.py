"""What the tests of Windows install: a packaged program that runs under Wine, in two versions of its setup.exe."""

import shutil

from build_windows import PYTHON, freeze, make_setup
from packaged import ROOT, WORK, version
from windows.wine_python import make_prefix

from tests.windows_python import show_on_a_desktop

NEXT = "9.9.9"
"""The version of the setup that the tests upgrade to."""
USER = 65534
"""An ordinary user that every Debian has."""
TESTED = WORK / "windows-tested"
TEMPLATE = TESTED / "template"
"""A Windows on which nothing was installed, owned by that user."""


def build() -> None:
    """Make what the tests install: the packaged program with what Wine lacks made good, in two versions of a setup.

    The program is the same in both; a file tells them apart.
    """
    PYTHON.prepare()
    shutil.rmtree(TESTED, ignore_errors=True)
    folder = freeze(first=ROOT / "tests/windows/wine_gaps.py")
    kept = TESTED / "gatelight"
    shutil.copytree(folder, kept)
    for number in (version(), NEXT):
        mark = kept / "_internal" / f"of-{number}.txt"
        mark.touch()
        make_setup(kept, number, TESTED / f"setup-{number}.exe", quick=True)
        mark.unlink()
    _make_template()


def _make_template() -> None:
    make_prefix(TEMPLATE / "prefix", user=USER)
    show_on_a_desktop(TEMPLATE / "prefix", user=USER)
