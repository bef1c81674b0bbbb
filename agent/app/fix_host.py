"""Fixes inside the running agent, for menu, notice, command line and page alike."""

import asyncio
import logging
import os
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from agent.app.fix_tools import RealTools
from agent.app.running import RunningAgent
from agent.core.as_json import as_json
from agent.core.client_ids import spare_ids
from agent.core.facts import Abilities
from agent.core.fix import Asker, Offer
from agent.core.problem import Severity
from agent.core.shown.display import AskFix, DoFix, MenuEntry, Notice
from agent.core.state_machine.state import own_client_ids
from agent.fixes import FIXES
from agent.platforms import current
from agent.runtime.fixing import FixAnswer, Fixing, NotOffered

logger = logging.getLogger("agent")

KEY = "gatelight/fix"
"""The key of all notices about fixes, so that each replaces the one before."""


class FixHost:
    """Answers wishes for fixes; on the agent's loop."""

    def __init__(self, agent: RunningAgent) -> None:
        self._announce = agent.announce

        def client_ids() -> tuple[int, ...]:
            return spare_ids(own_client_ids(agent.state), agent.state.next_number * 5 + 3)

        tools = RealTools(current(), agent.places.config, client_ids, agent.config_changed)
        self._fixing = Fixing(agent.loop, agent.world, FIXES, tools)

    async def answer(self, wish: AskFix | DoFix) -> dict[str, Any]:
        """Take a wish from the page or the command line; returns the result as JSON."""
        return _told(await self._fixing.take(wish))

    async def clicked(self, wish: AskFix | DoFix) -> None:
        """Take a click in the menu or on a notice; a notice then asks the user, or tells the result."""
        match await self._fixing.take(wish):
            case NotOffered(text) if isinstance(wish, AskFix):
                await self._tell("Nothing to fix now", text, Severity.INFO)
            case NotOffered(text):
                await self._tell("Nothing was changed", text, Severity.WARNING)
            case (Offer() as offer) | FixAnswer(again=Offer() as offer):
                await self._ask(offer)
            case FixAnswer(done=True, text=text, now=now):
                await self._tell(f"Done: {wish.id}", f"{text} Now: {now}.", Severity.INFO)
            case FixAnswer(text=text, by_hand=by_hand):
                await self._tell(f"Not done: {wish.id}", f"{text} {by_hand}", Severity.WARNING)

    async def _ask(self, offer: Offer) -> None:
        title, *lines = offer.question.lines
        yes = MenuEntry("Yes, do it", DoFix(offer.fix, offer.connection, offer.digest, Asker.NOTICE))
        await self._announce(Notice(KEY, Severity.INFO, title, "\n".join(lines), offers=(yes,)))

    async def _tell(self, title: str, text: str, severity: Severity) -> None:
        await self._announce(Notice(KEY, severity, title, text))


def _question(offer: Offer) -> dict[str, Any]:
    """An offer as JSON: what the user must read, and the digest that goes with the user's yes."""
    return {
        "id": offer.fix,
        "connection": offer.connection,
        "label": offer.label,
        **as_json(offer.question),
        "digest": offer.digest,
    }


def _told(answer: Offer | FixAnswer | NotOffered) -> dict[str, Any]:
    """The result of a wish as JSON."""
    if isinstance(answer, Offer):
        return _question(answer)
    if isinstance(answer, NotOffered):
        return {"error": answer.text}
    shown: dict[str, Any] = {"done": answer.done, "text": answer.text, "now": answer.now, "by_hand": answer.by_hand}
    if answer.again is not None:
        shown["again"] = _question(answer.again)
    return shown


def abilities(config: Path) -> Abilities:
    """What Gatelight can change here: the configuration, if its file exists and may be written."""
    try:
        writable = config.is_file() and os.access(config, os.W_OK) and os.access(config.resolve().parent, os.W_OK)
    except OSError:
        writable = False
    return Abilities(config_file=config.name if writable else None)


def run_aside(work: Awaitable[object], loop: asyncio.AbstractEventLoop) -> None:
    """Run something on the agent's loop for another thread, such as that of a click."""

    async def guarded() -> None:
        try:
            await work
        except Exception:
            logger.exception("what was asked for could not be done")

    asyncio.run_coroutine_threadsafe(guarded(), loop)
