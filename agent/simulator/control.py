"""Orders to a running simulator over a local socket: one JSON object per line, and one line back for each.

The answer to `{"do": "fault", "name": "silent"}` is `{"ok": true, …}` or `{"ok": false, "error": "one sentence"}`.
The socket is a Unix socket that only its owner can open. asyncio has none on Windows: there it is a loopback port, and
a file at the same path holds its number and a token.
"""

import asyncio
import contextlib
import hmac
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agent.errors import GatelightError, UsageError
from agent.platforms.files import reason_of
from agent.simulator.configuration import configuration_of
from agent.simulator.surroundings import LOOPBACK
from agent.simulator.world import SimulatedApplication

LONGEST_ORDER = 1 << 16
"""Bytes of one line."""

_ANSWER_TIMEOUT = 30.0
"""Seconds an order may take; the longest is a restart."""

HAS_UNIX_SOCKETS = sys.platform != "win32"


async def perform(application: SimulatedApplication, order: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out one order. ValueError or GatelightError, in one sentence, where that fails."""
    match order.get("do"):
        case "fault":
            await application.fault(str(order.get("name")), order.get("value"))
        case "heal":
            await application.heal(order.get("name"))
        case "notify":
            await application.notify(int(order["code"]), order.get("text"))
        case "log-in":
            await application.log_in()
        case "log-out":
            await application.log_out()
        case "restart":
            await application.restart(order.get("port"), bool(order.get("marked", True)))
        case "kill":
            await application.kill()
        case "configure":
            await application.configure(configuration_of(order["changes"]))
        case "configuration":
            return {"configuration": (await application.configuration()).to_json()}
        case "counters":
            counters = await application.counters()
            return {"connections_accepted": counters.connections_accepted, "received": dict(counters.received)}
        case "state":
            pass
        case other:
            raise ValueError(f"There is no order {other!r}")
    return {
        "pid": application.pid if application.running else 0,
        "port": application.port,
        "faults": dict(application.faults),
    }


@asynccontextmanager
async def control_socket(
    path: Path, application: SimulatedApplication, *, unix: bool = HAS_UNIX_SOCKETS
) -> AsyncIterator[None]:
    """Take orders for the application at `path` until the block ends."""
    token = "" if unix else secrets.token_hex(16)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if token and not hmac.compare_digest((await reader.readline()).strip(), token.encode()):
                return
            while line := await reader.readline():
                writer.write(json.dumps(await _answer(application, line)).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            # The line is too long, or the other side has gone: no answer is possible.
            pass
        finally:
            writer.close()

    server = await _open(path, serve, token)
    try:
        yield
    finally:
        server.close()
        _remove(path)


async def ask_simulator(path: Path, **order: Any) -> dict[str, Any]:
    """Give one order to the simulator that listens at `path`. ValueError where it refuses."""
    try:
        async with asyncio.timeout(_ANSWER_TIMEOUT):
            reader, writer = await _connect(path)
            try:
                writer.write(json.dumps(order).encode() + b"\n")
                line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError) as error:
        raise UsageError(f"No simulator listens at {path}; start one with --control {path}.") from error
    if not line:
        raise UsageError(f"The simulator at {path} ended before it answered.")
    answer: dict[str, Any] = json.loads(line)
    if not answer["ok"]:
        raise ValueError(answer["error"])
    return answer


async def _answer(application: SimulatedApplication, line: bytes) -> dict[str, Any]:
    try:
        order = json.loads(line)
        if not isinstance(order, dict):
            raise ValueError("An order is a JSON object")
        return {"ok": True, **await perform(application, order)}
    except json.JSONDecodeError:
        return {"ok": False, "error": "An order is one line of JSON"}
    except KeyError as error:
        return {"ok": False, "error": f"The order lacks {error.args[0]!r}"}
    except (ValueError, TypeError, GatelightError) as error:
        return {"ok": False, "error": str(error)}


async def _open(path: Path, serve: Any, token: str) -> asyncio.Server:
    if token:
        server = await asyncio.start_server(serve, LOOPBACK, 0, limit=LONGEST_ORDER)
        port = server.sockets[0].getsockname()[1]
        _write_private(path, f"{port} {token}\n")
        return server
    # The socket file of a killed simulator would make the bind fail.
    await _refuse_where_answered(path)
    before = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(serve, str(path), limit=LONGEST_ORDER)
    except OSError as error:
        raise UsageError(
            f"No control socket can be made at {path} ({reason_of(error)}): choose another place with --control."
        ) from error
    finally:
        os.umask(before)


async def _refuse_where_answered(path: Path) -> None:
    if not _is_socket(path):
        return
    try:
        _, writer = await asyncio.open_unix_connection(str(path))
    except OSError:
        _remove(path)
        return
    writer.close()
    raise UsageError(f"Another simulator listens at {path}; choose another place with --control.")


async def _connect(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if _is_socket(path):
        return await asyncio.open_unix_connection(str(path), limit=LONGEST_ORDER)
    port, _, token = _read(path).partition(" ")
    reader, writer = await asyncio.open_connection(LOOPBACK, int(port), limit=LONGEST_ORDER)
    writer.write(token.strip().encode() + b"\n")
    return reader, writer


def _is_socket(path: Path) -> bool:
    return path.is_socket()


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii")


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
