"""`gatelight run`: takes the right to run, sets up log and terminal, and runs the agent until it is told to stop."""

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from agent import __version__
from agent.app import App
from agent.config import load, load_or_go_without
from agent.console import Console, is_read_live
from agent.errors import AlreadyRunning, NotRunning
from agent.runtime.control import request
from agent.runtime.instance import Instance
from agent.runtime.logs import private_here, set_up
from agent.runtime.paths import Places

if TYPE_CHECKING:
    from agent.agent_host import AgentHost, Desktop

logger = logging.getLogger("agent")


def run(
    places: Places,
    *,
    tray: bool,
    verbosity: int,
    say: Callable[[str], None],
    autostarted: bool = False,
    asked_to_stop: threading.Event | None = None,
) -> int:
    """`gatelight run`: the agent until told to stop. Raises GatelightError for what the user can put right."""
    if autostarted:
        settings, config_error = load_or_go_without(places.config, named=places.config_named)
    else:
        settings, config_error = load(places.config, named=places.config_named), None
    with (
        _only_one(places, quiet=autostarted),
        set_up(places.log_file, verbosity, private=private_here(settings.notifications.remote), tell=say) as logs,
    ):
        logger.info("Gatelight %s starts (pid %d)", __version__, os.getpid())
        console = Console(say, lambda: app.has_icon)
        # With -v the terminal shows the log instead.
        talks = verbosity == 0 and not autostarted and is_read_live()

        def assemble(desktop: "Desktop") -> "AgentHost":
            from agent.agent_host import AgentHost
            from agent.autostart import LogInStart

            login = LogInStart(places)
            login.repair()
            return AgentHost(
                places,
                settings,
                desktop,
                login=login,
                autostarted=autostarted,
                config_error=config_error,
                on_notice=console.hear if talks else lambda _: None,
                keep_private=lambda new: logs.keep_private(private_here(new.notifications.remote)),
            )

        app = App(assemble, tray=tray, autostarted=autostarted, say=say)
        if talks:
            console.begin()
        app.run(asked_to_stop)
    return 0


@contextlib.contextmanager
def _only_one(places: Places, *, quiet: bool) -> Iterator[None]:
    """Take the right to run; if another agent has it, ask that one to show itself, and raise AlreadyRunning."""
    try:
        instance = Instance(places)
        instance.take()
    except AlreadyRunning:
        if not quiet:
            with contextlib.suppress(NotRunning):
                request(places, {"command": "show"})
        raise
    try:
        yield
    finally:
        instance.release()
