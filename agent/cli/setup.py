"""`gatelight setup`: the set-up in the terminal, as plain lines for people, screen readers and pipes.

It watches the machine as the agent does, and goes on when a step is done.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from agent.app.channels import Channels
from agent.app.login_start import LogInStart
from agent.app.one_look import OneLook, willing
from agent.app.setup_run import TEST_NOTICE, SetupRun
from agent.app.world import RealWorld
from agent.channels import Chain, ChannelHost
from agent.cli.setup_words import SetupWords, prompt
from agent.cli.typed_lines import TypedLines
from agent.core.data_test.run import DataTestPlan, plan_of, read_symbols, reason_against
from agent.core.data_test.seen import DataTest
from agent.core.events import UserAsked
from agent.core.evidence.processes import applications
from agent.core.facts import Facts
from agent.core.settings import Settings
from agent.core.setup.answers import NotAnAnswer, SetupQuestion, edit_lines
from agent.core.setup.setup import Setup, SetupStep, StepAct, StepState
from agent.core.shown.display import LookNow
from agent.core.state_machine.state import Knowledge, own_client_ids
from agent.core.text import shortened
from agent.core.timing import Timing
from agent.errors import AgentNotRunning, GatelightError, UsageError
from agent.guides import load_guides
from agent.problems import PROBLEMS
from agent.runtime.control.channel import request
from agent.runtime.paths import Places
from agent.tws.symbol import NotASymbol

SETTLE = 0.4
"""Seconds for which a step must not change before it is told: a start passes through several quickly."""
_YES = frozenset({"y", "yes", "j", "ja", "o", "oui", "si", "sí"})
_QUIT = frozenset({"q", "quit"})
_BACK = frozenset({"b", "back"})
_NO = frozenset({"n", "no", "nein", "non"})


def command(places: Places, name: str, *, say: Callable[[str], None], no_input: bool = False) -> int:
    """Walk through the set-up; returns 0 when the light is green, 1 when something is left. Raises GatelightError."""
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
) -> int:
    """The same in a given world; tests give theirs."""
    setting = SetupRun(places, PROBLEMS, load_guides(), name=name, login=login or LogInStart(places))
    if name and not setting.configured and setting.in_file.connections and no_input:
        names = ", ".join(f"“{c.name}”" for c in setting.in_file.connections)
        raise UsageError(f"There is no connection named “{name}”: choose one of {names}.")
    setting.take_configured()
    walker = _Walk(setting, world, timing, known, say)
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
    ) -> None:
        self._setting = setting
        self._world = world
        self._say = say
        self._words = SetupWords(say)
        self._look = OneLook(self._watched_settings(), world, timing=timing, known=known)
        self._lines = TypedLines(self._stop)
        self._stopped = False
        self._good: set[str] = set()
        self._told: tuple[Any, ...] | None = None
        self._data_test: DataTest | None = None
        self._test_started: float | None = None
        self._tests = 0
        self._chain: Chain | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def _watched_settings(self) -> Settings:
        """The connection that is set up, to be connected; the others are only known."""
        return willing(self._setting.wanted_settings, self._setting.wanted.name)

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
        current = setup.current
        if current is not None and not current.optional:
            self._words.details(current)
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
                await self._steps()
            finally:
                setup = self._judge()
                for task in tuple(self._tasks):
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
                if self._chain is not None:
                    await self._chain.withdraw(TEST_NOTICE.key)
        if setup is None:
            self._say("The set-up was ended before anything was seen.")
            return 1
        self._say("")
        return self._summary(setup)

    async def _steps(self) -> None:
        self._say("Set-up of Gatelight. Answer a question with its number, or press Enter for the answer in [ ].")
        self._say("At each step: Enter looks again, s puts the step off, a changes the answers.")
        self._say("Everywhere: b goes back, q or Ctrl-C ends; what is done stays done.")
        while not self._look.state.machine.taken and not self._stopped:
            self._look.changed.clear()
            await self._look.changed.wait()
        await self._ask_all()
        while not self._stopped:
            setup = await self._settled()
            if setup is None or setup.current is None:
                break
            await self._at(setup, setup.current)

    async def _ask_all(self, first: int = 0) -> None:
        """Ask every question from this one on (-1: the last); the suggestion is what runs or is configured."""
        kinds = tuple(dict.fromkeys(p.kind.value for p in applications(self._look.state.machine)))
        at = first % max(1, len(self._setting.questions(kinds)))
        # A question may hang on an earlier answer, and its suggestion is what was answered last.
        while at < len(questions := self._setting.questions(kinds)):
            answered = await self._ask(questions[at])
            if self._stopped:
                return
            at = at + 1 if answered else max(0, at - 1)
        self._say("")
        self._setting.take_up()
        self._look.reconfigure(self._watched_settings())
        self._told = None

    async def _ask(self, question: SetupQuestion) -> bool:
        """Ask one question until it is answered; False where the user goes back instead."""
        self._say("")
        self._say(question.text)
        for number, choice in enumerate(question.choices, 1):
            self._say(f"  {number}  {choice.label}")
        self._words.indented(question.hint)
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
        return None if facts is None else self._setting.judge(facts, self._data_test)

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
        if self._lines.ended and step.state is StepState.TO_DO:
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
        """Say which steps have become good, once each, and which no longer are."""
        for step in setup.steps:
            if step.state.good and step.id not in self._good:
                self._good.add(step.id)
                self._words.line(step, setup)
            elif not step.state.good:
                self._good.discard(step.id)

    # ── what is typed ───────────────────────────────────────────────────────────────────────────

    async def _obey(self, step: SetupStep, line: str | None) -> None:
        word = "q" if line is None and step.state is StepState.TO_DO else (line or "").lower()
        try:
            match word:
                case "":
                    await self._look_again()
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
                    self._use_port(int(step.value))
                case _ if word in _YES and step.acts:
                    await self._act(step)
                case _ if word in _NO and step.acts:
                    self._decline(step)
                case _:
                    self._say(f"“{shortened(word, 20)}” is none of the answers here. {prompt(step)}")
        except GatelightError as fault:
            self._say(str(fault))

    async def _look_again(self) -> None:
        await asyncio.to_thread(self._setting.reread)
        self._told = None
        self._look.post(UserAsked(LookNow()))

    async def _act(self, step: SetupStep) -> None:
        match step.acts[0]:
            case StepAct.TEST_DATA:
                self._test(step.value)
            case StepAct.SEND_NOTICE:
                await self._send_notice()
            case StepAct.SAW_NOTICE:
                self._setting.saw(True)
            case StepAct.START_AT_LOGIN:
                await asyncio.to_thread(self._setting.start_at_login, True)
            case StepAct.WRITE:
                written = edit_lines(self._setting.edits)
                await asyncio.to_thread(self._setting.write)
                self._say(f"Written into {self._setting.places.config}: {'; '.join(written)}.")
                self._look.reconfigure(self._watched_settings())
            case StepAct.LOOKED:
                self._setting.looked(step.id)
            case StepAct.CHANGE_ANSWERS:
                await self._ask_all()
            case StepAct.USE_PORT:
                self._use_port(int(step.value))
            case StepAct.CONNECT:
                self._look.reconfigure(self._watched_settings())

    def _use_port(self, port: int) -> None:
        self._setting.use_port(port)
        self._say(f"Port {port} is used from now on; it is written into the configuration at the end.")
        self._look.reconfigure(self._watched_settings())

    def _decline(self, step: SetupStep) -> None:
        match step.acts[0]:
            case StepAct.SAW_NOTICE:
                self._setting.saw(False)
            case StepAct.START_AT_LOGIN:
                self._setting.start_at_login(False)
            case _:
                self._setting.skip(step.id)
                self._say(f"{step.title}: put off.")

    def _test(self, symbol: str) -> None:
        facts = self._facts()
        if facts is None:
            return
        running = self._data_test is not None and self._data_test.running
        against = reason_against(facts, running=running, last_started=self._test_started)
        if against is not None:
            self._say(against)
            return
        try:
            instruments = read_symbols([symbol])
        except NotASymbol as refused:
            self._say(str(refused))
            return
        self._tests += 1
        self._test_started = self._world.now().monotonic
        plan = plan_of(facts, instruments, self._tests + self._look.state.next_number, own_client_ids(self._look.state))
        self._keep(DataTest(plan.connection, self._world.now().wall, symbols=(symbol,)))
        self._spawn(self._run_test(plan))

    async def _run_test(self, plan: DataTestPlan) -> None:
        self._keep(await self._world.test_data(plan, self._keep))

    def _keep(self, test: DataTest) -> None:
        self._data_test = test
        self._look.changed.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _summary(self, setup: Setup) -> int:
        self._words.summary(setup, self._setting.wanted.name)
        if setup.green and not _agent_runs(self._setting.places):
            self._say("Gatelight itself does not run now: start it with `gatelight run`.")
        return 0 if setup.green else 1

    async def _send_notice(self) -> None:
        if self._chain is None:
            self._chain = Channels(ChannelHost()).to_the_user(self._setting.in_file.notifications)
        self._setting.tried(await self._chain.try_all(TEST_NOTICE))


def _agent_runs(places: Places) -> bool:
    try:
        request(places, {"command": "status"})
    except AgentNotRunning:
        return False
    return True
