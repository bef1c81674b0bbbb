"""The set-up and the market data self-test inside the running agent: what the commands "setup" and "data-test" answer.

None of it is created before the first such command.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from agent.autostart import LogInStart
from agent.core.display import Connect, LookNow, Notice
from agent.core.events import UserAsked
from agent.core.reading import applications
from agent.core.setup import to_json
from agent.core.setup_answers import NotAnAnswer, as_json, edit_lines
from agent.errors import GatelightError
from agent.guides import load_guides
from agent.problems import PROBLEMS
from agent.runtime.data_tests import DataTests, Run
from agent.runtime.loop import AgentLoop, World
from agent.runtime.paths import Places
from agent.setting_up import TEST_NOTICE, SettingUp

_STALE = "What is to be written has changed since you read it: read it again."


class SetupHost:
    """One set-up at a time, for the page; lives on the agent's loop."""

    def __init__(
        self,
        places: Places,
        loop: AgentLoop,
        world: World,
        test_data: Run,
        *,
        announce: Callable[[Notice], Awaitable[str | None]],
        config_changed: Callable[[], None],
        login: LogInStart | None,
    ) -> None:
        """`announce` answers why no channel took a notice, or None; `config_changed` reads the file again."""
        self._places = places
        self._loop = loop
        self._world = world
        self._announce = announce
        self._config_changed = config_changed
        self._login = login
        self._tests = DataTests(loop, world, test_data, load_guides)
        self._setting: SettingUp | None = None

    async def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer the command "setup" or "data-test"; {"error": one sentence} where it cannot be done."""
        if request.get("command") == "data-test":
            return self._tests.answer(request)
        try:
            setting = self._setting or await self._begin("")
            act = request.get("act")
            if act is not None:
                await self._do(setting, str(act), request)
            return self._told(self._setting or setting)
        except (GatelightError, NotAnAnswer) as refused:
            return {"error": str(refused)}

    async def close(self) -> None:
        """The agent ends."""
        await self._tests.close()

    async def _begin(self, name: str) -> SettingUp:
        def make() -> SettingUp:
            made = SettingUp(self._places, PROBLEMS, load_guides(), name=name, login=self._login)
            made.take_configured()
            return made

        self._setting = await asyncio.to_thread(make)
        return self._setting

    async def _do(self, setting: SettingUp, act: str, request: Mapping[str, Any]) -> None:
        step, value = str(request.get("step", "")), request.get("value")
        match act:
            case "begin":
                await self._begin(str(value or ""))
            case "answer":
                setting.answer(step, str(value or ""))
            case "look":
                await asyncio.to_thread(setting.reread)
                self._loop.post(UserAsked(LookNow()))
            case "looked":
                setting.looked(step)
            case "skip":
                setting.skip(step)
            case "take-up":
                setting.take_up()
            case "use-port" if isinstance(value, int) and 0 < value < 65536:
                setting.use_port(value)
            case "connect":
                self._loop.post(UserAsked(Connect(setting.wanted.name)))
            case "test-data":
                self._test(setting)
            case "send-notice":
                setting.tried(await self._announce(TEST_NOTICE), "the notices of your desktop or your remote channels")
            case "saw-notice":
                setting.saw(value is True)
            case "start-at-login":
                await asyncio.to_thread(setting.start_at_login, value is True)
            case "write":
                await self._write(setting, value)
            case _:
                raise GatelightError(f"“{act[:40]}” is nothing that the set-up can do.")

    def _test(self, setting: SettingUp) -> None:
        symbol = setting.answers.symbol
        if not symbol:
            raise GatelightError("Choose a symbol to test market data with first.")
        watched = setting.watched(self._loop.state)
        name = "" if watched is None else watched.settings.name
        answer = self._tests.answer({"name": name, "symbols": [symbol]})
        if "error" in answer:
            raise GatelightError(str(answer["error"]))

    async def _write(self, setting: SettingUp, read: object) -> None:
        """Write, if what would be written is still what the user read and agreed to."""
        await asyncio.to_thread(setting.reread)
        if read != list(edit_lines(setting.edits)):
            raise GatelightError(_STALE)
        await asyncio.to_thread(setting.write)
        self._config_changed()

    def _told(self, setting: SettingUp) -> dict[str, Any]:
        state = self._loop.state
        facts = setting.facts(state, self._world.now())
        running = tuple(dict.fromkeys(p.kind.value for p in applications(state.machine)))
        told: dict[str, Any] = {
            "name": setting.wanted.name,
            "new": not setting.configured,
            "connections": [c.name for c in setting.in_file.connections],
            "file": str(self._places.config),
            "answers": as_json(setting.answers),
            "questions": [
                {
                    "id": q.id,
                    "text": q.text,
                    "hint": q.hint,
                    "suggested": q.suggested,
                    "choices": [{"value": c.value, "label": c.label} for c in q.choices],
                }
                for q in setting.questions(running)
            ],
            "to_write": list(edit_lines(setting.edits)),
        }
        if facts is None:
            told["looking"] = True
            return told
        told["setup"] = to_json(setting.judge(facts, self._tests.latest))
        told["kind"] = setting.kind(facts)
        return told
