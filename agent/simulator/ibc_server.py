"""IBC's command server on this machine: it answers lines with lines, and passes on what a command wishes."""

import asyncio
import contextlib
from collections.abc import Callable

from agent.tws.applications import ApplicationKind

_LOOPBACK = "127.0.0.1"
_LONGEST_LINE = 1_024
"""Bytes of a command; IBC's longest has some twenty."""

ENABLE_API, RECONNECT_DATA, RECONNECT_ACCOUNT = "enable-api", "reconnect-data", "reconnect-account"
"""The wishes."""


class CommandServer:
    """Answers like IBC (CommandDispatcher.java) and passes each command for the application to `wish`."""

    def __init__(
        self, kind: ApplicationKind, api_is_on: Callable[[], bool], wish: Callable[[str], None], prompt: str = ""
    ) -> None:
        self._kind = kind
        self._api_is_on = api_is_on
        self._wish = wish
        self._prompt = prompt
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def open(self, port: int) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._talk, _LOOPBACK, port, limit=_LONGEST_LINE)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def close(self) -> None:
        """Stop listening, and hang up."""
        if self._server is not None:
            self._server.close()
        for talk in tuple(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._talks.add(task)
            task.add_done_callback(self._talks.discard)
        with contextlib.suppress(OSError, ValueError, asyncio.CancelledError):
            writer.write(self._prompt.encode())
            while line := await reader.readline():
                command = line.decode("ascii", errors="replace").strip().upper()
                answer = self.answer(command)
                writer.write(f"{answer}\r\n{self._prompt}".encode())
                await writer.drain()
                if command == "EXIT":
                    break
        writer.close()

    def answer(self, command: str) -> str:
        """What IBC says to a command."""
        match command:
            case "ENABLEAPI" if self._kind is not ApplicationKind.TWS:
                return "ERROR ENABLEAPI is not valid for the IB Gateway"
            case "ENABLEAPI" if self._api_is_on():
                return "OK already configured"
            case "ENABLEAPI":
                self._wish(ENABLE_API)
                return "OK configured"
            case "RECONNECTDATA":
                self._wish(RECONNECT_DATA)
                return "OK"
            case "RECONNECTACCOUNT":
                self._wish(RECONNECT_ACCOUNT)
                return "OK"
            case "EXIT":
                return "OK Goodbye"
            case _:
                return "ERROR Command invalid"
