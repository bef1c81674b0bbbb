"""The history as the page asks for it: so many days of it, and one sentence where it cannot be read."""

import pytest

from agent.page.backend import Refused
from agent.page.endpoints.history import DAYS, read_history
from tests.page.made_up_backend import MadeUpBackend


@pytest.mark.parametrize("days", DAYS)
async def test_the_days_that_the_page_offers_are_read(days: str) -> None:
    backend = MadeUpBackend()

    assert await read_history(backend, {"days": days}) == {"connections": []}
    assert await read_history(backend, {"days": days, "whole": "yes"}) == {"connections": []}
    assert backend.asked == [f"history of {days} days", f"history of {days} days, whole"]


@pytest.mark.parametrize("days", ["", "0", "2", "-1", "1e9", "seven", None, 7])
async def test_no_other_number_of_days_is(days: object) -> None:
    backend = MadeUpBackend()
    with pytest.raises(Refused) as no:
        await read_history(backend, {"days": days})

    assert str(no.value) == "“days” must be one of 1, 7, 30, 90."
    assert backend.asked == []


async def test_what_cannot_be_read_is_refused_in_one_sentence() -> None:
    backend = MadeUpBackend(unreadable="The history was written by a later version of Gatelight.")
    with pytest.raises(Refused) as no:
        await read_history(backend, {"days": "7"})

    assert str(no.value) == "The history was written by a later version of Gatelight."
    assert no.value.status == 409
