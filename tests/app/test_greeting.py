from dataclasses import replace

import pytest

from agent.app.greeting import FIRST_START, greeting
from agent.channels.texts import manner_of
from agent.core.shown.display import TEXT_LIMIT, TITLE_LIMIT
from agent.core.shown.status import Status
from tests.core.shown.test_status import BARE, FULL, STATUS


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ((), "TWS and IB Gateway"),
        (("TWS (live)",), "TWS (live)"),
        (("TWS (live)", "VPS", "Home"), "TWS (live), VPS and Home"),
        (tuple(f"gw-{n:03}" for n in range(100)), "100 connections"),
    ],
)
def test_it_says_what_it_does_and_where_the_icon_is(names: tuple[str, ...], told: str) -> None:
    watched = replace(STATUS, connections=tuple(replace(FULL, label=name) for name in names))

    # Nothing in it stops being true while it is on the screen.
    assert greeting(watched, page=True, system="linux").text == (
        f"Gatelight watches {told}. It tells you when a link is lost, and why. "
        "Its icon is in the panel: a click on it opens its page."
    )


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
@pytest.mark.parametrize("page", [True, False])
def test_it_fits_into_a_notice(system: str, page: bool) -> None:
    many = tuple(replace(BARE, name=f"{'Long ' * 8}{number}") for number in range(3))
    notice = greeting(Status("0", 1, 0.0, many), page=page, system=system)

    assert notice.title == FIRST_START
    # It is said only once.
    assert manner_of(notice).seconds == 0
    assert len(FIRST_START) <= TITLE_LIMIT
    assert len(notice.text) <= TEXT_LIMIT
    assert ("opens its page" in notice.text) is page
