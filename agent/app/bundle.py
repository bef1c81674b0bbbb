"""The diagnostics bundle: what may help another person to find out what happened here, without anything private.

Everything in it goes through the same stand-ins, so a computer that is host-1 in one file is host-1 in all of them.
"""

import io
import json
import platform
import socket
import sys
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
    settings, configuration = _configuration(places)
    lines = [line for piece in recorded_pieces(places.data) for line in _parsed(piece)]
    hosts = {*_own_hosts(), *_hosts_in(lines), *(connection.host for connection in settings.connections)}
    stand_ins = StandIns(_private(settings), hosts, _own_words())

    def file(name: str, about: str, told: Any) -> BundleFile:
        return BundleFile(name, about, json.dumps(stand_ins.json(told), ensure_ascii=False, indent=1) + "\n")

    files = [
        BundleFile("configuration.toml", "the configuration in force, without secrets", stand_ins.lines(configuration)),
        file("doctor.json", "what one thorough look found just now", doctor),
        *([] if shown is None else [file("status.json", "what the running Gatelight shows", shown)]),
        file("history.json", "problems and states of yesterday and today", _history(places, now)),
    ]
    if lines:
        text = "".join(json.dumps(stand_ins.json(one), ensure_ascii=False) + "\n" for one in lines)
        files.append(
            BundleFile(RECORDING_NAME, "what Gatelight saw in the last 24 hours, for `gatelight replay`", text)
        )
    about = BundleFile("about.txt", "versions, this system, and what the stand-ins mean", _about(now, stand_ins))
    return Bundle(f"gatelight-bundle-{now:%Y%m%d-%H%M%S}.zip", (about, *files))


def write_bundle(path: Path, content: bytes) -> None:
    """Write a bundle, whole or not at all. Raises GatelightError."""
    try:
        if path.exists():
            raise GatelightError(f"{path} is there already: name another file with --out.")
        replace_file(path, content)
    except (OSError, ValueError) as fault:
        text = f"The bundle could not be written to {path} ({reason_of(fault)}): name another file with --out."
        raise GatelightError(text) from None


def _configuration(places: Places) -> tuple[Settings, str]:
    """The settings, and their text; where they cannot be used, why."""
    try:
        settings = load(places.config, named=places.config_named)
    except ConfigError as fault:
        return Settings(), "".join(f"# {line}\n" for line in str(fault).splitlines())
    return settings, show(for_others(settings))


def _history(places: Places, now: datetime) -> dict[str, Any]:
    try:
        kept, midnights, until = read_days(places.data, _DAYS, now, minutes=1)
    except GatelightError as fault:
        return {"error": str(fault)}
    return history_json(kept, midnights, until, strips=True)


def _parsed(piece: str) -> Iterator[dict[str, Any]]:
    """The lines of a piece of the recording; one that was not written whole is left out."""
    for line in piece.splitlines():
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
            if name in ("host", "host_address") and isinstance(one, str):
                yield one
            elif name == "own_names":
                yield from _texts_in(one)
            elif not isinstance(one, str):
                yield from _hosts_in(one)


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
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
