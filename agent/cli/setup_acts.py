"""What `gatelight setup` does at a step when the user asks for it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from agent.app.channels import Channels
from agent.app.one_look import OneLook, willing
from agent.app.setup_run import TEST_NOTICE, SetupRun
from agent.app.world import RealWorld
from agent.channels import Chain, ChannelHost
from agent.core.data_test.run import DataTestPlan, plan_of, read_symbols, reason_against
from agent.core.data_test.seen import DataTest
from agent.core.events import UserAsked
from agent.core.settings import Settings
from agent.core.setup.answers import SetupQuestion
from agent.core.setup.setup import SetupStep, StepAct
from agent.core.shown.display import LookNow
from agent.core.state_machine.state import own_client_ids
from agent.tws.symbol import NotASymbol


def settings_to_watch(setting: SetupRun) -> Settings:
    """The connection that is set up, to be connected; the others are only known."""
    return willing(setting.wanted_settings, setting.wanted.name)


class SetupActs:
    """The acts of one set-up; on the loop."""

    def __init__(
        self,
        setting: SetupRun,
        world: RealWorld,
        look: OneLook,
        say: Callable[[str], None],
        ask: Callable[[SetupQuestion], Awaitable[bool]],
        ask_all: Callable[[], Awaitable[None]],
    ) -> None:
        """`ask` asks one question, `ask_all` all of them from the first."""
        self._setting = setting
        self._world = world
        self._look = look
        self._say = say
        self._ask = ask
        self._ask_all = ask_all
        self.data_test: DataTest | None = None
        self._test_started: float | None = None
        self._tests = 0
        self._chain: Chain | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """End what is under way, and take the test notice back."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._chain is not None:
            await self._chain.withdraw(TEST_NOTICE.key)

    async def look_again(self) -> None:
        """Read the file again, and look at the machine now."""
        await asyncio.to_thread(self._setting.reread)
        self._look.post(UserAsked(LookNow()))

    async def do(self, step: SetupStep) -> None:
        """Do what the step offers; raises GatelightError."""
        match step.acts[0]:
            case StepAct.TEST_DATA:
                self._test(step.value)
            case StepAct.SEND_NOTICE:
                await self._send_notice()
            case StepAct.SAW_NOTICE:
                self._setting.saw(True)
            case StepAct.START_AT_LOGIN:
                await asyncio.to_thread(self._setting.start_at_login, True)
            case StepAct.LOOK_FOR_UPDATES:
                await asyncio.to_thread(self._setting.look_for_updates, True)
            case StepAct.WRITE:
                await asyncio.to_thread(self._setting.write)
                self._say(f"Saved in {self._setting.places.config}.")
                self._look.reconfigure(settings_to_watch(self._setting))
            case StepAct.LOOKED:
                self._setting.looked(step.id)
            case StepAct.CHANGE_ANSWERS:
                await self._ask_all()
            case StepAct.CHOOSE_SYMBOL:
                if await self._ask(self._setting.symbol_question) and self._setting.answers.symbol:
                    self._test(self._setting.answers.symbol)
            case StepAct.USE_PORT:
                self.use_port(int(step.value))
            case StepAct.CONNECT:
                self._look.reconfigure(settings_to_watch(self._setting))

    def use_port(self, port: int) -> None:
        """Use this API port from now on."""
        self._setting.use_port(port)
        self._say(f"Port {port} is used from now on; it is saved with the answers.")
        self._look.reconfigure(settings_to_watch(self._setting))

    def decline(self, step: SetupStep) -> None:
        """The user does not want what the step offers."""
        match step.acts[0]:
            case StepAct.SAW_NOTICE:
                self._setting.saw(False)
            case StepAct.START_AT_LOGIN:
                self._setting.start_at_login(False)
            case StepAct.LOOK_FOR_UPDATES:
                self._setting.look_for_updates(False)
            case _:
                self._setting.skip(step.id)
                self._say(f"{step.title}: put off.")

    def _test(self, symbol: str) -> None:
        state = self._look.state
        facts = self._setting.facts(state, self._world.now())
        if facts is None:
            return
        running = self.data_test is not None and self.data_test.running
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
        plan = plan_of(facts, instruments, self._tests + state.next_number, own_client_ids(state))
        self._keep(DataTest(plan.connection, self._world.now().wall, symbols=(symbol,)))
        self._spawn(self._run_test(plan))

    async def _run_test(self, plan: DataTestPlan) -> None:
        self._keep(await self._world.test_data(plan, self._keep))

    def _keep(self, test: DataTest) -> None:
        self.data_test = test
        self._look.changed.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_notice(self) -> None:
        if self._chain is None:
            self._chain = Channels(ChannelHost()).to_the_user(self._setting.in_file.notifications)
        self._setting.tried(await self._chain.try_all(TEST_NOTICE))
