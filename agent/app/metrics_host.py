"""Metrics of the running agent: served while the configuration names a port; until then nothing of them is imported."""

import logging
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from agent.app.running import RunningAgent
from agent.config.relays import wanted_orders
from agent.core.evidence.relays import past_clients, relays_of
from agent.core.problem import Severity
from agent.core.session_facts import Phase
from agent.core.settings import MetricsSettings
from agent.core.shown.display import Notice
from agent.core.shown.limits import usage_of
from agent.core.shown.status import Status
from agent.core.state_machine.state import OVERDUE_SECONDS, facts_about, overdue
from agent.core.state_machine.target_news import shown_targets
from agent.runtime.aside import OneAtATime

if TYPE_CHECKING:
    from agent.metrics.counts import Counts
    from agent.metrics.families import Exposition
    from agent.metrics.measured import Measured, MeasuredConnection
    from agent.metrics.server import MetricsAnswer, MetricsServer

logger = logging.getLogger("agent")

METRICS, HEALTH, READY, TARGETS, GUIDES = "/metrics", "/healthz", "/readyz", "/targets", "/guides/"
_WRITE_SECONDS = 8.0
"""Seconds that writing the metrics may take; a hundred connections need a tenth of one."""
_NOT_SERVED = "gatelight/metrics"
"""Key of the notice that metrics cannot be served."""


