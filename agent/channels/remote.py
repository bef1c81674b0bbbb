"""Notices to somewhere else than this desktop, through Apprise: for who is away from the computer.

Apprise is an extra: it is imported with the first notice, since it is as large as half of the agent.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from agent.channels import Delivered, Delivery, NotDelivered
from agent.core.display import Notice
from agent.core.problem import Severity

log = logging.getLogger(__name__)

MISSING = "Apprise is not installed: install Gatelight with its extra, `pip install 'gatelight[remote]'`"
_TYPES = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.ERROR: "failure"}


class RemoteChannel:
    """Services named by Apprise URLs; told besides the desktop, not instead of it."""

    def __init__(self, urls: Sequence[str]) -> None:
        """`urls` may hold passwords and tokens: they are never logged."""
        self._urls = tuple(urls)
        self._services: Any = None

    @property
    def name(self) -> str:
        """See `Channel.name`."""
        return "remote notices"

    async def announce(self, notice: Notice) -> Delivery:
        """See `Channel.announce`."""
        try:
            services = await asyncio.to_thread(self._open)
        except ImportError:
            return NotDelivered(MISSING)
        if not len(services):
            return NotDelivered("none of the addresses in notifications.remote is one that Apprise knows")
        steps = "".join(f"\n{number}. {step}" for number, step in enumerate(notice.steps, 1))
        kind = "success" if notice.over else _TYPES[notice.severity]
        taken = await services.async_notify(
            title=notice.title, body=notice.text + steps, notify_type=kind, body_format="text"
        )
        return Delivered(self.name) if taken else NotDelivered("a service did not take it")

    async def withdraw(self, key: str) -> None:
        """See `Channel.withdraw`; what was sent away stays sent."""

    def _open(self) -> Any:
        if self._services is None:
            import apprise

            # It writes whole addresses into the log, passwords included.
            logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
            services = apprise.Apprise()
            for number, url in enumerate(self._urls, 1):
                if not services.add(url):
                    log.warning("address %d of notifications.remote is not one that Apprise knows", number)
            self._services = services
        return self._services
