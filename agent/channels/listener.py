"""Passes every notice to a callback; the demo and the terminal use it."""

from collections.abc import Callable

from agent.channels import ChannelKind, Delivered, Delivery, Place
from agent.core.shown.display import Notice


class ListenerChannel:
    """Calls a function with every notice, besides the other channels."""

    name = "listener"

    def __init__(self, on_notice: Callable[[Notice], None]) -> None:
        self._on_notice = on_notice

    async def announce(self, notice: Notice) -> Delivery:
        """See `Channel.announce`."""
        self._on_notice(notice)
        return Delivered(self.name)

    async def withdraw(self, key: str) -> bool:
        """See `Channel.withdraw`: there is nothing to take back."""
        return False


CHANNEL = ChannelKind(lambda _, host: ListenerChannel(host.on_notice) if host.on_notice else None, Place.ALWAYS)
