"""Sends a command to IBC's command server on this machine: one line out, one answer back.

IBC (CommandServer.java, CommandDispatcher.java) takes lines of text, and answers with lines that begin with OK, ERROR
or INFO, perhaps after a prompt. A command is sent only once: IBC may have taken it although no answer came.
"""

import asyncio
import contextlib
import re

from agent.core.fix import CommandAnswer
from agent.tws.outside import clean
from agent.tws.privacy import redact

HOST = "127.0.0.1"
WITHIN = 3.0
"""Seconds for the whole exchange."""
_LONGEST_LINE = 4_096
"""Bytes of one line of an answer."""
MOST_LINES = 100
"""Lines that are read at most; INFO lines and prompts come before an answer."""

_ANSWER = re.compile(r"(?<!\w)(OK|ERROR|INFO)(?!\w)[:\s]*(.*)")
_LONGEST_QUOTE = 200
"""Characters of an answer that are quoted."""


async def send_command(port: int, command: str, *, within: float = WITHIN) -> CommandAnswer:
    """Send one command to the command server on a port of this machine."""
    sent = False
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(within):
            reader, writer = await asyncio.open_connection(HOST, port, limit=_LONGEST_LINE)
            sent = True
            writer.write(f"{command}\n".encode("ascii"))
            answer = await _answer(reader)
            writer.write(b"EXIT\n")
            return answer
    except TimeoutError:
        if sent:
            return CommandAnswer(False, f"it did not answer within {within:g} s, and may still carry it out")
        return CommandAnswer(False, f"its command server did not accept the connection within {within:g} s")
    except ConnectionRefusedError:
        return CommandAnswer(False, f"nothing listens on port {port} of this computer any more")
    except ValueError:
        return CommandAnswer(False, "the answer on its port is not that of a command server")
    except OSError as error:
        return CommandAnswer(
            False, f"the connection to its command server broke ({error.strerror or 'no reason given'})"
        )
    finally:
        if writer is not None:
            writer.close()
            # After a reset, closing only raises an error.
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(0.2):
                    await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> CommandAnswer:
    for _ in range(MOST_LINES):
        # ValueError: a line without an end.
        line = await reader.readline()
        if not line:
            return CommandAnswer(False, "it closed the connection without an answer")
        found = _ANSWER.search(line.decode("utf-8", errors="replace"))
        if found is not None and found[1] != "INFO":
            return CommandAnswer(found[1] == "OK", _plain(found[2]) or found[1])
    return CommandAnswer(False, "it sent line after line, and none of them was an answer")


def _plain(text: str) -> str:
    return redact(clean(text, _LONGEST_QUOTE)).rstrip(".")
