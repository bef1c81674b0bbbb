"""Limits: what IB allows and what is in use, asked for while the page shows it."""

from collections.abc import Mapping
from typing import Any

from agent.page.backend import Answer, Backend, Endpoint


async def read_limits(backend: Backend, _: Mapping[str, Any]) -> Answer:
    """The limits of every connection, and what relays count."""
    return {"connections": list(backend.limits()), "relays": await backend.relays()}


ENDPOINTS = (Endpoint("GET", "limits", read_limits),)
