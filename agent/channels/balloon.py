"""The balloon of the agent's own icon: the last channel of the chain on Windows."""

import asyncio
from collections.abc import Callable

from agent.channels import ChannelKind, Delivered, Delivery, NotDelivered, Place
from agent.channels.texts import message_text, message_title
from agent.core.shown.display import Action, Notice


class BalloonChannel:
    """Shows a notice at the icon. It cannot be taken back; the next notice replaces it."""

    name = "the icon’s balloon"

    def __init__(self, balloon: Callable[[str, str, Action | None], bool]) -> None:
        """`balloon` shows title and text and does the action on a click. It returns whether it could, and may block."""
        self._balloon = balloon

    async def announce(self, notice: Notice) -> Delivery:
        """See `Channel.announce`."""
        click = notice.offers[0].action if notice.offers else None
        if await asyncio.to_thread(self._balloon, message_title(notice), message_text(notice), click):
            return Delivered(self.name)
        return NotDelivered("there is no icon that could show one")

    async def withdraw(self, key: str) -> bool:
        """See `Channel.withdraw`."""
        return False


CHANNEL = ChannelKind(
    lambda _, host: BalloonChannel(host.balloon) if host.balloon else None, Place.DESKTOP, keys=("desktop",)
)
