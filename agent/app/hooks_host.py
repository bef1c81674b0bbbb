"""Hooks of the running agent: what is shown is followed while there are any, and their commands are run on changes."""

import json
from functools import partial

from agent.app.running import RunningAgent
from agent.core.problem import Severity
from agent.core.settings import HookSettings
from agent.core.shown.changes import LastShown, change_to_json, changes_to
from agent.core.shown.display import Notice
from agent.core.shown.status import Status
from agent.runtime.hook_runs import HookRuns


class HooksHost:
    """Runs hooks; on the agent's loop."""

    def __init__(self, agent: RunningAgent) -> None:
        self._agent = agent
        self._runs: tuple[HookRuns, ...] = ()
        self._followed = LastShown()
        self._told: set[str] = set()
        """Keys of the notices that a hook has failed."""

    async def look(self) -> None:
        """Run the hooks of the configuration in force; those that are as before go on."""
        wanted = self._agent.state.settings.hooks
        if wanted == tuple(one.hook for one in self._runs):
            return
        before, self._runs = self._runs, ()
        kept = {one.hook: one for one in before if one.hook in wanted}
        for one in before:
            if one.hook not in kept:
                await one.close()
                # What was told of its failing is no news of now.
                await self._tell(one.hook, "")
        self._runs = tuple(kept.get(hook) or HookRuns(hook, partial(self._tell, hook)) for hook in wanted)

    async def close(self) -> None:
        """End commands that run."""
        runs, self._runs = self._runs, ()
        for one in runs:
            await one.close()

    def shown(self, status: Status) -> None:
        """The status has changed."""
        if not self._agent.state.machine.taken:
            # Before the first look nothing is known.
            return
        self._followed, found = changes_to(self._followed, status, self._agent.now().wall)
        for change in found:
            for one in self._runs:
                if change.wanted_by(one.hook):
                    told = change_to_json(change, one.hook.name, status)
                    one.take(json.dumps(told, ensure_ascii=True).encode("ascii") + b"\n")

    async def _tell(self, hook: HookSettings, fault: str) -> None:
        """Tell the user that a hook fails, once until it works again."""
        key = f"gatelight/hook/{hook.name}"
        if not fault:
            if key in self._told:
                self._told.discard(key)
                await self._agent.world.withdraw(key)
        elif key not in self._told:
            self._told.add(key)
            text = f"Its command {fault}. Gatelight’s log tells of each run."
            await self._agent.announce(Notice(key, Severity.WARNING, f"The hook “{hook.name}” failed", text))
