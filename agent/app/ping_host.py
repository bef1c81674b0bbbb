"""The dead-man ping: tells a service at regular times that the agent lives and whether all is well.

Where nothing comes any more, because the machine is off, hangs or has no network, the service tells the user. `start`
is sent once, then success, or `fail` while an error is shown; an error that begins or ends is told within seconds. An
agent that hangs sends nothing.
"""

import asyncio
import contextlib
import logging

from agent.app.running import RunningAgent
from agent.core.problem import Severity
from agent.core.settings import PingSettings
from agent.core.shown.display import Notice
from agent.core.shown.status import Status
from agent.core.state_machine.state import OVERDUE_SECONDS, overdue
from agent.runtime.http_ping import ping_url, send_ping
from agent.tws.outside import mask
from agent.tws.printable import one_line
from agent.tws.privacy import NOTHING_MORE

logger = logging.getLogger("agent")

PING_AGAIN_SECONDS = 15.0
"""Seconds until the second try of a ping that was not taken; each further wait is twice as long, up to `ping.every`."""
PING_DOUBLINGS = 10
LEAST_SECONDS = 5.0
"""Seconds between two pings at least, whatever changes."""
FAILURES_TOLD = 3
"""Pings in a row that were not taken, before the user is told."""
_NOTICE = "gatelight/ping"


class PingHost:
    """Sends pings; on the agent's loop."""

    def __init__(self, agent: RunningAgent) -> None:
        self._agent = agent
        self._settings = PingSettings()
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._failing = ""
        """The errors that are shown, a line each; empty: none is."""
        self._refused = 0
        """Pings in a row that were not taken."""

    async def look(self) -> None:
        """Ping as the configuration in force says."""
        wanted = self._agent.state.settings.ping
        if wanted == self._settings:
            return
        await self.close()
        self._settings = wanted
        if wanted.url:
            self._task = asyncio.get_running_loop().create_task(self._go_on(wanted), name="ping")

    async def close(self) -> None:
        """Ping no more."""
        task, self._task, self._settings = self._task, None, PingSettings()
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._no_fault()

    def shown(self, status: Status) -> None:
        """The status has changed."""
        failing = _errors(status)
        if bool(failing) != bool(self._failing):
            self._changed.set()
        self._failing = failing

    async def _go_on(self, settings: PingSettings) -> None:
        started = False
        while True:
            self._changed.clear()
            taken = await self._ping(settings, started)
            if taken and not started:
                started = True
                continue
            wait = settings.every
            if not taken:
                wait = min(wait, PING_AGAIN_SECONDS * 2.0 ** min(max(0, self._refused - 1), PING_DOUBLINGS))
            # A problem that comes and goes must not make a flood of pings.
            least = min(wait, LEAST_SECONDS)
            await asyncio.sleep(least)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait - least)

    async def _ping(self, settings: PingSettings, started: bool) -> bool:
        agent = self._agent
        if not agent.state.machine.taken or overdue(agent.state, agent.now().monotonic) > OVERDUE_SECONDS:
            # Nothing is known yet, or the agent hangs: silence is the right signal.
            return False
        signal = "start" if not started else "fail" if self._failing else ""
        try:
            refusal = await send_ping(ping_url(settings.url, signal), self._failing if signal == "fail" else "")
        except Exception as fault:
            logger.exception("a dead-man ping failed")
            refusal = f"could not be asked ({type(fault).__name__})"
        await self._note(refusal)
        return not refusal

    async def _no_fault(self) -> None:
        """Count anew, and withdraw the notice that pings do not get through, where it was told."""
        refused, self._refused = self._refused, 0
        if refused >= FAILURES_TOLD:
            await self._agent.world.withdraw(_NOTICE)

    async def _note(self, refusal: str) -> None:
        if not refusal:
            if self._refused:
                logger.info("the service of the dead-man ping takes pings again")
            await self._no_fault()
            return
        self._refused += 1
        if self._refused == 1:
            logger.warning("the service of the dead-man ping %s", refusal)
        if self._refused == FAILURES_TOLD:
            title = "The dead-man ping does not get through"
            text = f"The service {refusal}. It will tell you that this computer is silent. Gatelight goes on trying."
            await self._agent.announce(Notice(_NOTICE, Severity.WARNING, title, text))


def _errors(status: Status) -> str:
    """The errors that are shown, a line each, as they may leave this computer."""
    shown = [
        p.title if p.of_program else f"{c.called}: {p.title}"
        for c in status.connections
        for p in c.problems
        if p.visible and p.severity == Severity.ERROR
    ]
    return "\n".join(mask(one_line(line), NOTHING_MORE) for line in shown)
