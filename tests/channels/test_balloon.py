"""The balloon of the agent's own icon."""

import types

from agent.channels import Delivered, NotDelivered
from agent.channels.balloon import BalloonChannel
from agent.core.problem import Severity
from agent.core.shown.display import Action, MenuEntry, Notice, ShowSteps

STEPS = ShowSteps("Paper", "api-silent")
NOTICE = Notice(
    "paper/api-silent",
    Severity.ERROR,
    "TWS does not answer",
    "A dialog may be open.",
    offers=(MenuEntry("Show steps", STEPS),),
)


async def test_a_balloon_counts_only_if_the_icon_showed_it() -> None:
    shown: list[tuple[str, str, Action | None]] = []
    icon = types.SimpleNamespace(there=True)

    def balloon(title: str, text: str, click: Action | None) -> bool:
        shown.append((title, text, click))
        return bool(icon.there)

    first = await BalloonChannel(balloon).announce(NOTICE)
    icon.there = False
    second = await BalloonChannel(balloon).announce(Notice("k", Severity.INFO, "Title", "Text"))

    assert first == Delivered("the icon’s balloon")
    assert second == NotDelivered("there is no icon that could show one")
    assert shown == [("TWS does not answer", "A dialog may be open.", STEPS), ("Title", "Text", None)]
