"""History: how every connection was in the last days, read while the page shows it."""

from collections.abc import Mapping
from typing import Any

from agent.errors import GatelightError
from agent.page.backend import Answer, Backend, Endpoint, Refused

DAYS = ("1", "7", "30", "90")
"""How many days can be asked for; `view_history.js` offers them."""


async def read_history(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """What is kept of the last days; with `whole` every outage, and not only the latest."""
    days = asked.get("days")
    if days not in DAYS:
        raise Refused(f"“days” must be one of {', '.join(DAYS)}.")
    try:
        return await backend.history(int(days), whole="whole" in asked)
    except GatelightError as fault:
        raise Refused(str(fault), 409) from None


ENDPOINTS = (Endpoint("GET", "history", read_history),)
