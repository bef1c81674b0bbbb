"""`gatelight setup`: the set-up in the terminal, as plain lines for people, screen readers and pipes.

It watches the machine as the agent does, and goes on when a step is done.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from agent.app.login_start import LogInStart
from agent.app.one_look import OneLook
from agent.app.setup_run import SetupRun
from agent.app.world import RealWorld
from agent.cli.setup_acts import SetupActs, settings_to_watch
from agent.cli.setup_words import SetupWords, prompt
from agent.cli.typed_lines import TypedLines
from agent.core.facts import Facts
from agent.core.setup.answers import NotAnAnswer, SetupQuestion
from agent.core.setup.setup import Setup, SetupResult, SetupStep, StepAct, StepState
from agent.core.state_machine.state import Knowledge
from agent.core.text import shortened
from agent.core.timing import Timing
from agent.core.updates import Origin
from agent.errors import AgentNotRunning, GatelightError, UsageError
from agent.guides import load_guides
from agent.problems import PROBLEMS
from agent.runtime.control.channel import request
from agent.runtime.paths import Places

SETTLE = 0.4
"""Seconds for which a step must not change before it is told: a start passes through several quickly."""
_YES = frozenset({"y", "yes", "j", "ja", "o", "oui", "si", "sí"})
_QUIT = frozenset({"q", "quit"})
_BACK = frozenset({"b", "back"})
_NO = frozenset({"n", "no", "nein", "non"})


def command(places: Places, name: str, *, say: Callable[[str], None], no_input: bool = False) -> int:
    """Walk through the set-up; returns 0 when all is done and a program is connected, else 1. Raises GatelightError."""
    return walk(places, name, say=say, no_input=no_input, world=RealWorld())


def walk(
    places: Places,
    name: str,
    *,
    say: Callable[[str], None],
    no_input: bool,
    world: RealWorld,
    timing: Timing | None = None,
    login: LogInStart | None = None,
    known: Knowledge | None = None,
    origin: Origin | None = None,
) -> int:
    """The same in a given world; tests give theirs."""
    login = login or LogInStart(places)
    setting = SetupRun(places, PROBLEMS, load_guides(), name=name or None, login=login, origin=origin)
    if name and not setting.configured and setting.in_file.connections and no_input:
        names = ", ".join(f"“{c.name}”" for c in setting.in_file.connections)
        raise UsageError(f"There is no connection named “{name}”: choose one of {names}.")
    setting.take_configured()
    walker = _Walk(setting, world, timing, known, say, choose=not name)
    return asyncio.run(walker.list_once() if no_input else walker.through())


class _Walk:
    """One way through the set-up."""

    def __init__(
        self,
        setting: SetupRun,
        world: RealWorld,
        timing: Timing | None,
        known: Knowledge | None,
        say: Callable[[str], None],
        *,
        choose: bool,
    ) -> None:
        """`choose`: ask which connection is meant, where there are any."""
        self._setting = setting
        self._world = world
        self._say = say
        self._choose = choose
        self._words = SetupWords(say)
        self._look = OneLook(settings_to_watch(setting), world, timing=timing, known=known)
        self._lines = TypedLines(self._stop)
        self._acts = SetupActs(setting, world, self._look, say, self._ask, self._ask_all)
        self._stopped = False
        self._good: set[str] = set()
        self._told: tuple[Any, ...] | None = None

    def _stop(self) -> None:
        """End the set-up, as the user asked."""
        self._stopped = True
        self._look.changed.set()

    # ── once, without asking ──────────────────────────────────────────────────────────────────────────────

    async def list_once(self) -> int:
        """Print the list as it stands after a thorough look."""
        async with self._look:
            await self._look.complete(self._settings_unknown)
            setup = self._judge()
        assert setup is not None
        for step in setup.steps:
            self._words.line(step, setup)
        if setup.current is not None:
            self._words.details(setup.current)
        return self._summary(setup)

    def _settings_unknown(self) -> bool:
        """Whether the API settings can still be told by the application."""
        setup = self._judge()
        if setup is None:
            return True
        step = setup.step("read-only")
        return step.state is StepState.UNKNOWN and not step.acts

    # ── with the user at the keyboard ───────────────────────────────────────────────────────────

    async def through(self) -> int:
        """Walk through the steps until none is left or the user ends the set-up."""
        self._lines.listen()
        async with self._look:
            try:
                await self._go()
            finally:
                setup = self._judge()
                await self._acts.close()
        if setup is None:
            self._say("The set-up was ended before anything was seen.")
            return 1
        self._say("")
        return self._summary(setup)

    async def _go(self) -> None:
        self._say("Set-up of Gatelight: from nothing to a program of yours that is connected.")
        self._say("Answer a question with its number, or press Enter for the answer in [ ].")
        self._say("Everywhere: b goes back, q or Ctrl-C ends; what is done stays done.")
        while not self._look.state.machine.taken and not self._stopped:
            self._look.changed.clear()
            await self._look.changed.wait()
        await self._ask_all()
        while not self._stopped:
            setup = await self._settled()
            if setup is None:
                break
            if setup.current is not None:
                await self._at(setup, setup.current)
            elif not await self._extras(setup):
                break

    # ── the questions ───────────────────────────────────────────────────────────────────────────

    def _questions(self) -> tuple[SetupQuestion, ...]:
        which = self._setting.connection_question if self._choose else None
        return (*(() if which is None else (which,)), *self._setting.questions(self._facts()))

    async def _ask_all(self, first: int = 0) -> None:
        """Ask every question from this one on (-1: the last); the suggestion is what runs or is configured."""
        at = first % len(self._questions())
        # A question may hang on an earlier answer, and its suggestion is what was answered last.
        while at < len(questions := self._questions()):
            answered = await self._ask(questions[at])
            if self._stopped:
                return
            if not answered and at == 0:
                self._say("This is the first question; q ends the set-up.")
            at = at + 1 if answered else max(0, at - 1)
        self._say("")
        self._setting.take_up()
        self._look.reconfigure(settings_to_watch(self._setting))
        self._told = None

    async def _ask(self, question: SetupQuestion) -> bool:
        """Ask one question until it is answered; False where the user goes back instead."""
        self._words.question(question)
        suggested = next((c.label for c in question.choices if c.value == question.suggested), question.suggested)
        while True:
            self._say(f"Your answer [{suggested}]:")
            line = await self._lines.next()
            word = (line or "").lower()
            if word in _QUIT and not self._stopped:
                self._stop()
            if self._stopped or word in _BACK:
                return False
            try:
                self._setting.answer(question.id, line or question.suggested)
            except NotAnAnswer as refused:
                self._say(str(refused))
                if line is None:
                    return True
            else:
                return True

    # ── the steps ───────────────────────────────────────────────────────────────────────────────

    async def _settled(self) -> Setup | None:
        """The steps, once they have not changed for `SETTLE` seconds."""
        while not self._stopped:
            setup = self._judge()
            if setup is not None:
                key = [(s.id, s.state, s.problem) for s in setup.steps]
                await asyncio.sleep(0 if self._key(setup.current) == self._told else SETTLE)
                again = self._judge()
                if again is not None and key == [(s.id, s.state, s.problem) for s in again.steps]:
                    return again
                continue
            self._look.changed.clear()
            await self._look.changed.wait()
        return self._judge()

    def _judge(self) -> Setup | None:
        facts = self._facts()
        return None if facts is None else self._setting.judge(facts, self._acts.data_test, self._look.state)

    def _facts(self) -> Facts | None:
        return self._setting.facts(self._look.state, self._world.now())

    @staticmethod
    def _key(step: SetupStep | None) -> tuple[Any, ...] | None:
        return None if step is None else (step.id, step.state, step.problem, step.text, step.value, step.acts)

    async def _at(self, setup: Setup, step: SetupStep) -> None:
        """Tell the step where it is new, then wait until something changes or the user types."""
        self._tell_done(setup)
        if self._key(step) != self._told:
            self._told = self._key(step)
            self._words.line(step, setup)
            self._words.details(step)
            self._say(prompt(step))
        if self._lines.ended and (step.state is StepState.TO_DO or step.acts):
            # The input has ended: no user is left to do the step.
            self._stopped = True
            return
        self._look.changed.clear()
        change = asyncio.ensure_future(self._look.changed.wait())
        line = asyncio.ensure_future(self._lines.next()) if not self._lines.ended else None
        try:
            waits: set[asyncio.Future[Any]] = {change} if line is None else {change, line}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if line is not None and line.done():
                await self._obey(step, line.result())
        finally:
            change.cancel()
            if line is not None and not line.done():
                line.cancel()

    def _tell_done(self, setup: Setup) -> None:
        """Say which of the steps before the current one have become good, once each."""
        for step in setup.steps:
            if step.optional or step is setup.current:
                break
            if step.state.good and step.id not in self._good:
                self._good.add(step.id)
                self._words.line(step, setup)
            elif not step.state.good:
                self._good.discard(step.id)

    async def _obey(self, step: SetupStep, line: str | None) -> None:
        word = "q" if line is None and step.state is StepState.TO_DO else (line or "").lower()
        try:
            match word:
                case "":
                    self._told = None
                    await self._acts.look_again()
                case "s":
                    self._setting.skip(step.id)
                    self._say(f"{step.title}: put off.")
                case "a":
                    await self._ask_all()
                case _ if word in _BACK:
                    await self._ask_all(-1)
                case _ if word in _QUIT:
                    self._stopped = True
                case "u" if StepAct.USE_PORT in step.acts:
                    self._acts.use_port(int(step.value))
                case _ if word in _YES and step.acts:
                    await self._acts.do(step)
                case _ if word in _NO and step.acts:
                    self._acts.decline(step)
                case _:
                    self._say(f"“{shortened(word, 20)}” is none of the answers here. {prompt(step)}")
        except GatelightError as fault:
            self._say(str(fault))

    # ── if the user likes ───────────────────────────────────────────────────────────────────────

    async def _extras(self, setup: Setup) -> bool:
        """Offer what is optional; False where the user has had enough."""
        self._tell_done(setup)
        offered = [step for step in setup.extras if step.acts and not step.state.good]
        if self._lines.ended or not offered:
            return False
        self._say("")
        self._say("If you like:")
        for number, step in enumerate(offered, 1):
            self._say(f"  {number}  {step.title}")
        self._say("(Type a number, or press Enter to end; b goes back.)")
        word = (await self._lines.next() or "").lower()
        if self._stopped or word == "" or word in _QUIT:
            return False
        if word in _BACK:
            await self._ask_all(-1)
        elif word.isdecimal() and 1 <= int(word) <= len(offered):
            await self._extra(offered[int(word) - 1].id)
        else:
            self._say(f"“{shortened(word, 20)}” is none of the answers here.")
        return True

    async def _extra(self, id: str) -> None:
        """Do one optional step, as far as the user wants."""
        while not self._stopped and (setup := self._judge()) is not None:
            step = setup.step(id)
            if step.state is StepState.UNKNOWN and not step.acts:
                self._look.changed.clear()
                await self._look.changed.wait()
                continue
            if StepAct.CHOOSE_SYMBOL in step.acts:
                await self._acts.do(step)
                if self._setting.answers.symbol is None:
                    return
                continue
            self._words.line(step, setup)
            if step.state.good:
                return
            self._words.details(step)
            if not step.acts:
                return
            self._say(prompt(step))
            word = (await self._lines.next() or "").lower()
            try:
                if word in _QUIT:
                    self._stop()
                elif word in _YES:
                    await self._acts.do(step)
                else:
                    if word in _NO:
                        self._acts.decline(step)
                    return
            except GatelightError as fault:
                self._say(str(fault))
                return

    def _summary(self, setup: Setup) -> int:
        self._words.summary(setup, self._setting.wanted.name)
        if setup.result is not SetupResult.NOT_YET and not _agent_runs(self._setting.places):
            self._say("Gatelight itself does not run now: start it with `gatelight run`.")
        return 0 if setup.result is SetupResult.GREEN else 1


def _agent_runs(places: Places) -> bool:
    try:
        request(places, {"command": "status"})
    except AgentNotRunning:
        return False
    return True
