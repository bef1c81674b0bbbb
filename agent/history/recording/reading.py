"""A recording from where it lies: the data folder of an agent, a bundle, or a file. Nothing is unpacked to the disk."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from agent.errors import UsageError
from agent.history.recording.recorder import pieces_of
from agent.platforms.files import TooLarge, read_file, reason_of

RECORDING_NAME = "recording.jsonl"
"""The name of the recording inside a bundle."""
MOST_READ = 64 << 20
"""Bytes of a file, and of a recording inside a bundle: more than an agent keeps."""


def recorded_pieces(folder: Path) -> Iterator[str]:
    """The text of each piece of the recording in a data folder, while its agent may write on.

    One that cannot be read, or that goes just then, is left out.
    """
    try:
        files = pieces_of(folder)
    except OSError:
        return
    for file in files:
        try:
            yield read_file(file, MOST_READ, links=False).decode("utf-8", "replace")
        except OSError:
            continue


def recording_in(path: Path) -> Iterator[str]:
    """The lines of the recording in a file, which is a bundle or the recording itself. Raises UsageError."""
    try:
        content = read_file(path, MOST_READ)
    except TooLarge:
        raise _no_recording(path, "it is larger than any that Gatelight makes") from None
    except (OSError, ValueError) as fault:
        raise UsageError(
            f"{path} cannot be read ({reason_of(fault)}): give a bundle of Gatelight, or the {RECORDING_NAME} in it."
        ) from None
    if content.startswith(b"PK"):
        content = _unpacked(path, content)
    return io.StringIO(content.decode("utf-8", "replace"), newline="\n")


def _unpacked(path: Path, content: bytes) -> bytes:
    """The recording in a bundle; of no other member, anything is read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle, bundle.open(RECORDING_NAME) as member:
            # What the archive says about sizes may be wrong.
            found = member.read(MOST_READ + 1)
    except KeyError:
        raise _no_recording(path, f"there is no {RECORDING_NAME} in it") from None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
        raise _no_recording(path, "it is damaged") from None
    if len(found) > MOST_READ:
        raise _no_recording(path, "it is larger than any that Gatelight makes")
    return found


def _no_recording(path: Path, why: str) -> UsageError:
    return UsageError(f"{path} is no bundle of Gatelight: {why}.")
