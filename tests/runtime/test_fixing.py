"""Doing a fix: the yes is held against what is offered now, and what comes of it is told and kept in the log."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from agent.core.effects import Happened, MarkKind
from agent.core.facts import Facts
from agent.core.fix import (
    Asker,
    Done,
    Failed,
    Fix,
    FixOutcome,
    NeedsConsent,
    Offer,
    Question,
    StartProgram,
)
from agent.core.guide import Guide
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.core.settings import ConnectionSettings
from agent.core.shown.display import AskFix, DoFix
from agent.core.state_machine.state import Knowledge, Words
from agent.runtime.fixing import FixAnswer, Fixing, NotOffered
from tests.runtime.made_up_world import PAPER, MadeUpWorld, running, state_of

OFFER = Offer(
    "start-app",
    PAPER.name,
    "Start it",
    Question("Start it?", ("Starts something",)),
    StartProgram(("something",)),
    by_hand="Start it by hand.",
)
MORE = replace(OFFER, question=Question("Really?", ("Starts something, with a warning",)))


class Bench:
    """A fix whose offer and outcome are up to the test."""

    def __init__(self) -> None:
        self.present = True
        self.offer: Offer | None = OFFER
        self.does: Callable[[], Awaitable[FixOutcome]] = self._cures
        self.done: list[Offer] = []
        self.history: list[Happened] = []
        """What was kept of it, once it is over."""

    async def _cures(self) -> FixOutcome:
        self.present = False
        return Done("It was started.")

    def check(self, _: Facts) -> Verdict:
        return Present({}, ("seen",)) if self.present else Absent()

    async def do(self, offer: Offer, tools: object) -> FixOutcome:
        self.done.append(offer)
        return await self.does()

    @property
    def known(self) -> Knowledge:
        problem = Problem("x", "X is wrong", "X.", Severity.ERROR, self.check, fix="start-app")
        fix = Fix(
            "start-app", lambda facts: self.offer and replace(self.offer, connection=facts.connection.name), self.do
        )
        guides: dict[str, Guide] = {}
        return Knowledge((problem,), Words(guides, {"start-app": fix}))


@asynccontextmanager
async def at_work(bench: Bench, *connections: ConnectionSettings) -> AsyncIterator[Fixing]:
    world = MadeUpWorld()
    known = bench.known
    async with running(world, state_of(*connections, known=known)) as loop:
        await world.until(lambda w: "x" in w.codes)
        tools: Any = object()
        fixing = Fixing(loop, world, known.words.fixes, tools)
        yield fixing
        bench.history = [one for one in world.history if one.kind is MarkKind.FIX]


async def agreed(fixing: Fixing, digest: str = OFFER.digest) -> Offer | FixAnswer | NotOffered:
    return await fixing.take(DoFix("start-app", PAPER.name, digest, Asker.MENU))


async def test_what_was_agreed_to_is_done_and_what_is_true_then_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "agent")
    bench = Bench()
    async with at_work(bench) as fixing:
        answer = await agreed(fixing)

    assert answer == FixAnswer(True, "It was started.", "Paper Gateway: connected")
    assert bench.done == [OFFER]
    lines = [r.message for r in caplog.records if r.message.startswith("fix start-app")]
    assert len(lines) == 2
    assert "asked by menu; before: X is wrong; agreed: Starts something; result: done" in lines[0]
    assert lines[1].endswith("now: Paper Gateway: connected")
    assert bench.history == [Happened(MarkKind.FIX, PAPER.name, "start-app", "done: It was started.")]


async def test_a_fix_that_did_not_help_does_not_claim_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.runtime.fixing.TAKES_EFFECT", 0.1)

    async def in_vain() -> FixOutcome:
        return Done("It was started.")

    bench = Bench()
    bench.does = in_vain
    async with at_work(bench) as fixing:
        answer = await agreed(fixing)

    assert isinstance(answer, FixAnswer)
    assert answer.now == "Paper Gateway: X is wrong (what the fix is for still shows)"


async def test_a_failure_comes_with_what_to_do_by_hand() -> None:
    async def fails() -> FixOutcome:
        return Failed("It could not be started.", "Start it by hand.")

    bench = Bench()
    bench.does = fails
    async with at_work(bench) as fixing:
        answer = await agreed(fixing)

    assert isinstance(answer, FixAnswer)
    assert (answer.done, answer.text, answer.by_hand) == (False, "It could not be started.", "Start it by hand.")


async def test_a_fix_that_breaks_is_a_failure_and_the_next_one_can_be_done(caplog: pytest.LogCaptureFixture) -> None:
    async def breaks() -> FixOutcome:
        raise ZeroDivisionError("in a fix")

    bench = Bench()
    cures, bench.does = bench.does, breaks
    async with at_work(bench) as fixing:
        broken = await agreed(fixing)
        bench.does = cures
        answer = await agreed(fixing)

    assert isinstance(broken, FixAnswer)
    assert (broken.done, broken.by_hand) == (False, "Start it by hand.")
    assert "ZeroDivisionError" in broken.text
    assert any(r.exc_info for r in caplog.records)
    assert isinstance(answer, FixAnswer)
    assert answer.done


async def test_an_offer_that_changed_or_went_is_not_carried_out() -> None:
    bench = Bench()
    async with at_work(bench) as fixing:
        bench.offer = MORE
        changed = await agreed(fixing)
        bench.offer = None
        gone = await agreed(fixing)

    assert isinstance(changed, NotOffered)
    assert isinstance(gone, NotOffered)
    assert bench.done == []


async def test_without_a_fresh_look_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.runtime.fixing.FRESH_LOOK", 0.0)
    bench = Bench()
    async with at_work(bench) as fixing:
        answer = await agreed(fixing)

    assert answer == NotOffered("The machine could not be looked at again: nothing was done.")
    assert bench.done == []


async def test_further_consent_belongs_to_its_own_text_and_is_good_once() -> None:
    async def warns() -> FixOutcome:
        return NeedsConsent(MORE)

    bench = Bench()
    cures, bench.does = bench.does, warns
    async with at_work(bench) as fixing:
        unasked = await agreed(fixing, MORE.digest)
        first = await agreed(fixing)
        bench.does = cures
        second = await agreed(fixing, MORE.digest)
        third = await agreed(fixing, MORE.digest)

    assert isinstance(unasked, NotOffered)
    assert isinstance(first, FixAnswer)
    assert (first.done, first.again) == (False, MORE)
    assert isinstance(second, FixAnswer)
    assert second.done
    assert isinstance(third, NotOffered)
    assert bench.done == [OFFER, MORE]


async def test_what_is_asked_for_must_be_clear() -> None:
    other = ConnectionSettings(name="Second", port=4002)
    bench = Bench()
    idle_bench = Bench()
    idle_bench.offer = None
    async with at_work(idle_bench, PAPER) as idle:
        none = await idle.take(AskFix("sell-everything", ""))
    async with at_work(bench, PAPER, other) as fixing:
        several = await fixing.take(AskFix("start-app", ""))
        one = await fixing.take(AskFix("start-app", "Second"))
        unknown = await fixing.take(AskFix("sell-everything", ""))
        bench.present = False

    assert isinstance(several, NotOffered)
    assert several.text == "start-app is offered for “Paper Gateway”, “Second”: say which connection is meant."
    assert isinstance(one, Offer)
    assert one.connection == "Second"
    assert isinstance(unknown, NotOffered)
    assert unknown.text == "There is no fix “sell-everything”: offered is start-app."
    assert isinstance(none, NotOffered)
    assert none.text == "There is no fix “sell-everything”: none is offered now."
