"""Runs on the Windows Python: tries the control channel's pipe and reports what came of each try as JSON.

Argument: a data folder. Wine has one user only, so a pipe of another user is one that was given to another owner.
"""

import _winapi
import asyncio
import ctypes
import json
import sys
import threading
from typing import Any

from agent.errors import GatelightError
from agent.runtime.control import pipe_rights, pipe_server
from agent.runtime.control.channel import ControlServer, pipe_name, request
from agent.runtime.paths import Places, find_places

assert sys.platform == "win32"

ANOTHER_USER = "S-1-5-21-1111-2222-3333-1001"
_ASKING = {"command": "page"}
_TO_ALL = f"O:{ANOTHER_USER}D:(A;;GA;;;WD)"


def premade(name: str, description: str) -> int:
    """A pipe of this name that was there before."""
    rights = pipe_rights.Rights(description)
    return _winapi.CreateNamedPipe(
        name,
        _winapi.PIPE_ACCESS_DUPLEX,
        _winapi.PIPE_TYPE_MESSAGE | _winapi.PIPE_READMODE_MESSAGE,
        _winapi.PIPE_UNLIMITED_INSTANCES,
        1 << 16,
        1 << 16,
        0,
        rights.address,
    )


def meet(pipe: int) -> None:
    """Wait for a client; one may be there already (ERROR_PIPE_CONNECTED)."""
    try:
        _winapi.ConnectNamedPipe(pipe)
    except OSError as failure:
        if failure.winerror != 535:
            raise


def said(ask: Any) -> str:
    """What a call answers, or its sentence."""
    try:
        return str(ask())
    except GatelightError as refusal:
        return str(refusal)


def hostile_server(places: Places) -> dict[str, Any]:
    """A client asks a pipe that belongs to another user and has an answer ready."""
    pipe = premade(pipe_name(places), _TO_ALL)
    heard: list[Any] = []

    def serve() -> None:
        meet(pipe)
        try:
            heard.append(_winapi.ReadFile(pipe, 1 << 16)[0].decode())
            _winapi.WriteFile(pipe, b'{"url": "http://127.0.0.1:1/of-another-user"}\n')
        except OSError:
            pass

    server = threading.Thread(target=serve)
    server.start()
    answer = said(lambda: request(places, _ASKING))
    server.join(10)
    _winapi.CloseHandle(pipe)
    return {"answer": answer, "heard": heard}


async def name_taken(places: Places) -> str:
    """An agent starts where a pipe of its name is there already."""
    pipe = premade(pipe_name(places), _TO_ALL)
    server = ControlServer(places, _answer)
    try:
        await server.start()
    except GatelightError as refusal:
        return str(refusal)
    finally:
        _winapi.CloseHandle(pipe)
    await server.close()
    return "it started"


async def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    return {"asked": asked}


async def conversation(places: Places) -> dict[str, Any]:
    """An agent, and its clients, one after the other and together; twice."""
    found = []
    for _ in range(2):
        server = ControlServer(places, _answer)
        await server.start()
        asks = [asyncio.to_thread(said, lambda: request(places, _ASKING)) for _ in range(12)]
        found += await asyncio.gather(*asks)
        await server.close()
    gone = await asyncio.to_thread(said, lambda: request(places, _ASKING))
    return {"answers": sorted(set(found)), "gone": gone}


async def rights(name: str) -> dict[str, Any]:
    """Whose a pipe of ours is, and what its rights are."""
    seen: dict[str, Any] = {}
    server = pipe_server.PipeServer(name, asyncio.Protocol)

    def look() -> None:
        handle = _winapi.CreateFile(
            name, _winapi.GENERIC_READ | _winapi.GENERIC_WRITE, 0, 0, _winapi.OPEN_EXISTING, 0, 0
        )
        seen["ours"] = pipe_rights.pipe_owner(handle) == pipe_rights.this_user()
        seen["rights"] = described(handle).replace(pipe_rights.this_user(), "USER")
        _winapi.CloseHandle(handle)

    await asyncio.to_thread(look)
    server.close()
    return seen


def described(handle: int) -> str:
    """Owner and rights of an open pipe in Microsoft's language."""
    advapi = ctypes.WinDLL("advapi32")
    descriptor, text = ctypes.c_void_p(), ctypes.c_wchar_p()
    advapi.GetSecurityInfo.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_ulong, *[ctypes.c_void_p] * 5]
    failure = advapi.GetSecurityInfo(handle, 6, 5, None, None, None, None, ctypes.byref(descriptor))
    advapi.ConvertSecurityDescriptorToStringSecurityDescriptorW.argtypes = [
        ctypes.c_void_p,
        ctypes.c_ulong,
        ctypes.c_ulong,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    done = advapi.ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, 1, 5, ctypes.byref(text), None)
    return str(text.value) if done else f"unknown ({failure})"


def client_flags(places: Places) -> int:
    """The flags a client opens the pipe with. What they allow a server is not tried: Wine 8 does not heed them."""
    flags: list[int] = []
    create = _winapi.CreateFile

    def recorded(*arguments: Any) -> int:
        flags.append(arguments[5])
        return create(*arguments)

    _winapi.CreateFile = recorded
    said(lambda: request(places, _ASKING))
    _winapi.CreateFile = create
    return flags[0]


def main() -> None:
    places = find_places(data_dir=sys.argv[1], environ={})
    report = {
        "hostile": hostile_server(places),
        "taken": asyncio.run(name_taken(places)),
        "conversation": asyncio.run(conversation(places)),
        "rights": asyncio.run(rights(pipe_name(places))),
        "flags": client_flags(places),
    }
    print(json.dumps(report), flush=True)  # noqa: T201 - read by the test


if __name__ == "__main__":
    main()
