"""The control channel, by which `gatelight status` and similar commands talk to the running agent.

Each request and each answer is one JSON object on one line, over a socket (or named pipe) that only this user can open.
The channel passes commands on and does not know them. Its own refusals are `{"error": "one sentence"}`, with
`"later": true` where the same command may be done later.
The client imports very little, so that a command is done at once.
"""

import contextlib
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from agent.errors import AgentNotRunning, AgentUnreachable, DataFolderError
from agent.runtime.paths import Places, data_folder_error

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from agent.runtime.aside import OneAtATime

LONGEST_CONTROL_MESSAGE = 1 << 20
"""Bytes of one line, in either direction."""
MOST_CLIENTS = 128
"""Clients at a time; a further one is told so and disconnected."""
_ANSWER_WITHIN = 10.0
"""Seconds that the agent may take for one command."""
_FILES_WITHIN = 5.0
"""Seconds that the disk may take to make or show a socket."""
_LEAVE_WITHIN = 0.5
"""Seconds that the disk may take to remove a socket."""
_IDLE = 30.0
"""Seconds that a client may be silent, or take to read its answer, before it is disconnected."""


class ControlServer:
    """The agent's end. Only for the holder of the instance lock, because it replaces a socket that was left behind."""

    def __init__(
        self,
        places: Places,
        answer: "Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]",
        *,
        answer_within: float = _ANSWER_WITHIN,
        idle: float = _IDLE,
    ) -> None:
        self._places = places
        self._answer = answer
        self._answer_within = answer_within
        self._idle = idle
        self._server: Any = None
        self._bound: Any = None
        """While there is a socket: its `unix_socket.Bound`."""
        self._files: OneAtATime | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to listen; raises `DataFolderError` where there is no place for the channel."""
        import asyncio

        from agent.runtime.aside import OneAtATime

        loop: Any = asyncio.get_running_loop()

        def accept() -> asyncio.StreamReaderProtocol:
            reader = asyncio.StreamReader(limit=LONGEST_CONTROL_MESSAGE, loop=loop)
            return asyncio.StreamReaderProtocol(reader, self._accepted, loop=loop)

        self._files = files = OneAtATime("control channel")
        try:
            if sys.platform == "win32":
                from agent.runtime.control.pipe_server import NameTaken, PipeServer

                try:
                    self._server = PipeServer(pipe_name(self._places), accept)
                except NameTaken:
                    raise DataFolderError(
                        "Another program on this computer holds the pipe through which Gatelight is asked with the "
                        f"data folder {self._places.data}: end it, or name another folder with --data-dir."
                    ) from None
            else:
                from agent.runtime.control import unix_socket

                self._bound = await files.within(_FILES_WITHIN, lambda: unix_socket.bind_control(self._places))
                self._server = await loop.create_unix_server(accept, sock=self._bound.socket)
        except OSError as error:
            raise data_folder_error(self._places.data, error) from None

    async def close(self) -> None:
        """Stop listening, disconnect every client, and remove the socket."""
        import asyncio

        if self._server is None:
            return
        self._server.close()
        self._server = None
        clients = list(self._clients)
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        # A closed transport closes its socket in the next turns of the loop.
        for _ in range(2):
            await asyncio.sleep(0)
        await self._leave()

    def in_place(self) -> bool:
        """Whether new clients find the socket, as far as is known; reads the disk, from any thread.

        A pipe on Windows is in no folder, and cannot be lost.
        """
        if sys.platform != "win32" and (bound := self._bound) is not None:
            from agent.runtime.control.unix_socket import in_place

            with contextlib.suppress(OSError):
                return in_place(self._places, bound)
        return True

    async def renew(self) -> None:
        """Listen anew, as new clients do not find the socket any more; raises `DataFolderError`.

        Connected clients stay connected.
        """
        if self._server is None:
            # The agent has ended meanwhile.
            return
        self._server.close()
        await self._leave()
        await self.start()

    async def _leave(self) -> None:
        """Remove the socket; a disk that hangs keeps it."""
        if sys.platform != "win32":
            from agent.runtime.control.unix_socket import leave

            bound, files, self._bound = self._bound, self._files, None
            if bound is not None and files is not None:
                with contextlib.suppress(OSError):
                    await files.within(_LEAVE_WITHIN, lambda: leave(self._places, bound))

    def _accepted(self, reader: "asyncio.StreamReader", writer: "asyncio.StreamWriter") -> None:
        import asyncio

        if sys.platform != "win32":
            from agent.runtime.control.unix_socket import may_ask

            # Folder and socket are private already; this check holds even if their rights are changed.
            if not may_ask(writer.get_extra_info("socket")):
                writer.transport.abort()
                return
        client = asyncio.get_running_loop().create_task(self._serve(reader, writer), name="control client")
        self._clients.add(client)
        client.add_done_callback(self._clients.discard)

    async def _serve(self, reader: "asyncio.StreamReader", writer: "asyncio.StreamWriter") -> None:
        import asyncio

        try:
            if len(self._clients) > MOST_CLIENTS:
                await self._send(writer, {"error": "Too many programs ask at the same time: try again.", "later": True})
                return
            while True:
                try:
                    async with asyncio.timeout(self._idle):
                        line = await reader.readline()
                except ValueError:
                    await self._send(writer, {"error": "A message may have 1 MiB at most."})
                    return
                if not line.endswith(b"\n"):
                    return
                await self._send(writer, await self._reply(line))
                # Lines that have arrived are read without a pause, so the rest of the agent gets its turn here.
                await asyncio.sleep(0)
        except OSError:
            # The client is gone or too slow (TimeoutError): an answer would not be read.
            writer.transport.abort()
        finally:
            writer.close()

    async def _send(self, writer: "asyncio.StreamWriter", message: dict[str, Any]) -> None:
        import asyncio

        writer.write(_line(message))
        async with asyncio.timeout(self._idle):
            await writer.drain()

    async def _reply(self, line: bytes) -> dict[str, Any]:
        import asyncio
        import logging

        from agent.tws.outside import parse_json

        try:
            message = parse_json(line)
        except (ValueError, RecursionError):
            return {"error": "A message is one JSON object a line, in UTF-8."}
        if not isinstance(message, dict):
            return {"error": "A message is a JSON object."}
        try:
            async with asyncio.timeout(self._answer_within):
                reply = await self._answer(message)
            if len(_line(reply)) > LONGEST_CONTROL_MESSAGE:
                return {"error": "The answer is longer than 1 MiB."}
        except TimeoutError:
            return {"error": f"The agent was not done within {self._answer_within:g} s: try again.", "later": True}
        except Exception:
            # The channel stays open for the next command.
            logging.getLogger(__name__).exception("a command could not be answered")
            return {"error": "The agent could not do that; its log says why."}
        return reply


def request(places: Places, message: dict[str, Any], timeout: float = 2.0) -> dict[str, Any]:
    """Send one command to the running agent and wait `timeout` seconds for its answer; raises `AgentNotRunning`.

    So does looking for something in the answer that is not there: an agent of another version answered, or, where an
    administrator asks in the folder of another user, a program of theirs.
    """
    import json

    class Told(dict[str, Any]):
        def __missing__(self, key: str) -> NoReturn:
            raise AgentUnreachable(
                f"What answers for the data folder {places.data} does not say what is asked ({key}): "
                "it may be another version of Gatelight, so stop it with that one, and start this one."
            )

    try:
        raw = _ask(places, _line(message), timeout)
    except TimeoutError:
        raise AgentUnreachable(
            f"Gatelight does not answer within {timeout:g} s with the data folder {places.data}: "
            "if it stays so, end it and start it again with `gatelight run`."
        ) from None
    except PermissionError:
        raise AgentUnreachable(
            f"What answers for the data folder {places.data} belongs to another user, so it is not believed: "
            "ask as the user who runs Gatelight there."
        ) from None
    except OSError:
        raise AgentNotRunning(
            f"Gatelight does not run with the data folder {places.data}: start it with `gatelight run`."
        ) from None
    try:
        answer = json.loads(raw, object_hook=Told)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise AgentUnreachable(
            f"Gatelight broke off its answer with the data folder {places.data}: see whether it still runs."
        )
    return answer


def _line(message: dict[str, Any]) -> bytes:
    import json

    return json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _ask(places: Places, line: bytes, timeout: float) -> bytes:
    if sys.platform == "win32":
        from agent.runtime.control.windows_pipe import ask

        where = pipe_name(places)
    else:
        from agent.runtime.control.unix_socket import ask

        where = places
    return ask(where, line, timeout, LONGEST_CONTROL_MESSAGE)


def pipe_name(places: Places, user: str | None = None) -> str:
    """The name of the pipe on Windows, for a data folder and a user, by default this one."""
    from getpass import getuser
    from hashlib import sha256

    # Windows ignores case in paths and user names.
    seed = f"{getuser() if user is None else user}\0{places.data}".casefold()
    return rf"\\.\pipe\gatelight-{sha256(seed.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
