"""The control channel: how `gatelight status` and its kind talk to the running agent.

One JSON object a line in, one a line out, over a socket (or a named pipe) that only this user can open. The channel
carries commands and does not know them. Its own refusals are `{"error": "one sentence"}`.
The client imports next to nothing, because a command should be done before its user notices.
"""

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from agent.errors import AgentNotRunning, DataFolderError
from agent.runtime.paths import Places, data_folder_error

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from agent.runtime.aside import OneAtATime

LONGEST_CONTROL_MESSAGE = 1 << 20
"""Bytes of one line, in either direction."""
MOST_CLIENTS = 128
"""Clients at a time; further ones are told so and sent away."""
_ANSWER_WITHIN = 10.0
"""Seconds the agent may take over one command."""
_FILES_WITHIN = 5.0
"""Seconds in which the disk has to take or show a socket."""
_LEAVE_WITHIN = 0.5
"""Seconds in which it has to let it go."""
_IDLE = 30.0
"""Seconds a client may be silent, or take to read its answer, before it is sent away."""


class ControlServer:
    """The agent's end. Only for the holder of the instance lock: it replaces a socket that was left behind."""

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
        """Of the socket, while there is one: `control_socket.Bound`."""
        self._files: OneAtATime | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to listen; raises `DataFolderError` when there is no place for the channel."""
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
        """Stop listening, send every client away, and leave nothing behind."""
        import asyncio

        if self._server is None:
            return
        self._server.close()
        self._server = None
        clients = list(self._clients)
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        # A closed transport lets go of its socket in the next turns of the loop.
        for _ in range(2):
            await asyncio.sleep(0)
        await self._leave()

    async def renew(self) -> None:
        """Listen anew where those who ask would not find the socket any more; raises `DataFolderError`.

        Clients that are connected stay so. A pipe of Windows does not lie in a folder, and cannot be lost.
        """
        if sys.platform != "win32":
            from agent.runtime.control.unix_socket import in_place

            bound, files = self._bound, self._files
            try:
                if (
                    bound is None
                    or files is None
                    or await files.within(_FILES_WITHIN, lambda: in_place(self._places, bound))
                ):
                    return
            except OSError:
                # Not to be known now, which a time limit that has passed is too.
                return
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

            # The folder and the socket are ours alone; should their rights ever be changed, this still holds.
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
                await self._send(writer, {"error": "Too many programs ask at the same time: try again."})
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
                # Lines that have already arrived are read without a pause: the rest of the agent gets its turn here.
                await asyncio.sleep(0)
        except OSError:
            # Gone, or too slow (TimeoutError): either way no client is left to tell.
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
            return {"error": f"The agent was not done within {self._answer_within:g} s."}
        except Exception:
            # Whatever one command runs into, the channel stays open for the next.
            logging.getLogger(__name__).exception("a command could not be answered")
            return {"error": "The agent could not do that; its log says why."}
        return reply


def request(places: Places, message: dict[str, Any], timeout: float = 2.0) -> dict[str, Any]:
    """Send one command to the running agent and wait for its answer, in seconds; raises `NotRunning`."""
    import json

    try:
        raw = _ask(places, _line(message), timeout)
    except TimeoutError:
        raise AgentNotRunning(
            f"Gatelight does not answer within {timeout:g} s with the data folder {places.data}: "
            "if it stays so, end it and start it again with `gatelight run`."
        ) from None
    except PermissionError:
        raise AgentNotRunning(
            f"What answers for the data folder {places.data} belongs to another user, so it is not believed: "
            "ask as the user who runs Gatelight there."
        ) from None
    except OSError:
        raise AgentNotRunning(
            f"Gatelight does not run with the data folder {places.data}: start it with `gatelight run`."
        ) from None
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise AgentNotRunning(
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
    """The named pipe on Windows for a data folder and this user."""
    from getpass import getuser
    from hashlib import sha256

    # Windows takes upper and lower case in paths and user names as the same.
    seed = f"{getuser() if user is None else user}\0{places.data}".casefold()
    return rf"\\.\pipe\gatelight-{sha256(seed.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
