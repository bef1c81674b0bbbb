"""What the user is told at the first start on a desktop: what Gatelight does, and where its icon is."""

import sys

from agent.core.problem import Severity
from agent.core.shown.display import TEXT_LIMIT, MenuEntry, Notice, OpenPage
from agent.core.shown.status import Status
from agent.core.text import shortened

FIRST_START = "Gatelight watches from here"
_PLACES = {
    "win32": "at the right end of the taskbar, perhaps behind the arrow",
    "darwin": "in the menu bar",
}


def greeting(status: Status, *, page: bool, system: str = sys.platform) -> Notice:
    """The notice. `page`: a click on the icon opens the page; without one its menu tells all."""
    names = [c.called for c in status.connections]
    named = " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part) if names else "TWS and IB Gateway"
    click = "a click on it opens its page" if page else "its menu tells what is wrong and what to do"
    rest = f"It tells you when a link is lost, and why. Its icon is {_PLACES.get(system, 'in the panel')}: {click}."
    text = f"{shortened(f'Gatelight watches {named}', TEXT_LIMIT - len(rest) - 2)}. {rest}"
    offers = (MenuEntry("Open Gatelight page", OpenPage()),) if page else ()
    return Notice("gatelight/first-start", Severity.INFO, FIRST_START, text, offers=offers)
