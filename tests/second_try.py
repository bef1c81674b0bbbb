"""Runs the few tests that failed once more, with nothing beside them, and says which passed then.

A machine under load makes tests slower, not red: what fails beside others and passes alone had too little patience, or
has found a race. Either is printed by name. More failures than `FEW` are no matter of load and are not tried again.
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

FEW = 3
"""So many tests of one run are tried again."""


def noting(pytest: Sequence[str], folder: Path) -> list[str]:
    """The same pytest command, which also notes in `folder` which tests failed."""
    return [*pytest, "-o", f"cache_dir={folder}"]


def passes(name: str, command: Sequence[str], folder: Path, root: Path, more: Mapping[str, str] | None = None) -> bool:
    """Whether what a failed `command`, made by `noting`, has noted passes now; `more`: environment of the tests."""
    noted = folder / "v/cache/lastfailed"
    tests = list(json.loads(noted.read_text(encoding="utf-8"))) if noted.exists() else []
    if not 0 < len(tests) <= FEW:
        return False
    print(f"\n── {name}: what failed, once more with nothing beside it ──", flush=True)
    again = [*command, "--last-failed", "--last-failed-no-failures", "none"]
    if subprocess.run(again, cwd=root, env=os.environ | dict(more or {}), check=False).returncode:
        return False
    print(f"\nFailed first and passed alone (too little patience, or a race): {', '.join(tests)}", flush=True)
    return True
