"""What a command promises is what a restart of the agent remembers: success is said after it is kept."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.simulator.free_ports import free_port
from tests.commands import Place, paper_file

needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount a small disk"
)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Place]:
    """A user whose data folder is a disk of its own, of one megabyte."""
    place = Place(tmp_path)
    place.config.write_text(paper_file(free_port()))
    place.data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(place.data)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place.data)], check=True)


def fill(folder: Path) -> Path:
    """Leave not a byte free."""
    filler = folder / "filler"
    with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return filler


@needs_root
@pytest.mark.parametrize(
    "command", [("disconnect",), ("pause", "1h"), ("snooze", "app-not-running", "1h")], ids=lambda c: c[0]
)
def test_on_a_full_disk_nothing_is_promised_that_a_restart_forgets(small_disk: Place, command: tuple[str, ...]) -> None:
    with small_disk.agent():
        filler = fill(small_disk.data)
        full = small_disk.do(*command)
        filler.unlink()
        free = small_disk.do(*command)

    assert full.status == 1
    assert "could not be written down (No space left on device)" in full.sentence
    assert (free.status, "written down" in free.err) == (0, False)


@needs_root
def test_what_was_promised_is_remembered(small_disk: Place) -> None:
    with small_disk.agent():
        filler = fill(small_disk.data)
        small_disk.do("disconnect")
        filler.unlink()
        told = small_disk.do("disconnect")
    with small_disk.agent():
        shown = small_disk.until(lambda connection: True)

    assert told.status == 0
    assert shown["connections"][0]["overall"] == "paused"
