"""Carries out a fix: only what the user agreed to, one fix at a time, with a look before and after.

Menu, notice, command line and page all use this. After a fresh look the offer has to be the one that the user agreed
to. The log records who asked, the state before, what was done and the state after.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from agent.core.effects import Happened, MarkKind
from agent.core.events import UserAsked
from agent.core.fix import Done, Failed, Fix, FixOutcome, NeedsConsent, Offer, Tools
from agent.core.shown.display import AskFix, DoFix, IconState, LookNow
from agent.core.shown.menu import headline
from agent.core.shown.status import ShownConnection
from agent.runtime.loop import AgentLoop
from agent.runtime.world import World
from agent.tws.outside import masked

logger = logging.getLogger("agent")

FRESH_LOOK = 2.5
"""Seconds that the look before a fix may take; without that look nothing is done."""
TAKES_EFFECT = 4.0
"""Seconds to wait for the effect of a fix, so that the answer can tell it."""
_PAUSE = 0.05
"""Seconds between two readings of the agent's state."""


@dataclass(frozen=True, slots=True)
class NotOffered:
    """There is no such offer; the text is one sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class FixAnswer:
    """The result of a fix."""

    done: bool
    text: str
    """What was done, or why nothing was; one sentence."""
    now: str
    """The state after it, one sentence."""
    by_hand: str = ""
    """How the user can do it by hand, where the fix failed."""
    again: Offer | None = None
    """A further question that the user has to agree to before anything is done."""


class Fixing:
    """The fixes of one running agent; everything happens on its loop's thread."""

    def __init__(self, loop: AgentLoop, world: World, fixes: Mapping[str, Fix], tools: Tools) -> None:
        self._loop = loop
        self._now = world.now
        self._happened = world.happened
        self._fixes = fixes
        self._tools = tools
        self._busy = False
        self._consents: dict[str, tuple[Offer, Offer]] = {}
        """By the digest of an offer that needs further consent: this offer, and the one from which it came."""

    async def take(self, wish: AskFix | DoFix) -> Offer | FixAnswer | NotOffered:
        """Find an offer for the user to read, or carry out one that the user agreed to."""
        if isinstance(wish, DoFix):
            return await self._do_alone(wish)
        return self._find(wish.id, wish.connection)

    def _find(self, fix: str, connection: str) -> Offer | NotOffered:
        """The offer of a fix; an empty `connection` is enough where only one connection has that fix."""
        offers = [o for o in self._offers() if o.fix == fix and connection in ("", o.connection)]
        if len(offers) == 1:
            return offers[0]
        if offers:
            names = ", ".join(f"“{o.connection}”" for o in offers)
            return NotOffered(f"{fix} is offered for {names}: say which connection is meant.")
        if fix not in self._fixes:
            known = ", ".join(sorted({o.fix for o in self._offers()}))
            return NotOffered(f"There is no fix “{fix}”: {f'offered is {known}' if known else 'none is offered now'}.")
        where = f" for “{connection}”" if connection else ""
        return NotOffered(f"{fix} is not offered{where} now: what it is for is over, or it cannot be done here.")

    async def _do_alone(self, wish: DoFix) -> FixAnswer | NotOffered:
        """Carry out what the user agreed to, unless another fix is under way."""
        if self._busy:
            return NotOffered("Another fix is under way: wait until it is done.")
        self._busy = True
        try:
            return await self._do(wish)
        finally:
            self._busy = False

    async def _do(self, wish: DoFix) -> FixAnswer | NotOffered:
        agreed, base = self._consents.pop(wish.digest, (None, None))
        self._consents.clear()
        if not await self._looked():
            return _refused(wish, "The machine could not be looked at again: nothing was done.")
        offers = {o.digest: o for o in self._offers() if o.fix == wish.id and o.connection == wish.connection}
        if agreed is not None and base is not None and base.digest in offers:
            offer = agreed
        elif wish.digest in offers:
            offer = offers[wish.digest]
        else:
            gone = "What you agreed to is no longer what would be done, because something changed: nothing was done."
            return _refused(wish, gone)
        before = self._headline(wish.connection)
        outcome = masked(await self._carry_out(offer), self._loop.state.private)
        logger.info(
            "fix %s for “%s”, asked by %s; before: %s; agreed: %s; result: %s",
            wish.id,
            wish.connection,
            wish.asker.value,
            before,
            "; ".join(offer.question.changes),
            _result(outcome),
        )
        if not isinstance(outcome, NeedsConsent):
            self._happened(Happened(MarkKind.FIX, wish.connection, wish.id, _result(outcome)))
        answer = await self._answer(offer, base if base is not None else offer, outcome)
        logger.info("fix %s for “%s”; now: %s", wish.id, wish.connection, answer.now)
        return answer

    async def _carry_out(self, offer: Offer) -> FixOutcome:
        try:
            return await self._fixes[offer.fix].do(offer, self._tools)
        except Exception as fault:
            logger.exception("the fix %s failed", offer.fix)
            what = f"It failed ({type(fault).__name__}), and it is not certain how far it came; the log says more."
            return Failed(what, offer.by_hand)

    async def _answer(self, offer: Offer, base: Offer, outcome: FixOutcome) -> FixAnswer:
        self._loop.post(UserAsked(LookNow()))
        match outcome:
            case Done(text):
                return FixAnswer(True, text, await self._now_true(base, wait=TAKES_EFFECT))
            case Failed(text, by_hand):
                return FixAnswer(False, text, await self._now_true(base, wait=0.0), by_hand)
            case NeedsConsent(again):
                self._consents[again.digest] = (again, base)
                asks = "Nothing has been changed: the application warns, and wants that to be agreed to first."
                return FixAnswer(False, asks, await self._now_true(base, wait=0.0), again=again)
            case _:
                assert_never(outcome)

    async def _now_true(self, offer: Offer, wait: float) -> str:
        """The headline of the connection, after `wait` seconds at most in which the fix takes effect."""
        await self._until(lambda: not self._on_its_way(offer), wait)
        shown = self._headline(offer.connection)
        still = " (what the fix is for still shows)" if self._complains(offer) else ""
        return f"{offer.connection}: {shown}{still}"

    def _on_its_way(self, offer: Offer) -> bool:
        shown = self._shown(offer.connection)
        return self._complains(offer) or (shown is not None and shown.overall is IconState.CONNECTING)

    def _complains(self, offer: Offer) -> bool:
        """Whether a problem with this fix is still shown."""
        state = self._loop.state
        for watched in state.watched:
            if watched.settings.name == offer.connection:
                entries = watched.ledger.entries.values()
                return any(e.problem.fix == offer.fix and not e.hidden for e in entries)
        return False

    async def _looked(self) -> bool:
        """Look once more, so that the offers are those of now; returns whether the look came in time."""
        asked = self._now().monotonic
        self._loop.post(UserAsked(LookNow()))
        return await self._until(lambda: self._loop.state.machine.taken >= asked, FRESH_LOOK)

    async def _until(self, met: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition on the agent's state; returns whether it was met in time."""
        deadline = self._now().monotonic + seconds
        while not met():
            left = deadline - self._now().monotonic
            if left <= 0:
                return False
            await asyncio.sleep(min(_PAUSE, left))
        return True

    def _offers(self) -> list[Offer]:
        state = self._loop.state
        return [
            offer
            for watched in state.watched
            for entry in watched.ledger.entries.values()
            if entry.shown
            for offer in watched.offers.get(entry.problem.code, ())
        ]

    def _headline(self, connection: str) -> str:
        shown = self._shown(connection)
        return headline(shown) if shown is not None else "not watched any more"

    def _shown(self, connection: str) -> ShownConnection | None:
        status = self._loop.state.shown
        return next((c for c in status.connections if c.name == connection), None) if status is not None else None


def _refused(wish: DoFix, text: str) -> NotOffered:
    logger.info("fix %s for “%s”, asked by %s: %s", wish.id, wish.connection, wish.asker.value, text)
    return NotOffered(text)


def _result(outcome: FixOutcome) -> str:
    match outcome:
        case Done(text):
            return f"done: {text}"
        case Failed(text, _):
            return f"failed: {text}"
        case NeedsConsent(again):
            return f"asked for more: {'; '.join(again.question.changes)}"
        case _:
            assert_never(outcome)
