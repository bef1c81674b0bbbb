"""The bundle as the page asks for it."""

import pytest

from agent.page.backend import Refused
from agent.page.endpoints.bundle import make_bundle
from tests.page.made_up_backend import MadeUpBackend


async def test_it_is_made_when_it_is_asked_for() -> None:
    backend = MadeUpBackend()

    assert await make_bundle(backend, {}) == {"name": "b.zip", "files": [], "archive": ""}
    assert backend.asked == ["bundle"]


async def test_what_goes_wrong_is_one_sentence() -> None:
    with pytest.raises(Refused) as no:
        await make_bundle(MadeUpBackend(unreadable="It could not be made."), {})

    assert (str(no.value), no.value.status) == ("It could not be made.", 409)
