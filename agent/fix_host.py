"""Fixes inside the running agent, as menu, notice, command line and page ask for them, and their answers."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from agent.core.clock import Moment
from agent.core.display import DoFix, MenuEntry, Notice
from agent.core.events import Event
from agent.core.facts import Abilities
from agent.core.fix import Asker, Offer
from agent.core.inquiry import spare_ids
from agent.core.problem import Severity
from agent.core.state import AgentState, own_client_ids
from agent.fix_tools import RealTools
from agent.fixes import FIXES
from agent.platforms import current
from agent.runtime.fixing import Answer, Fixing, NotOffered

logger = logging.getLogger("agent")

KEY = "gatelight/fix"
"""The key of all notices about fixes, so that each takes the place of the one before."""


class FixHost:
    """The fixes' place in the agent; lives on the agent's loop."""

    def __init__(
        self,
        state: Callable[[], AgentState],
        now: Callable[[], Moment],
        post: Callable[[Event], None],
        announce: Callable[[Notice], Awaitable[str | None]],
        config: Path,
        config_changed: Callable[[], None],
    ) -> None:
        self._announce = announce

        def client_ids() -> tuple[int, ...]:
            return spare_ids(own_client_ids(state()), state().next_number * 5 + 3)

        tools = RealTools(current(), config, client_ids, config_changed)
        self._fixing = Fixing(state, now, post, FIXES, tools)

    async def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The command `fix` of the control channel: without `digest` it asks what would be done, with it does it."""
        fix, connection = str(request.get("id") or ""), str(request.get("connection") or "")
        digest = request.get("digest")
        if digest is None:
            found = self._fixing.find(fix, connection)
            return {"error": found.text} if isinstance(found, NotOffered) else question(found)
        asker = Asker.PAGE if request.get("asker") == Asker.PAGE else Asker.COMMAND_LINE
        return told(await self._fixing.do(fix, connection, str(digest), asker))

    async def ask(self, fix: str, connection: str) -> None:
        """The user clicked a fix on a notice: another notice says what it would change, and takes the yes."""
        found = self._fixing.find(fix, connection)
        if isinstance(found, NotOffered):
            await self._tell("Nothing to fix now", found.text, Severity.INFO)
        else:
            await self._ask(found)

    async def do(self, wish: DoFix) -> None:
        """The user said yes in the menu or on a notice; a notice tells the result."""
        answer = await self._fixing.do(wish.id, wish.connection, wish.digest, wish.asker)
        match answer:
            case NotOffered(text):
                await self._tell("Nothing was changed", text, Severity.WARNING)
            case Answer(again=Offer() as again):
                await self._ask(again)
            case Answer(done=True):
                await self._tell(f"Done: {wish.id}", f"{answer.text} Now: {answer.now}.", Severity.INFO)
            case Answer():
                await self._tell(f"Not done: {wish.id}", f"{answer.text} {answer.by_hand}", Severity.WARNING)

    async def _ask(self, offer: Offer) -> None:
        title, *lines = offer.question.lines
        yes = MenuEntry("Yes, do it", DoFix(offer.fix, offer.connection, offer.digest, Asker.NOTICE))
        await self._announce(Notice(KEY, Severity.INFO, title, "\n".join(lines), offers=(yes,)))

    async def _tell(self, title: str, text: str, severity: Severity) -> None:
        await self._announce(Notice(KEY, severity, title, text))


def question(offer: Offer) -> dict[str, Any]:
    """An offer as JSON: what the user must read, and the digest that a yes to it carries."""
    return {
        "id": offer.fix,
        "connection": offer.connection,
        "label": offer.label,
        "title": offer.question.title,
        "changes": list(offer.question.changes),
        "given_up": list(offer.question.given_up),
        "remark": offer.question.remark,
        "digest": offer.digest,
    }


def told(answer: Answer | NotOffered) -> dict[str, Any]:
    """The result of a fix as JSON."""
    if isinstance(answer, NotOffered):
        return {"error": answer.text}
    shown: dict[str, Any] = {"done": answer.done, "text": answer.text, "now": answer.now, "by_hand": answer.by_hand}
    if answer.again is not None:
        shown["again"] = question(answer.again)
    return shown


def abilities(config: Path) -> Abilities:
    """What can be done here: the configuration can be changed if the file exists and may be written."""
    try:
        writable = config.is_file() and os.access(config, os.W_OK) and os.access(config.resolve().parent, os.W_OK)
    except OSError:
        writable = False
    return Abilities(config_file=config.name if writable else None)


def run_aside(work: Awaitable[object], loop: asyncio.AbstractEventLoop) -> None:
    """Run something on the agent's loop for another thread, as for a click."""

    async def guarded() -> None:
        try:
            await work
        except Exception:
            logger.exception("what was asked for could not be done")

    asyncio.run_coroutine_threadsafe(guarded(), loop)
