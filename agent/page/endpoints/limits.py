"""Limits: what IB allows and what is in use, asked for while the page shows it."""

from collections.abc import Mapping
from typing import Any

from agent.page.desk import Answer, Desk, Endpoint


async def read(desk: Desk, _: Mapping[str, Any]) -> Answer:
    """The limits of every connection."""
    return {"connections": list(desk.limits())}


ENDPOINTS = (Endpoint("GET", "limits", read),)
