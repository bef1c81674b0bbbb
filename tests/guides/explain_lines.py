"""Recorded lines of real programs, and what `gatelight explain` must say of each."""

import json
from pathlib import Path

RECORDED = Path(__file__).parent.parent / "recorded"
REAL_LINES = [
    line
    for name in ("explain-lines", "explain-more-lines")
    for line in json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
]
"""Lines of programs, launcher.log and IBC, dialog titles, errors of Windows in many languages: what must be said."""
