"""Processes of this program's own: each does one piece of work that a stranger on the network could draw out.

What it is told comes on its standard input, where no other user can read it; what it found is its standard output.
"""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import agent


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What such a process has left when it has ended."""

    output: bytes
    late: bool = False
    """It took too long, and was ended."""
    status: int = 0
    """Its exit status."""


def own_command(word: str) -> tuple[str, ...]:
    """The command line of this program with one argument, as `agent.__main__` knows it."""
    packaged = getattr(sys, "frozen", False)
    return (sys.executable, word) if packaged else (sys.executable, "-m", "agent", word)


async def ask_own_process(command: Sequence[str], told: bytes, seconds: float, name: str) -> OwnAnswer:
    """What a process answers, which has ended when this returns; raises OSError where it cannot be started.

    A thread waits for the process: asyncio's own processes can hang when a loop ends while one of them starts.
    """
    process = _started(command)
    # Each process has its own thread: in a shared pool one stranger would wait for another.
    waiting = ThreadPoolExecutor(1, name)
    try:
        return await asyncio.get_running_loop().run_in_executor(waiting, _answer, process, told, seconds)
    finally:
        process.kill()
        waiting.shutdown(wait=False)


def _started(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # The process loads modules from where ours come from, not from the folder in which the agent was started.
        cwd=Path(agent.__file__).parents[1],
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _answer(process: "subprocess.Popen[bytes]", told: bytes, seconds: float) -> OwnAnswer:
    try:
        output = process.communicate(told, seconds)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return OwnAnswer(process.communicate()[0], late=True, status=process.returncode)
    return OwnAnswer(output, status=process.returncode)
