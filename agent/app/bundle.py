"""The diagnostics bundle: what may help another person to find out what happened here, without anything private.

Everything in it goes through the same stand-ins, so a computer that is host-1 in one file is host-1 in all of them.
"""

import errno
import io
import json
import platform
import socket
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import Any

from agent import __version__
from agent.config.keys import for_others
from agent.config.reading import load
from agent.config.showing import show
from agent.core.settings import Settings
from agent.errors import ConfigError, GatelightError
from agent.history.as_json import history_json
from agent.history.reading import read_days
from agent.history.recording.reading import RECORDING_NAME, recorded_pieces
from agent.platforms.files import reason_of, replace_file
from agent.problems import PROBLEMS
from agent.runtime.logs import private_here
from agent.runtime.paths import Places
from agent.tws.stand_ins import STAND_INS_EXPLAINED, StandIns

_DAYS = 2
"""Days of the history: today and yesterday hold the last 24 hours."""
_HOSTS = ("host", "host_address", "own_names")
"""Members of a recording that hold names of computers."""
_LIBRARIES = ("ib_async", "psutil", "pystray", "desktop-notifier", "aiohttp", "apscheduler", "pillow", "tzdata")


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One file of a bundle."""

    name: str
    about: str
    """What is in it, in a few words for the user."""
    text: str

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.text.encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle before it is written."""

    name: str
    """For its file."""
    files: tuple[BundleFile, ...]

    def packed(self) -> bytes:
        """The zip archive."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in self.files:
                archive.writestr(file.name, file.text.encode("utf-8", "replace"))
        return made.getvalue()


def gather(places: Places, doctor: Mapping[str, Any], shown: Mapping[str, Any] | None, now: datetime) -> Bundle:
    """Read what belongs into a bundle, and put stand-ins in the place of what is private. May take seconds.

    `doctor` is what one thorough look found, or {"error": sentence}; `shown` is the status of the running agent.
    """
    settings, fault = _settings(places)
    # Read once: the agent writes on. Parsed twice: parsed, a full day takes a hundred megabytes.
    pieces = list(recorded_pieces(places.data))
    recorded = {host for piece in pieces for line in _parsed(piece) for host in _hosts_in(line)}
    hosts = {*_own_hosts(), *recorded, *(connection.host for connection in settings.connections)}
    stand_ins = StandIns(_private(settings), hosts, _own_words())

    def file(name: str, about: str, told: Any) -> BundleFile:
        return BundleFile(name, about, json.dumps(stand_ins.json(told), ensure_ascii=False, indent=1) + "\n")

    files = [
        BundleFile(
            "configuration.toml", "the configuration, without secrets", _configuration(settings, fault, stand_ins)
        ),
        file("doctor.json", "what one thorough look found just now", doctor),
        *([] if shown is None else [file("status.json", "what the running Gatelight shows", shown)]),
        file("history.json", "problems and states of yesterday and today", _history(places, now)),
    ]
    if pieces:
        lines = (stand_ins.json(line) for piece in pieces for line in _parsed(piece))
        text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
        files.append(BundleFile(RECORDING_NAME, "what Gatelight saw in its last 24 hours", text))
    about = BundleFile("about.txt", "versions, this system, and what the stand-ins mean", _about(now, stand_ins))
    return Bundle(_name(now), (about, *files))


def free_place(wanted: str | None, now: datetime) -> Path:
    """Where a bundle is written: the wanted file, one in the wanted folder, or one in this folder.

    Raises GatelightError where nothing can be written there: a look takes a while, and would be in vain.
    """
    try:
        path = Path(wanted or ".").expanduser().absolute()
        if path.is_dir():
            path /= _name(now)
        if path.exists():
            raise GatelightError(f"{path} is there already: name another file with --out.")
        with tempfile.TemporaryFile(dir=path.parent):
            # It can be written there.
            pass
    except (OSError, ValueError, RuntimeError) as fault:
        raise _unwritten(Path(wanted or "."), fault) from None
    return path


def write_bundle(path: Path, content: bytes) -> None:
    """Write a bundle, whole or not at all. Raises GatelightError."""
    try:
        replace_file(path, content)
    except OSError as fault:
        raise _unwritten(path, fault) from None


def _unwritten(path: Path, fault: Exception) -> GatelightError:
    full = isinstance(fault, OSError) and fault.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = "make room on its disk" if full else "name a file in another folder with --out"
    return GatelightError(f"The bundle cannot be written to {path} ({reason_of(fault)}): {remedy}.")


def _name(now: datetime) -> str:
    return f"gatelight-bundle-{now:%Y%m%d-%H%M%S}.zip"


def _settings(places: Places) -> tuple[Settings, str]:
    """The settings, and why they cannot be read where that is so."""
    try:
        return load(places.config, named=places.config_named), ""
    except ConfigError as fault:
        return Settings(), str(fault)


def _configuration(settings: Settings, fault: str, stand_ins: StandIns) -> str:
    """What the configuration says, or what is wrong with it."""
    if fault:
        return stand_ins.lines("\n".join(f"# {line}" for line in fault.splitlines()))
    # In the values: TOML writes some characters in other words.
    return show(stand_ins.value(for_others(settings)))


def _history(places: Places, now: datetime) -> dict[str, Any]:
    try:
        return history_json(read_days(places.data, _DAYS, now))
    except GatelightError as fault:
        return {"error": str(fault)}


def _parsed(piece: str) -> Iterator[dict[str, Any]]:
    """The lines of a piece of the recording; one that was not written whole is left out."""
    # By this sign alone: a text may hold others that Python takes for the end of a line.
    for line in piece.split("\n"):
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(told, dict):
            yield told


def _hosts_in(value: Any) -> Iterator[str]:
    """The names of computers in a recording, where the name of a member says that it holds one."""
    if isinstance(value, list):
        for one in value:
            yield from _hosts_in(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _texts_in(one) if name in _HOSTS else _hosts_in(one)


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        # Why there is none is a sentence.
        if value not in ("Known", "Unknown") and " " not in value:
            yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(one)


def _own_hosts() -> Iterable[str]:
    names = (socket.gethostname(), platform.node())
    return [part for name in names for part in (name, name.partition(".")[0]) if part]


def _private(settings: Settings) -> Any:
    private = private_here(settings.secrets)
    return replace(private, names=(*private.names, *(Path(home).name for home in private.homes)))


def _own_words() -> frozenset[str]:
    """Words of Gatelight's own that a recording needs as they are: those of enumerations, and problems' codes."""
    words = {p.code for p in PROBLEMS}
    for kind in StrEnum.__subclasses__():
        if kind.__module__.startswith("agent."):
            words |= {one.value for one in kind}
    return frozenset(words)


def _about(now: datetime, stand_ins: StandIns) -> str:
    system = f"{platform.system()} {platform.release()} ({platform.machine()}), {platform.version()}"
    libraries = [f"{name} {version}" for name in _LIBRARIES if (version := _version(name))]
    explained = [f"- {line}" for line in STAND_INS_EXPLAINED]
    return "\n".join(
        [
            f"Gatelight {__version__}",
            f"made {now:%Y-%m-%d %H:%M} (UTC{now:%z})",
            f"system: {stand_ins.text(system)}",
            f"Python {sys.version.split()[0]}{', packaged' if getattr(sys, 'frozen', False) else ''}",
            *libraries,
            "",
            "In the place of what is private:",
            *explained,
            "",
            f"`gatelight replay` with this archive, or with its {RECORDING_NAME}, shows what is decided about it now.",
            "",
        ]
    )


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""
