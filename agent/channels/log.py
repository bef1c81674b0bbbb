"""The log as a channel: it holds every notice, whichever channel took it."""

import logging

from agent.channels import ChannelKind, Delivered, Delivery, Place
from agent.core.problem import Severity
from agent.core.shown.display import Notice

notices_logger = logging.getLogger("agent.notices")


class LogChannel:
    """Writes each notice as one line."""

    name = "log"

    async def announce(self, notice: Notice) -> Delivery:
        """See `Channel.announce`."""
        quiet = notice.over or notice.severity is Severity.INFO
        title, text = (" ".join(part.split()) for part in (notice.title, notice.text))
        notices_logger.log(logging.INFO if quiet else logging.WARNING, "%s", f"{title}: {text}" if text else title)
        return Delivered(self.name)

    async def withdraw(self, key: str) -> None:
        """See `Channel.withdraw`: a line of the log stays."""


CHANNEL = ChannelKind(lambda _, __: LogChannel(), Place.FALLBACK)
