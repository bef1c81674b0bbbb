from dataclasses import replace

import pytest

from agent.app.greeting import FIRST_START, greeting
from agent.core.shown.display import TEXT_LIMIT, TITLE_LIMIT
from agent.core.shown.status import Status
from tests.core.shown.test_status import BARE, FULL, STATUS


def test_it_says_what_is_so_now_and_where_the_icon_is() -> None:
    healthy = replace(STATUS, connections=(replace(FULL, problems=(), label="Paper Gateway (paper)"),))

    assert greeting(healthy, page=True, system="linux").text == (
        "Paper Gateway (paper): connected. Gatelight’s icon is in the panel: a click on it opens its page."
    )


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
@pytest.mark.parametrize("page", [True, False])
def test_it_fits_into_a_notice(system: str, page: bool) -> None:
    many = tuple(replace(BARE, name=f"{'Long ' * 8}{number}") for number in range(20))
    notice = greeting(Status("0", 1, 0.0, many), page=page, system=system)

    assert notice.title == FIRST_START
    assert len(FIRST_START) <= TITLE_LIMIT
    assert len(notice.text) <= TEXT_LIMIT
    assert ("opens its page" in notice.text) is page
