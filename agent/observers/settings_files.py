"""The readable settings files of an application: its jts.ini, and IBC's config.ini without any password."""

import errno
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Generic, TypeVar

from agent.core.facts import Fact, Known, SettingsHints, Unknown
from agent.platforms.files import open_regular
from agent.tws.applications import Application, TradingMode
from agent.tws.settings_files import IbcConfig, JtsIni, read_ibc_config, read_jts_ini

LARGEST = 131_072
"""Bytes of a settings file that are read at most: a jts.ini has some thousands, IBC's config.ini with all its comments
some ten thousand. Any user can name any file, by the command line of a program that looks like TWS."""
MOST_FILES_KEPT = 128
"""Files of which it is known what they told."""
PASSED_OVER = 12
"""Looks for which a file of another user's application is believed as it was, however often it changes: a minute."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Stamp:
    """By what a changed file is told from an unchanged one."""

    modified: int
    """Nanoseconds."""
    size: int


@dataclass(slots=True)
class _Read(Generic[_T]):
    """What a file told when it was read last."""

    stamp: _Stamp
    told: _T
    passed_over: int = 0


class _Files(Generic[_T]):
    """The files of one kind, each read only when it has changed."""

    def __init__(self, parse: Callable[[str], _T]) -> None:
        self._parse = parse
        self._known: dict[Path, _Read[_T]] = {}

    def read(self, path: Path, *, seldom: bool) -> _T:
        """What the file tells, or has told lately, if it need be read but `seldom`. Raises OSError."""
        stamp = _stamp(path)
        known = self._known.get(path)
        if known is not None and known.stamp == stamp:
            return known.told
        if known is not None and seldom and known.passed_over < PASSED_OVER:
            known.passed_over += 1
            return known.told
        self._known.pop(path, None)
        read = self._known[path] = _Read(stamp, self._parse(_text(path)))
        while len(self._known) > MOST_FILES_KEPT:
            # Those read last stand last.
            del self._known[next(iter(self._known))]
        return read.told


class SettingsFilesObserver:
    """Reads settings files, each only when it has changed."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(roots)
        self._jts_inis = _Files(read_jts_ini)
        self._ibc_configs = _Files(read_ibc_config)

    def observe(
        self, application: Application, folders: Sequence[str] = (), *, foreign: bool = False
    ) -> Fact[SettingsHints]:
        """The hints for an application; `folders`: its working folder, then its program folder, where known.

        `foreign`: it runs as another user, who may change its files all the time.

        The settings folder is the one its command line names, else IBC's `IbDir`, else the working folder, else the
        usual one, else the program folder: the first of them with a jts.ini.
        """
        ibc, denied = self._ibc(application, folders[:1], foreign=foreign)
        jts = None
        for place in self._places(application, ibc, folders):
            try:
                jts = self._jts_inis.read(place / "jts.ini", seldom=foreign)
                break
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                denied = True
        if jts is None and ibc is None:
            return Unknown("the settings files may not be read" if denied else "no settings files found")
        return Known(_hints(jts, ibc))

    def places(self, application: Application, folders: Sequence[str] = ()) -> tuple[Path, ...]:
        """The folders that may be the settings folder of an application, likeliest first; arguments as above."""
        return self._places(application, self._ibc(application, folders[:1])[0], folders)

    def _places(self, application: Application, ibc: IbcConfig | None, folders: Sequence[str]) -> tuple[Path, ...]:
        working, program = folders[:1], folders[1:]
        named = [x for x in (application.settings_folder, ibc.settings_folder if ibc is not None else None) if x]
        found = [_beside(x, *working) for x in named] + [_beside(x) for x in working]
        return (*found, *self._roots, *(_beside(x) for x in program))

    def _ibc(
        self, application: Application, working: Sequence[str], *, foreign: bool = False
    ) -> tuple[IbcConfig | None, bool]:
        """IBC's configuration, where the command line names one, and whether reading it was refused."""
        if application.ibc_config is None:
            return None, False
        try:
            return self._ibc_configs.read(_beside(application.ibc_config, *working), seldom=foreign), False
        except FileNotFoundError:
            return None, False
        except OSError:
            return None, True


def _hints(jts: JtsIni | None, ibc: IbcConfig | None) -> SettingsHints:
    """Both files together. The mode of IBC counts more, since IBC chooses it on the log-in screen."""
    mode = ibc.trading_mode if ibc is not None else TradingMode.UNKNOWN
    if mode is TradingMode.UNKNOWN and jts is not None:
        mode = jts.trading_mode
    told = _daily(ibc)
    restart, logoff = told if told != (None, None) else _daily(jts)
    return SettingsHints(
        trading_mode=mode,
        region=jts.region if jts is not None else None,
        api_only=jts.api_only if jts is not None else None,
        use_ssl=jts.use_ssl if jts is not None else None,
        auto_restart_time=restart,
        auto_logoff_time=logoff,
        closes_at=ibc.closes_at if ibc is not None else None,
        closes_on=ibc.closes_on if ibc is not None else None,
        command_server_port=ibc.command_server_port if ibc is not None else None,
        source=" and ".join(x for x, found in (("jts.ini", jts), ("config.ini", ibc)) if found is not None),
    )


def _daily(file: JtsIni | IbcConfig | None) -> tuple[int | None, int | None]:
    """The daily restart and log-off that one file names. Those of IBC count more, since IBC enters them in the
    application."""
    return (None, None) if file is None else (file.auto_restart_time, file.auto_logoff_time)


@lru_cache(maxsize=128)
def _beside(path: str, working: str = "") -> Path:
    """A path of a command line: a relative one starts at the working folder of its process."""
    return Path(working, path)


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        # Opening a named pipe would block the look.
        raise FileNotFoundError(errno.ENOENT, "not a file")
    return _Stamp(found.st_mtime_ns, found.st_size)


def _text(path: Path) -> str:
    # Other users name such paths too, by the command lines of their programs, and may change what lies there.
    with open(open_regular(path, os.O_RDONLY), "rb") as file:  # noqa: PTH123
        return file.read(LARGEST).decode("utf-8", errors="replace")
