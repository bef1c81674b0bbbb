"""The set-up and the market data self-test inside the running agent, for the commands "setup" and "data-test".

They are created with the first such command.
"""

import asyncio
from typing import Any, assert_never

from agent.app.running import RunningAgent
from agent.app.setup_run import TEST_NOTICE, SetupRun
from agent.core.as_json import as_json
from agent.core.commands import NO_SUCH_ACT, AskDataTest, SetUp, SetupAct
from agent.core.events import UserAsked
from agent.core.setup.answers import NotAnAnswer, edit_lines
from agent.core.setup.setup import setup_to_json
from agent.core.shown.display import Connect, LookNow
from agent.errors import GatelightError
from agent.guides import load_guides
from agent.problems import PROBLEMS
from agent.runtime.data_tests import DataTests

_STALE = "What is to be written has changed since you read it: read it again."


class SetupHost:
    """One set-up, which all open pages share; on the agent's loop."""

    def __init__(self, agent: RunningAgent) -> None:
        self._agent = agent
        self._tests = DataTests(agent.loop, agent.world, agent.world.test_data, load_guides)
        self._setting: SetupRun | None = None

    async def answer(self, command: SetUp | AskDataTest) -> dict[str, Any]:
        """Carry out a command; returns {"error": one sentence} where that is not possible."""
        if isinstance(command, AskDataTest):
            return self._tests.answer(command)
        try:
            setting = self._setting or await self._begin(None)
            if command.act is not None:
                await self._do(setting, command.act, command)
            return self._told(self._setting or setting)
        except (GatelightError, NotAnAnswer) as refused:
            return {"error": str(refused)}

    async def close(self) -> None:
        """The agent ends."""
        await self._tests.close()

    async def _begin(self, name: str | None) -> SetupRun:
        def make() -> SetupRun:
            made = SetupRun(
                self._agent.places,
                PROBLEMS,
                load_guides(),
                name=name,
                login=self._agent.login,
                origin=self._agent.state.origin,
            )
            made.take_configured()
            return made

        self._setting = await asyncio.to_thread(make)
        return self._setting

    async def _do(self, setting: SetupRun, act: SetupAct, command: SetUp) -> None:
        step, value = command.step, command.value
        match act:
            case SetupAct.BEGIN:
                await self._begin(str(value or ""))
            case SetupAct.ANSWER:
                setting.answer(step, str(value or ""))
            case SetupAct.LOOK:
                await asyncio.to_thread(setting.reread)
                self._agent.post(UserAsked(LookNow()))
            case SetupAct.LOOKED:
                setting.looked(step)
            case SetupAct.SKIP:
                setting.skip(step)
            case SetupAct.TAKE_UP:
                setting.take_up()
            case SetupAct.USE_PORT:
                if not isinstance(value, int) or not 0 < value < 65536:
                    raise GatelightError(NO_SUCH_ACT.format(act=act))
                setting.use_port(value)
            case SetupAct.CONNECT:
                self._agent.post(UserAsked(Connect(setting.wanted.name)))
            case SetupAct.TEST_DATA:
                self._test(setting)
            case SetupAct.SEND_NOTICE:
                setting.tried(await self._agent.try_channels(TEST_NOTICE))
            case SetupAct.SAW_NOTICE:
                setting.saw(value is True)
            case SetupAct.START_AT_LOGIN:
                await asyncio.to_thread(setting.start_at_login, value is True)
            case SetupAct.LOOK_FOR_UPDATES:
                if await asyncio.to_thread(setting.look_for_updates, value is True):
                    self._agent.config_changed()
            case SetupAct.WRITE:
                await self._write(setting, value)
            case _:
                assert_never(act)

    def _test(self, setting: SetupRun) -> None:
        symbol = setting.answers.symbol
        if not symbol:
            raise GatelightError("Choose a symbol to test market data with first.")
        watched = setting.watched(self._agent.state)
        name = "" if watched is None else watched.settings.name
        answer = self._tests.answer(AskDataTest(name, (symbol,)))
        if "error" in answer:
            raise GatelightError(str(answer["error"]))

    async def _write(self, setting: SetupRun, read: object) -> None:
        """Write the file, if the changes are still those that the user read and agreed to."""
        await asyncio.to_thread(setting.reread)
        if read != list(edit_lines(setting.edits)):
            raise GatelightError(_STALE)
        await asyncio.to_thread(setting.write)
        self._agent.config_changed()

    def _told(self, setting: SetupRun) -> dict[str, Any]:
        state = self._agent.state
        facts = setting.facts(state, self._agent.now())
        told: dict[str, Any] = {
            "name": setting.wanted.name,
            "new": not setting.configured,
            "connections": [c.name for c in setting.in_file.connections],
            "file": str(self._agent.places.config),
            "answers": as_json(setting.answers),
            "questions": as_json(setting.questions(facts)),
            "symbol_question": as_json(setting.symbol_question),
            "to_write": list(edit_lines(setting.edits)),
        }
        if facts is None:
            told["looking"] = True
            return told
        told["setup"] = setup_to_json(setting.judge(facts, self._tests.latest, state))
        told["kind"] = setting.kind(facts)
        return told