class MetricsHost:
    """Serves metrics; on the agent's loop."""

    def __init__(self, agent: RunningAgent) -> None:
        self._agent = agent
        self._served: MetricsSettings | None = None
        """What the server was started with; None: none is."""
        self._told = ""
        """Why metrics could not be served, as it was told."""
        self._server: MetricsServer | None = None
        self._counts: Counts | None = None
        self._exposition: Exposition | None = None
        self._writing = OneAtATime("metrics")

    async def look(self) -> None:
        """Serve as the configuration in force says. Called at every turn: a port that was taken may be free by now."""
        wanted = self._agent.state.settings.metrics
        if not wanted.port:
            await self._no_fault()
        if wanted == self._served or (not wanted.port and self._server is None):
            return
        await self.close()
        if wanted.port:
            await self._serve(wanted)

    async def close(self) -> None:
        """Serve no more; what was counted is kept."""
        server, self._server, self._served = self._server, None, None
        self._exposition = None
        if server is not None:
            await server.close()

    def shown(self, status: Status) -> None:
        """The status has changed."""
        if self._counts is not None:
            self._counts.take(status, self._agent.now())

    async def _serve(self, wanted: MetricsSettings) -> None:
        from agent.metrics.counts import Counts
        from agent.metrics.server import MetricsServer

        server = MetricsServer(self._answer, wanted.token)
        try:
            await server.start(wanted.address, wanted.port)
        except (OSError, ValueError) as fault:
            await self._cannot(wanted, getattr(fault, "strerror", None) or str(fault))
            return
        self._server, self._served = server, wanted
        if self._counts is None:
            self._counts = Counts(self._agent.now())
            if self._agent.state.shown is not None:
                self.shown(self._agent.state.shown)
        logger.info("metrics are served on %s, port %d", wanted.address, server.port)
        await self._no_fault()

    async def _no_fault(self) -> None:
        """Withdraw the notice that metrics cannot be served, where it was told."""
        if self._told:
            self._told = ""
            await self._agent.world.withdraw(_NOT_SERVED)

    async def _cannot(self, wanted: MetricsSettings, reason: str) -> None:
        told = f"{wanted.address} {wanted.port} {reason}"
        if told == self._told:
            return
        self._told = told
        logger.warning("metrics cannot be served on %s, port %d: %s", wanted.address, wanted.port, reason)
        text = (
            f"Port {wanted.port} at {wanted.address} cannot be had ({reason}). Gatelight tries again by itself; "
            "another port can be chosen in Settings, Advanced."
        )
        title = "Prometheus cannot read Gatelight’s metrics"
        await self._agent.announce(Notice(_NOT_SERVED, Severity.WARNING, title, text))

    # ── what is asked ───────────────────────────────────────────────────────────────────────────

    async def _answer(self, path: str, accept: str) -> "MetricsAnswer":
        from agent.metrics.server import MetricsAnswer

        try:
            if path == METRICS:
                return MetricsAnswer(
                    *await self._writing.within(_WRITE_SECONDS, partial(self._write, self._measured(), accept))
                )
            if path == HEALTH:
                return self._health()
            if path == READY:
                return self._ready()
            if path == TARGETS:
                return self._targets()
            if path.startswith(GUIDES):
                return self._guide(path.removeprefix(GUIDES))
        except TimeoutError:
            return MetricsAnswer(b"The metrics were not written in time.\n", status=503)
        except Exception:
            logger.exception("a request for metrics failed")
            return MetricsAnswer(b"Gatelight could not do that; its log says why.\n", status=500)
        return MetricsAnswer(f"There is {METRICS}, {HEALTH} and {READY}.\n".encode(), status=404)

    def _health(self) -> "MetricsAnswer":
        """Whether the agent does what it planned."""
        from agent.metrics.server import MetricsAnswer

        late = overdue(self._agent.state, self._agent.now().monotonic)
        if late > OVERDUE_SECONDS:
            return MetricsAnswer(f"Gatelight is {late:.0f} s late with its work.\n".encode(), status=503)
        return MetricsAnswer(b"ok\n")

    def _ready(self) -> "MetricsAnswer":
        """Whether every connection that the user wants watched can be used."""
        from agent.metrics.server import MetricsAnswer

        measured = self._measured()
        down = [one.shown for one in measured.connections if one.shown.wanted and not one.up]
        if measured.ready:
            return MetricsAnswer(b"ok\n")
        lines = [f"{shown.name}: {shown.overall.value}" for shown in down] or ["No connection is watched."]
        return MetricsAnswer("".join(f"{line}\n" for line in lines).encode(), status=503)

    def _targets(self) -> "MetricsAnswer":
        """How it stands with the targets, for the link of their alert."""
        from agent.metrics.server import MetricsAnswer
        from agent.metrics.targets import targets_text

        state = self._agent.state
        told = targets_text(shown_targets(state), self._agent.now().wall, state.machine.zone)
        return MetricsAnswer(told.encode())

    def _guide(self, code: str) -> "MetricsAnswer":
        """The guide of a problem, or another runbook, for the link of an alert."""
        from agent.guides import load_guides
        from agent.guides.explain import explain, render_explained
        from agent.guides.runbooks import RUNBOOKS
        from agent.metrics.server import MetricsAnswer

        if code in RUNBOOKS:
            return MetricsAnswer(RUNBOOKS[code].encode())
        guides = load_guides()
        explained = explain(code, guides) if code in guides else None
        if explained is None:
            return MetricsAnswer(b"There is no problem of that name.\n", status=404)
        return MetricsAnswer(f"{render_explained(explained)}\n".encode())

    def _write(self, measured: "Measured", accept: str) -> tuple[bytes, str]:
        """In a thread: the agent goes on meanwhile."""
        if self._exposition is None:
            from agent.metrics.families import Exposition

            self._exposition = Exposition()
        return self._exposition.write(measured, accept)

    def _measured(self) -> "Measured":
        from agent.metrics.measured import DeclaredCode, Measured

        state = self._agent.state
        status = state.shown or Status(version=state.version, pid=state.pid, started=state.started.wall)
        codes = [
            DeclaredCode(p.code, p.severity.value, p.of_program) for p in state.knowledge.problems if not p.doctor_only
        ]
        return Measured(
            self._agent.now().monotonic,
            status,
            codes,
            tuple(self._connections(status)),
            self._counts.own.copy() if self._counts is not None else Counter(),
            dict(self._server.refused) if self._server is not None else {},
            relays_of(state.machine),
            wanted_orders(state.settings),
            past_clients(state.machine),
        )

    def _connections(self, status: Status) -> "Iterator[MeasuredConnection]":
        from agent.metrics.measured import MeasuredConnection

        agent, now = self._agent, self._agent.now()
        shown = {one.name: one for one in status.connections}
        for watched in agent.state.watched:
            name = watched.settings.name
            counts = None if self._counts is None else self._counts.of(name, now)
            if name not in shown or counts is None:
                continue
            facts = facts_about(agent.state, watched, now)
            clients = usage_of(facts, agent.sent(name)).clients
            answers = facts.session.phase is Phase.CONNECTED and not facts.session.frozen
            sent = agent.world.traffic.total(name)
            yield MeasuredConnection(shown[name], counts, answers, clients.in_use, clients.allowed, sent)
