"""Lets somebody in the program itself hear every notice, as the demonstration and a terminal do."""

from collections.abc import Callable

from agent.channels import Channel, ChannelHost, ChannelKind, Delivered, Delivery, Place
from agent.core.settings import NotificationSettings
from agent.core.shown.display import Notice


class ListenerChannel:
    """A channel that takes nothing away from the others and lets somebody listen."""

    name = "listener"

    def __init__(self, on_notice: Callable[[Notice], None]) -> None:
        self._on_notice = on_notice

    async def announce(self, notice: Notice) -> Delivery:
        """Let it be heard."""
        self._on_notice(notice)
        return Delivered(self.name)

    async def withdraw(self, key: str) -> None:
        """Nothing to take back."""


def _make(_: NotificationSettings, host: ChannelHost) -> Channel | None:
    return None if host.on_notice is None else ListenerChannel(host.on_notice)


CHANNEL = ChannelKind(_make, Place.ALWAYS)
