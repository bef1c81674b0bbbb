"""`gatelight replay`: runs a recording through the decisions of this version, and prints what they are."""

from collections.abc import Callable
from pathlib import Path

from agent.app.world import knowledge
from agent.errors import UsageError
from agent.history.recording.lines import NotARecording, read_lines
from agent.history.recording.reading import recording_in
from agent.history.recording.replay import Replay


def command(file: str, out: Callable[[str], None], say: Callable[[str], None]) -> int:
    """Print a replay line by line. Raises UsageError for a file that is no recording, or one of a later version."""
    path, replay = Path(file), Replay()
    lines = recording_in(path)
    try:
        for line in replay.lines(read_lines(lines, knowledge())):
            mark = "<" if line.came_in else ">"
            out(f"{line.at}  {mark} {line.text}" if line.at else f"# {line.text}")
    except NotARecording as fault:
        raise UsageError(f"{path}: {fault}") from None
    found = replay.summary
    parts = [_counted(found.steps, "step"), _counted(found.notices, "notice")]
    parts += [_counted(found.gaps, "gap")] if found.gaps else []
    parts += [_counted(found.torn, "torn piece")] if found.torn else []
    parts += [_counted(found.faults, "failed decision")] if found.faults else []
    say(f"{', '.join(parts)}. “<” is what came in then, “>” what is decided now; times are those of that computer.")
    return 0


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
