"""`gatelight fix`: shows what a fix would change, takes the yes and does it, through the running agent or alone."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any, TypeAlias

from agent.cli.terminal import is_terminal
from agent.cli.typed_lines import TypedLines
from agent.core.fix import Asker
from agent.core.shown.display import AskFix, DoFix
from agent.errors import AgentNotRunning, DataFolderError, UsageError
from agent.runtime.control.channel import request
from agent.runtime.paths import Places, make_data_folder

_ANSWER_SECONDS = 20.0
"""Seconds the agent may take for a fix: a look, three seconds for TWS, and some until the result is seen."""

Ask: TypeAlias = Callable[[AskFix | DoFix], Awaitable[dict[str, Any]]]
_Say: TypeAlias = Callable[[str], None]


def command(
    places: Places, fix: str, connection: str | None, *, yes: bool, verbosity: int, say: _Say, out: _Say
) -> int:
    """Do one fix; returns the exit status. Raises UsageError for a fix that is not offered, or without a yes."""
    return asyncio.run(_command(places, fix, connection or "", yes=yes, verbosity=verbosity, say=say, out=out))


async def _command(
    places: Places, fix: str, connection: str, *, yes: bool, verbosity: int, say: _Say, out: _Say
) -> int:
    async def through_agent(wish: AskFix | DoFix) -> dict[str, Any]:
        return await asyncio.to_thread(request, places, {"command": "fix", **asdict(wish)}, _ANSWER_SECONDS)

    try:
        offer = await through_agent(AskFix(fix, connection))
    except AgentNotRunning:
        from agent.runtime.logs import set_up_logs

        with contextlib.suppress(DataFolderError):
            make_data_folder(places)
        # No agent keeps a log now, and every fix leaves a line in it.
        with set_up_logs(places.log_file, verbosity, tell=say):
            return await _by_itself(places, fix, connection, yes=yes, say=say, out=out)
    return await _talk(through_agent, offer, yes=yes, say=say, out=out)


async def _by_itself(places: Places, fix: str, connection: str, *, yes: bool, say: _Say, out: _Say) -> int:
    from agent.cli.fix_alone import alone

    async with alone(places, connection, say) as ask:
        offer = await ask(AskFix(fix, connection))
        return await _talk(ask, offer, yes=yes, say=say, out=out)


class _Asker:
    """Asks the user at the terminal."""

    def __init__(self, say: _Say) -> None:
        self._say = say
        self._lines: TypedLines | None = None
        self._broken_off = False

    async def agreed(self, offer: dict[str, Any], *, yes: bool) -> bool:
        """Show the whole question; True if the user says yes. Raises KeyboardInterrupt for Ctrl-C instead."""
        self._say(offer["title"])
        for line in offer["changes"]:
            self._say(f"  - {line}")
        if offer["given_up"]:
            self._say("Given up by it:")
            for line in offer["given_up"]:
                self._say(f"  - {line}")
        if offer["remark"]:
            self._say(offer["remark"])
        return yes or await self._answer()

    async def _answer(self) -> bool:
        if not is_terminal(sys.stdin):
            raise UsageError(
                "This needs a yes to the text above: run it in a terminal, or add --yes where that is enough."
            )
        if self._lines is None:
            self._lines = TypedLines(self._break_off)
            self._lines.listen()
        sys.stderr.write("Do it? [y/N] ")
        sys.stderr.flush()
        # A closed terminal is a no.
        said = await self._lines.next()
        if self._broken_off:
            raise KeyboardInterrupt
        return said is not None and said.lower() in ("y", "yes")

    def _break_off(self) -> None:
        # A fix under way is finished all the same: half a fix helps no user.
        self._broken_off = True


async def _talk(ask: Ask, offer: dict[str, Any], *, yes: bool, say: _Say, out: _Say) -> int:
    if "error" in offer:
        raise UsageError(offer["error"])
    asker = _Asker(say)
    if not await asker.agreed(offer, yes=yes):
        say("Nothing was changed.")
        return 1
    wish = DoFix(offer["id"], offer["connection"], offer["digest"], Asker.COMMAND_LINE)
    answer = await ask(wish)
    while "again" in answer:
        say(answer["text"])
        # A yes counts only for the text it was given to.
        if not await asker.agreed(answer["again"], yes=False):
            say("Nothing was changed.")
            return 1
        answer = await ask(replace(wish, digest=answer["again"]["digest"]))
    if "error" in answer:
        say(answer["error"])
        return 1
    out(answer["text"])
    out(f"Now: {answer['now']}.")
    if not answer["done"]:
        say(f"By hand: {answer['by_hand']}")
    return 0 if answer["done"] else 1
