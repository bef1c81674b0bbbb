"""The market data self-test in the running agent: on request, one run at a time, and its result is kept."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.core.commands import AskDataTest
from agent.core.data_test.run import DataTestPlan, data_test_to_json, plan_of, read_symbols, reason_against
from agent.core.data_test.seen import DataTest
from agent.core.events import DataCame
from agent.core.facts import Facts
from agent.core.guide import Guide
from agent.core.state_machine.state import facts_about, own_client_ids
from agent.runtime.loop import AgentLoop
from agent.runtime.world import World
from agent.tws.outside import masked
from agent.tws.symbol import NotASymbol

logger = logging.getLogger("agent")

Run = Callable[[DataTestPlan, Callable[[DataTest], None]], Awaitable[DataTest]]
"""Makes one run and reports each step."""


class DataTests:
    """Answers the command "data-test". Everything happens on the loop's thread."""

    def __init__(self, loop: AgentLoop, world: World, run: Run, guides: Callable[[], Mapping[str, Guide]]) -> None:
        self._loop = loop
        self._world = world
        self._run = run
        self._guides = guides
        self._task: asyncio.Task[None] | None = None
        self._last_started: float | None = None
        self._number = 0
        self.latest: DataTest | None = None
        """The run under way, else the latest one."""
        self.changed: Callable[[], None] = lambda: None
        """Called at each change of `latest`."""

    def answer(self, asked: AskDataTest) -> dict[str, Any]:
        """Start a run with the given or configured symbols, if a run is asked for; returns the latest run."""
        facts = self._facts(asked.name)
        if facts is None:
            return {"error": f"There is no connection named “{asked.name}”: `gatelight status` names them."}
        symbols = asked.symbols
        if symbols is None and asked.configured:
            symbols = self._loop.state.settings.checks.test_symbols
        if symbols is not None:
            refusal = self._start(facts, symbols)
            if refusal is not None:
                return {"error": refusal}
        return self.told(facts)

    def told(self, facts: Facts) -> dict[str, Any]:
        """The latest run of a connection, and the reason why no new one is possible now, if there is one."""
        answer: dict[str, Any] = {}
        if self.latest is not None and self.latest.connection == facts.connection.name:
            answer["data_test"] = data_test_to_json(self.latest, facts, self._guides())
        against = reason_against(facts, running=self.running, last_started=self._last_started)
        if against is not None:
            answer["not_now"] = against
        return answer

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self._task is not None and not self._task.done()

    async def close(self) -> None:
        """Break off a run under way; it gives its market data lines back."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _start(self, facts: Facts, symbols: Sequence[object]) -> str | None:
        against = reason_against(facts, running=self.running, last_started=self._last_started)
        if against is not None:
            return against
        try:
            instruments = read_symbols(symbols)
        except NotASymbol as refused:
            return str(refused)
        self._number += 1
        self._last_started = self._world.now().monotonic
        plan = plan_of(facts, instruments, self._number, own_client_ids(self._loop.state))
        logger.info("market data self-test of %s on %s", ", ".join(i.text for i in instruments), plan.connection)
        self._keep(DataTest(plan.connection, self._world.now().wall, symbols=tuple(i.text for i in instruments)))
        self._task = asyncio.get_running_loop().create_task(self._carry_out(plan), name="data-test")
        return None

    async def _carry_out(self, plan: DataTestPlan) -> None:
        try:
            began = self._world.now().monotonic
            test = await self._run(plan, self._keep)
            self._keep(test)
            if any(seen.flows for seen in test.seen):
                self._loop.post(DataCame(plan.connection, began))
        except Exception:
            logger.exception("the market data self-test failed")
            if self.latest is not None:
                self._keep(replace(self.latest, finished=self._world.now().wall))

    def _keep(self, test: DataTest) -> None:
        self.latest = masked(test, self._loop.state.private)
        self.changed()

    def _facts(self, name: str) -> Facts | None:
        state = self._loop.state
        # Without a name: the first connection that has a session, else the first one.
        watched = sorted(state.watched, key=lambda w: not w.connected)
        found = next((w for w in watched if name in ("", w.settings.name)), None)
        return None if found is None else facts_about(state, found, self._world.now())
