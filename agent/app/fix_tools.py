"""The tools by which fixes act on the real world, see `core.fix.Tools`. A failure is returned in words."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from agent.config.keys import is_guarded
from agent.core.evidence.processes import owner_in
from agent.core.fix import ChangeSettings, CommandAnswer, SettingsOutcome, SettingsResult
from agent.errors import ConfigError
from agent.platforms import Platform, starting
from agent.tws.privacy import redact

SAME_START = 2.0
"""Seconds by which two readings of one process's start may differ, because the clock may be adjusted in between."""
_OWN_START = psutil.Process().create_time()
"""Our start as first read. On Linux, setting the clock moves the start of every process."""


class RealTools:
    """Platform, configuration file, IBC and the settings session."""

    def __init__(
        self,
        platform: Platform,
        config: Path,
        client_ids: Callable[[], Sequence[int]],
        config_changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`client_ids` returns two unused client IDs, first choice and fallback; never 0.

        `config_changed` is called on the loop's thread as soon as the configuration file was changed.
        """
        self._platform = platform
        self._config = config
        self._client_ids = client_ids
        self._config_changed = config_changed

    async def start_program(self, command: tuple[str, ...]) -> str | None:
        """Start a program detached; returns what went wrong if it ends at once, or None."""
        return await asyncio.to_thread(starting.start, command)

    async def bring_to_front(self, pid: int) -> str | None:
        """Bring the window of a process to the front, where the desktop allows it."""
        return await asyncio.to_thread(self._platform.bring_to_front, pid)

    async def change_config(self, edits: tuple[tuple[str, str], ...]) -> str | None:
        """Change the file in one step; afterwards it has all edits or none."""
        guarded = next((key for key, _ in edits if is_guarded(key)), None)
        if guarded is not None:
            return f"{guarded} is changed by you alone: run `gatelight config set {guarded} VALUE`"
        # Imported late: tomlkit takes a tenth of a second.
        from agent.config.editing import change_all

        try:
            await asyncio.to_thread(change_all, self._config, edits, making=False)
        except ConfigError as fault:
            return redact(str(fault))
        self._config_changed()
        return None

    async def send_command(self, port: int, command: str) -> CommandAnswer:
        """Send a command to IBC on this machine."""
        from agent.session.ibc_commands import send_command

        return await send_command(port, command)

    async def change_settings(self, plan: ChangeSettings) -> SettingsOutcome:
        """Ask once for the change of settings, and only in the process that the question named."""
        from agent.session.settings import update_settings

        if not await asyncio.to_thread(still_there, plan.listener_key, plan.port):
            words = "the application has been started anew, or left its port, since the question was asked"
            return SettingsOutcome(SettingsResult.NOT_ASKED, words)
        return await update_settings(plan.host, plan.port, self._client_ids(), plan.changes, plan.accepted)


def still_there(listener_key: str, port: int) -> bool:
    """Whether the process of a listener key still runs and listens on the port; True for a key without a process."""
    owner = owner_in(listener_key)
    if owner is None:
        return True
    pid, started = owner
    try:
        process = psutil.Process(pid)
        later = process.create_time() - started
        set_by = psutil.Process().create_time() - _OWN_START
        if min(abs(later), abs(later - set_by)) > SAME_START:
            return False
        sockets = process.net_connections(kind="tcp")
    except psutil.AccessDenied:
        # The process is there; the system only withholds its sockets.
        return True
    except (psutil.Error, OSError):
        return False
    return any(s.status == psutil.CONN_LISTEN and s.laddr.port == port for s in sockets)
