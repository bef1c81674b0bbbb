"""The log as a channel: it holds every notice, whichever channel took it."""

import logging

from agent.channels import ChannelKind, Delivered, Delivery, Place
from agent.core.problem import Severity
from agent.core.shown.display import Notice, ShowSteps

notices_logger = logging.getLogger("agent.notices")


class LogChannel:
    """Writes each notice as one line."""

    name = "log"

    async def announce(self, notice: Notice) -> Delivery:
        """See `Channel.announce`."""
        quiet = notice.over or notice.severity is Severity.INFO
        title, text = (" ".join(part.split()) for part in (notice.title, notice.text))
        line = f"{title}: {text}" if text else title
        notices_logger.log(logging.INFO if quiet else logging.WARNING, "%s", line, extra=_about(notice))
        return Delivered(self.name)

    async def withdraw(self, key: str) -> bool:
        """See `Channel.withdraw`: a line of the log stays."""
        return False


def _about(notice: Notice) -> dict[str, str]:
    """The connection and the problem that a notice is about, where it offers the steps against it."""
    steps = [offer.action for offer in notice.offers if isinstance(offer.action, ShowSteps)]
    return {"connection": steps[0].connection, "code": steps[0].code} if steps else {}


CHANNEL = ChannelKind(lambda _, __: LogChannel(), Place.FALLBACK)
