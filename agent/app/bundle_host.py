"""The diagnostics bundle of the running agent, for the page: a thorough look beside the agent, then what is kept."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from agent.app.bundle import Bundle, gather
from agent.app.known_links import KnownLink, with_links
from agent.app.one_look import OneLook, willing
from agent.app.running import RunningAgent
from agent.core.evidence.processes import applications
from agent.core.settings import Settings
from agent.core.shown.status import status_to_json
from agent.errors import CouldNotFindOut
from agent.runtime.aside import OneAtATime

_GATHER_SECONDS = 60.0
"""Seconds that reading and writing everything may take; a full recording needs about five."""
_MOST_SHOWN = 20_000
"""Characters of each file that the page shows; the archive has all of it."""


class BundleHost:
    """Makes bundles, one at a time; on the agent's loop."""

    def __init__(self, agent: RunningAgent) -> None:
        self._agent = agent
        self._one_at_a_time = asyncio.Lock()
        self._worker = OneAtATime("bundle")

    async def made(self) -> dict[str, Any]:
        """A bundle as JSON: its files to read first, and the archive itself, which is not written anywhere."""
        async with self._one_at_a_time:
            return await self._made()

    async def _made(self) -> dict[str, Any]:
        doctor, shown = await self._look(), self._agent.state.shown
        status = None if shown is None else status_to_json(shown)
        now = datetime.fromtimestamp(self._agent.now().wall).astimezone()
        work = partial(_packed, self._agent, doctor, status, now)
        answer: dict[str, Any] = await self._worker.within(_GATHER_SECONDS, work)
        return answer

    async def _look(self) -> dict[str, Any]:
        """What a look finds that knows nothing of this agent but its links, as `doctor` beside it."""
        state = self._agent.state
        links = tuple(
            KnownLink(p.pid, p.started, p.upstream, p.upstream_since)
            for p in applications(state.machine)
            if p.upstream is not None and p.upstream_since is not None
        )
        world = self._agent.world.beside(lambda machine: with_links(machine, links))
        try:
            async with OneLook(_beside(state.settings), world, can=state.abilities) as look:
                return status_to_json(await look.complete(), thorough=True)
        except CouldNotFindOut as fault:
            return {"error": str(fault)}


def _beside(settings: Settings) -> Settings:
    """The settings for a look beside the agent, whose client IDs are taken."""
    free = tuple(replace(connection, client_id="auto") for connection in settings.connections)
    return willing(replace(settings, connections=free), None)


def _packed(
    agent: RunningAgent, doctor: Mapping[str, Any], shown: Mapping[str, Any] | None, now: datetime
) -> dict[str, Any]:
    bundle: Bundle = gather(agent.places, doctor, shown, now)
    files = [
        {
            "name": file.name,
            "about": file.about,
            "size": file.size,
            "text": file.text[:_MOST_SHOWN],
            "whole": len(file.text) <= _MOST_SHOWN,
        }
        for file in bundle.files
    ]
    return {"name": bundle.name, "files": files, "archive": b64encode(bundle.packed()).decode("ascii")}
