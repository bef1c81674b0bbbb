"""`gatelight run`: takes the right to run, sets up log and terminal, and runs the agent until it is told to stop."""

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from agent import __version__
from agent.app.lifecycle import App
from agent.app.own_files import remove_earlier_versions, start_anew
from agent.cli.console import Console
from agent.cli.terminal import is_terminal
from agent.config.reading import load, load_or_go_without
from agent.core.settings import Settings
from agent.errors import AgentNotRunning, AlreadyRunning, ConfigError
from agent.platforms.desktop_session import session_here
from agent.runtime.aside import done_within
from agent.runtime.control.channel import request
from agent.runtime.instance import Instance
from agent.runtime.logs import private_here, set_up_logs
from agent.runtime.paths import Places, data_folder_error

if TYPE_CHECKING:
    from agent.app.agent_host import AgentHost
    from agent.app.desktop import Desktop

logger = logging.getLogger("agent")

SHOW_SECONDS = 5.0
"""Seconds that the agent that runs may take to show itself, on another desktop perhaps."""
START_SECONDS = 10.0
"""Seconds that the disk may take, at the start, for the configuration or the data folder."""


def command(
    places: Places,
    *,
    tray: bool,
    verbosity: int,
    say: Callable[[str], None],
    autostarted: bool = False,
    json_log: bool = False,
    asked_to_stop: threading.Event | None = None,
) -> int:
    """`gatelight run`: the agent until told to stop. Raises GatelightError for what the user can put right."""
    settings, config_error = _settings(places, go_without=autostarted)
    with (
        _only_one(places, quiet=autostarted) as instance,
        set_up_logs(
            places.log_file, verbosity, private=private_here(settings.secrets), tell=say, json=json_log
        ) as logs,
    ):
        logger.info("Gatelight %s starts (pid %d)", __version__, os.getpid())
        threading.Thread(target=remove_earlier_versions, name="earlier versions", daemon=True).start()
        console = Console(say, lambda: app.has_icon)
        # With -v the terminal shows the log instead.
        talks = verbosity == 0 and not autostarted and is_terminal(sys.stderr)

        def assemble(desktop: "Desktop") -> "AgentHost":
            from agent.app.agent_host import AgentHost
            from agent.app.login_start import LogInStart

            login = LogInStart(places)
            with contextlib.suppress(TimeoutError):
                done_within(START_SECONDS, login.repair, "start at log-in")
            return AgentHost(
                places,
                settings,
                desktop,
                instance=instance,
                login=login,
                again=(*login.arguments, *_more_arguments(tray=tray, verbosity=verbosity, json_log=json_log)),
                autostarted=autostarted,
                config_error=config_error,
                on_notice=console.hear if talks else lambda _: None,
                keep_private=lambda new: logs.keep_private(private_here(new.secrets)),
            )

        app = App(assemble, tray=tray, autostarted=autostarted, say=say)
        if talks:
            console.begin()
        app.run(asked_to_stop)
    if app.begins_anew:
        start_anew()
    return 0


def _more_arguments(*, tray: bool, verbosity: int, json_log: bool) -> list[str]:
    """What the agent was told besides the places of its files."""
    no_icon, as_json = [] if tray else ["--no-tray"], ["--log-format", "json"] if json_log else []
    return [*no_icon, *as_json, *["--verbose"] * verbosity]


def _settings(places: Places, *, go_without: bool) -> tuple[Settings, str | None]:
    """What the file says; with `go_without` the defaults and why, where it cannot be used. Raises ConfigError."""

    def read() -> tuple[Settings, str | None]:
        if go_without:
            return load_or_go_without(places.config, named=places.config_named)
        return load(places.config, named=places.config_named), None

    try:
        return done_within(START_SECONDS, read, "configuration")
    except TimeoutError as late:
        sentence = f"The configuration file {places.config} cannot be read ({late}): see whether its disk is well."
        if go_without:
            return Settings(), sentence
        raise ConfigError(sentence) from None


@contextlib.contextmanager
def _only_one(places: Places, *, quiet: bool) -> Iterator[Instance]:
    """Take the right to run; if another agent has it, ask that one to show itself, and raise AlreadyRunning."""
    try:
        instance = Instance(places)
        done_within(START_SECONDS, instance.take, "data folder")
    except TimeoutError as late:
        raise data_folder_error(places.data, late) from None
    except AlreadyRunning as running:
        moved = None
        with contextlib.suppress(AgentNotRunning):
            asked = {"command": "show", "desktop": session_here(), "quiet": quiet}
            moved = request(places, asked, timeout=SHOW_SECONDS).get("moved")
        if moved:
            raise AlreadyRunning(f"{running.what}: its {moved} are on this desktop from now on.") from None
        raise
    try:
        yield instance
    finally:
        instance.release()
