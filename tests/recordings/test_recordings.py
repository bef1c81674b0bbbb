"""A user's bad day as a test: each recording here is run again, and what is decided about it is what was agreed to.

To add one, put the `recording.jsonl` of a bundle here under the name of what went wrong. The test then says which file
to write beside it: read it before you agree. A recording is never made anew: every later version has to read it.
"""

from pathlib import Path

import pytest

from agent.app.world import knowledge
from agent.history.recording.lines import MIGRATIONS, PieceBegun, Torn, read_lines
from agent.history.recording.reading import recording_in
from agent.history.recording.replay import Replay

FOLDER = Path(__file__).parent
RECORDINGS = sorted(FOLDER.glob("*.jsonl"))


def decided(path: Path) -> str:
    """Notices, and the states of the connections, line by line."""
    replay = Replay()
    lines = [line for line in replay.lines(read_lines(recording_in(path), knowledge())) if not line.came_in]
    kept = [line for line in lines if not line.text.startswith("log (") and "session " not in line.text]
    assert (replay.summary.faults, replay.summary.torn) == (0, 0)
    return "".join(f"{line.at}  {line.text}\n" if line.at else f"# {line.text}\n" for line in kept)


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_what_is_decided_now_is_what_was_agreed_to(path: Path) -> None:
    agreed = path.with_suffix(".txt")
    now = decided(path)
    told = agreed.read_text(encoding="utf-8") if agreed.exists() else ""

    assert now == told, f"if this is right, write it to {agreed.relative_to(FOLDER.parent.parent)}"


def test_there_are_recordings_of_every_schema() -> None:
    """With a new schema, a recording that has it is added; those before stay."""
    first = {path: recording_in(path) for path in RECORDINGS}
    schemas = {next(iter(lines)).partition(":")[2].partition(",")[0].strip() for lines in first.values()}

    assert schemas == {str(n) for n in range(1, len(MIGRATIONS) + 2)}


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_nothing_of_it_is_lost(path: Path) -> None:
    items = list(read_lines(recording_in(path), knowledge()))

    assert isinstance(items[0], PieceBegun)
    assert len(items) > 20
    assert [one for one in items if isinstance(one, Torn)] == []
