"""The agent's memory on disk: what was told, snoozed, paused; read at start, written as it changes."""

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent.core.memory import Memory, Snoozed, Told

logger = logging.getLogger(__name__)

FORMAT = 1
_FOREVER = "resume"
"""JSON has no infinity: "until told to resume" is written as this word."""


def read_memory(path: Path) -> Memory:
    """What was kept; an empty memory where there is none or it cannot be understood."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return _from_json(kept)
    except FileNotFoundError:
        return Memory()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
        logger.warning("the memory of earlier notices cannot be read (%s) and starts anew", type(fault).__name__)
        return Memory()


def write_memory(path: Path, memory: Memory) -> None:
    """Keep it; a disk that refuses is said once in the log and otherwise does no harm."""
    draft = path.with_suffix(".new")
    try:
        draft.write_text(json.dumps(_to_json(memory)), encoding="utf-8")
        draft.replace(path)
    except OSError as fault:
        logger.warning("what was announced cannot be kept: %s", fault.strerror or type(fault).__name__)


def _to_json(memory: Memory) -> dict[str, Any]:
    kept: dict[str, Any] = asdict(memory)
    kept["format"] = FORMAT
    if memory.paused_until == float("inf"):
        kept["paused_until"] = _FOREVER
    return kept


def _from_json(kept: dict[str, Any]) -> Memory:
    if kept["format"] != FORMAT:
        raise ValueError("another format")
    paused = kept["paused_until"]
    return Memory(
        told=tuple(Told(**t) for t in kept["told"]),
        snoozed=tuple(Snoozed(**s) for s in kept["snoozed"]),
        paused_until=float("inf") if paused == _FOREVER else paused,
        disconnected=tuple(kept["disconnected"]),
    )
