"""What is promised of every fix: file, list and the problems agree; importing them costs nothing."""

import subprocess
import sys
from importlib import import_module, resources

import pytest

from agent.core.fix import Fix
from agent.fixes import FIXES
from agent.problems import PROBLEMS

PUBLISHED = {
    "start-app",
    "focus-app",
    "use-port",
    "use-application",
    "use-client-id",
    "use-trading-mode",
    "use-intent",
    "choose-app",
    "enable-api",
    "reconnect-data",
    "reconnect-account",
    "set-precautions",
    "set-auto-restart",
}
"""IDs that users type after `gatelight fix`: none of them may go. A release adds its own."""
OF_THE_PAGE = {"open-download-page", "copy-address"}
"""What a problem names as its fix and only a browser can do."""
HEAVY = ("asyncio", "ctypes", "psutil", "subprocess", "socket", "tomlkit", "Xlib", "ib_async")


def test_files_and_list_agree_and_no_published_id_is_gone() -> None:
    files = {f.name.removesuffix(".py") for f in resources.files("agent.fixes").iterdir() if f.name.endswith(".py")}
    of_files = {f.replace("_", "-") for f in files - {"__init__"}}

    assert of_files - set(FIXES) == set(), "agent/fixes/__init__.py: list them"
    assert set(FIXES) - of_files == set(), "agent/fixes: each has a file of its name, with underscores for hyphens"
    assert set(FIXES) >= PUBLISHED


@pytest.mark.parametrize("fix", FIXES.values(), ids=lambda f: f.id)
def test_the_constant_is_named_like_the_id(fix: Fix) -> None:
    name = fix.id.replace("-", "_")

    assert getattr(import_module(f"agent.fixes.{name}"), name.upper(), None) is fix, (
        f"agent/fixes/{name}.py: its one Fix is named {name.upper()}"
    )
    assert FIXES[fix.id] is fix


def test_every_fix_is_for_a_problem_and_every_problem_names_one_that_exists() -> None:
    named = {p.fix for p in PROBLEMS if p.fix is not None}

    assert named - OF_THE_PAGE - set(FIXES) == set(), "agent/problems: no fix of this ID is in agent/fixes/__init__.py"
    assert set(FIXES) - named == set(), "agent/problems: name them as the fix of the problem that they solve"


def test_importing_them_brings_in_nothing_heavy() -> None:
    code = f"import sys, agent.fixes; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=".")

    assert done.stdout.strip() == "[]"
