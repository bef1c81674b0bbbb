"""The diagnostics bundle: listed and shown on the page before the user takes it. Nothing is written here."""

from collections.abc import Mapping
from typing import Any

from agent.errors import GatelightError
from agent.page.backend import Answer, Backend, Endpoint, Refused


async def make_bundle(backend: Backend, _: Mapping[str, Any]) -> Answer:
    """The files of a bundle, and the archive with them in Base64."""
    try:
        return await backend.bundle()
    except GatelightError as fault:
        raise Refused(str(fault), 409) from None


ENDPOINTS = (Endpoint("POST", "bundle", make_bundle, seconds=150.0),)
