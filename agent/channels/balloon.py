"""The balloon of the agent's own icon: the last link of the chain on Windows."""

import asyncio
from collections.abc import Callable

from agent.channels import Channel, ChannelHost, ChannelKind, Delivered, Delivery, NotDelivered, Place
from agent.channels.texts import message_text, message_title
from agent.core.settings import NotificationSettings
from agent.core.shown.display import Action, Notice


class BalloonChannel:
    """Shows a notice at the icon; it cannot be taken back, and the next one takes its place."""

    def __init__(self, balloon: Callable[[str, str, Action | None], bool]) -> None:
        """`balloon` shows title and text, asks for the action when clicked, and says whether it could; may block."""
        self._balloon = balloon

    @property
    def name(self) -> str:
        """See `Channel.name`."""
        return "the icon's balloon"

    async def announce(self, notice: Notice) -> Delivery:
        """See `Channel.announce`."""
        click = notice.offers[0].action if notice.offers else None
        if await asyncio.to_thread(self._balloon, message_title(notice), message_text(notice), click):
            return Delivered(self.name)
        return NotDelivered("there is no icon that could show one")

    async def withdraw(self, key: str) -> None:
        """See `Channel.withdraw`."""


def _make(_: NotificationSettings, host: ChannelHost) -> Channel | None:
    return BalloonChannel(host.balloon) if host.balloon is not None else None


CHANNEL = ChannelKind(_make, Place.DESKTOP, keys=("desktop",))
