"""One small file from the web, fetched in a process of its own, `agent.runtime.fetcher`: the agent loads none of it."""

from agent.platforms.own_process import ask_own_process, own_command
from agent.tws.outside import clean

FETCH = "fetch-file"
"""The argument with which this program runs as a fetcher; only the agent uses it, not the user."""
FETCH_SECONDS = 15.0
"""Seconds that a server has for the whole of it."""
MOST_FETCHED = 64 << 10
"""Bytes of the file that are fetched at most."""
_GRACE = 3.0
"""Seconds that the process may take besides, to start."""


async def fetch(address: str, seconds: float = FETCH_SECONDS) -> bytes:
    """The file at an https address. Raises OSError, whose text says in words for the log why there is none."""
    told = await ask_own_process(own_command(FETCH), f"{address} {seconds:g}\n".encode(), seconds + _GRACE, "fetching")
    if told.status == 0 and not told.late:
        return told.output
    raise OSError(clean(told.output.decode("utf-8", "replace")) or "no answer came in time")
