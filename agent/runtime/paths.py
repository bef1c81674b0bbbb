"""The places of the agent's files: the configuration, the data folder with its files, and the log."""

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.errors import DataFolderError, UsageError

CONFIG_VARIABLE = "GATELIGHT_CONFIG"
DATA_VARIABLE = "GATELIGHT_DATA_DIR"


@dataclass(frozen=True, slots=True)
class Places:
    """The files and folders of one agent."""

    config: Path
    config_named: bool
    """The user named the configuration file, so it must exist."""
    data: Path
    log: Path
    """The folder of the log files."""

    @property
    def lock(self) -> Path:
        """The lock that the running agent of this data folder holds."""
        return self.data / "agent.lock"

    @property
    def pid(self) -> Path:
        """The file that names the holder of the lock."""
        return self.data / "agent.pid"

    @property
    def control(self) -> Path:
        """The folder of the control channel's socket."""
        return self.data / "control"

    @property
    def relays(self) -> Path:
        """The folder in which each running relay tells what it counts."""
        return self.data / "relays"

    @property
    def log_file(self) -> Path:
        """The current log file."""
        return self.log / "gatelight.log"


def find_places(
    config: str | Path | None = None,
    data_dir: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Places:
    """The places for these options; else by the environment, else the operating system's usual folders.

    In a data folder that the user named, the log is in it too. Nothing is created. Raises UsageError where the system
    does not tell what they are relative to: the user's home folder, or the current one.
    """
    _know_home()
    variables = os.environ if environ is None else environ
    named_config = config or variables.get(CONFIG_VARIABLE)
    named_data = data_dir or variables.get(DATA_VARIABLE)
    data = _absolute(named_data) if named_data else _default("user_data_path")
    return Places(
        config=_absolute(named_config) if named_config else _default("user_config_path") / "config.toml",
        config_named=bool(named_config),
        data=data,
        log=data / "log" if named_data else _default("user_log_path"),
    )


def make_data_folder(places: Places) -> None:
    """Make the data folder where it is missing, and prove that it can be written; raises `DataFolderError`.

    Memory, log and control channel tell about the user's trading, so no other user may read or write there.
    """
    # Imported late: `status` makes no folder, and must be quick.
    import tempfile

    from agent.platforms.folders import make_private

    try:
        # A folder that the user named stays readable for others: they may need it for something else.
        make_private(places.data, close=False)
        with tempfile.TemporaryFile(dir=places.data):
            pass
    except (OSError, ValueError) as error:
        raise data_folder_error(places.data, error) from None


def data_folder_error(folder: Path, error: Exception) -> DataFolderError:
    """The sentence for a data folder that cannot be used."""
    from agent.platforms.files import reason_of
    from agent.platforms.folders import NotOurs

    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = "make room on its disk" if full else "allow writing to it"
    if isinstance(error, FileExistsError | NotADirectoryError):
        remedy = "move away what stands in its place"
    if isinstance(error, TimeoutError):
        remedy = "see whether its disk is well"
    if isinstance(error, NotOurs):
        remedy = "give it to the user who runs Gatelight, and to no other"
    return DataFolderError(
        f"The data folder {folder} cannot be used ({reason_of(error)}): "
        f"{remedy}, or name another one with --data-dir or {DATA_VARIABLE}."
    )


def _default(folder: str) -> Path:
    # Imported late: `status` with a data folder of its own does not need it, and must be quick.
    import platformdirs

    path: Path = getattr(platformdirs, folder)("gatelight", appauthor=False)
    return path


def _know_home() -> None:
    """Raise UsageError where the home folder is not known, as for a user without an entry in the user database."""
    try:
        known = Path.home().is_absolute()
    except RuntimeError:
        known = False
    if not known:
        raise UsageError(
            "The home folder of this user is not known: set the environment variable HOME to its full path."
        )


def _absolute(path: str | Path) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:
        raise UsageError(f"{path} names the home folder of a user who does not exist: write the full path.") from None
    except OSError:
        raise UsageError(f"{path} is nowhere, since the current folder was removed: write the full path.") from None
