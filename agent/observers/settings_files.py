"""The readable settings files of an application: its jts.ini, and IBC's config.ini without any password."""

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from agent.core.facts import Fact, Known, SettingsHints, Unknown
from agent.platforms.files import open_regular
from agent.tws.applications import Application, TradingMode
from agent.tws.settings_files import IbcConfig, JtsIni, read_ibc_config, read_jts_ini

LARGEST = 1_000_000
"""Bytes of a settings file that are read at most; a real one has some thousands."""


@dataclass(frozen=True, slots=True)
class _Stamp:
    """By what a changed file is told from an unchanged one."""

    modified: int
    """Nanoseconds."""
    size: int


class SettingsFilesObserver:
    """Reads settings files, each only when it has changed."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(roots)
        self._jts_inis: dict[Path, tuple[_Stamp, JtsIni]] = {}
        self._ibc_configs: dict[Path, tuple[_Stamp, IbcConfig]] = {}

    def observe(self, application: Application, folders: Sequence[str] = ()) -> Fact[SettingsHints]:
        """The hints for an application; `folders`: its working folder, then its program folder, where known.

        The settings folder is the one its command line names, else IBC's `IbDir`, else the working folder, else the
        usual one, else the program folder: the first of them with a jts.ini.
        """
        ibc, denied = self._ibc(application, folders[:1])
        jts = None
        for place in self._places(application, ibc, folders):
            try:
                jts = self._jts_ini(place / "jts.ini")
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

    def _ibc(self, application: Application, working: Sequence[str]) -> tuple[IbcConfig | None, bool]:
        """IBC's configuration, where the command line names one, and whether reading it was refused."""
        if application.ibc_config is None:
            return None, False
        try:
            return self._ibc_config(_beside(application.ibc_config, *working)), False
        except FileNotFoundError:
            return None, False
        except OSError:
            return None, True

    def _jts_ini(self, path: Path) -> JtsIni:
        stamp = _stamp(path)
        known = self._jts_inis.get(path)
        if known is None or known[0] != stamp:
            known = self._jts_inis[path] = (stamp, read_jts_ini(_text(path)))
        return known[1]

    def _ibc_config(self, path: Path) -> IbcConfig:
        stamp = _stamp(path)
        known = self._ibc_configs.get(path)
        if known is None or known[0] != stamp:
            known = self._ibc_configs[path] = (stamp, read_ibc_config(_text(path)))
        return known[1]


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
