"""ib_async's client, with messages handed to it one by one, and a report of each message that it sends."""

import logging
from asyncio import BaseTransport
from collections.abc import Callable
from typing import Any

from ib_async.client import Client

from agent.session.inflow import Inflow

logger = logging.getLogger(__name__)


class CountingClient(Client):
    """ib_async's client. It reports a message when it really leaves, because the throttle may hold messages back.

    What arrives goes through `inflow`, which hands it back message by message.
    """

    inflow: Inflow

    def __init__(self, listener: Any, sent: Callable[[], None]) -> None:
        super().__init__(listener)  # type: ignore[no-untyped-call]
        self._sent = sent
        self.ends: tuple[str, str] | None = None
        """Our address and the other end's, once there was a connection; kept when it is gone."""
        # ib_async takes no notice of a connection that is made, only of one that is lost.
        conn: Any = self.conn
        conn.connection_made = self._connection_made

    def _connection_made(self, transport: BaseTransport) -> None:
        ours, theirs = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        if ours and theirs:
            self.ends = ours[0], theirs[0]

    def _onSocketHasData(self, data: bytes) -> None:
        self.inflow.arrived(data, self.conn.transport)

    def read(self, message: bytes) -> None:
        """Decode one message that begins with its length."""
        try:
            super()._onSocketHasData(message)  # type: ignore[no-untyped-call]
        except Exception as fault:
            self._data = b""
            logger.debug("a message could not be read (%s)", type(fault).__name__)

    def sendMsg(self, msg: str) -> None:
        """Send a message, and those that the throttle lets through with it."""
        before = self.conn.numMsgSent
        super().sendMsg(msg)
        for _ in range(self.conn.numMsgSent - before):
            self._sent()
