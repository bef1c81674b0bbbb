"""A trading program of the user's: a process with its name, in which a real ib_async client connects and stays.

Arguments: the port, the client ID.
"""

import asyncio
import os
import site
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ib_async import IB

from tests.commands import ROOT


@asynccontextmanager
async def trading_program(folder: Path, port: int, client_id: int, name: str = "quantower") -> AsyncIterator[int]:
    """The program of that name, connected; yields its process ID."""
    program = folder / name
    program.symlink_to(os.path.realpath(sys.executable))  # noqa: ASYNC240 - it returns at once
    paths = os.pathsep.join([str(ROOT), *site.getsitepackages()])
    process = await asyncio.create_subprocess_exec(
        program,
        "-m",
        "tests.trading_program",
        str(port),
        str(client_id),
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"connected\n"
        yield process.pid
    finally:
        process.kill()
        await process.wait()
        program.unlink()


async def main(port: int, client_id: int) -> None:
    """Connect, say so, and stay."""
    await IB().connectAsync("127.0.0.1", port, clientId=client_id)
    sys.stdout.write("connected\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*(int(argument) for argument in sys.argv[1:])))
