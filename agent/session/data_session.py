"""A session whose client may be asked for contracts, prices and history, and what comes of each request."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from agent.core.data_test.seen import RequestNotice
from agent.core.effects import OpenSession
from agent.core.events import Event
from agent.session.ib import IbSession, SessionListener

_BID_ASK_LAST = frozenset({1, 2, 4})
_DELAYED_BID_ASK_LAST = frozenset({66, 67, 68})
_CLOSES = frozenset({9, 75})


class DataListener(SessionListener):
    """Hears the answers to requests besides."""

    MESSAGES = None

    def contractDetails(self, request_id: int, details: Any) -> None:
        """One contract that fits."""
        self._request(request_id).contracts.append(details.contract)

    def contractDetailsEnd(self, request_id: int) -> None:
        """All of them were told."""
        self._request(request_id).finish()

    def marketDataType(self, request_id: int, kind: int) -> None:
        """What the prices that follow are called."""
        self._request(request_id).told_type = kind

    def priceSizeTick(self, request_id: int, tick_type: int, price: float, _size: float) -> None:
        """A price."""
        self._request(request_id).price(tick_type, price)

    def tickSize(self, request_id: int, tick_type: int, size: float) -> None:
        """A size without a price; tells nothing here."""

    def historicalData(self, request_id: int, _bar: Any) -> None:
        """One bar."""
        self._request(request_id).bars += 1

    def historicalDataEnd(self, request_id: int, _start: str, _end: str) -> None:
        """All of them were told."""
        self._request(request_id).finish()

    def _request(self, request_id: int) -> "DataRequest":
        session = self._session
        assert isinstance(session, DataSession)
        return session.requests.get(request_id) or DataRequest(0.0)


class DataRequest:
    """One request, and what came of it so far."""

    def __init__(self, began: float) -> None:
        """`began` in monotonic seconds."""
        self.began = began
        self.contracts: list[Any] = []
        self.told_type: int | None = None
        self.priced = self.delayed_ticks = self.closed = False
        self.bars = 0
        self.answered = False
        self.notices: list[RequestNotice] = []
        self.over = asyncio.Event()
        self.is_refusal: Callable[[RequestNotice], bool] = lambda _: True
        """Whether a notice ends it."""

    def finish(self) -> None:
        """It was answered in full."""
        self.answered = True
        self.over.set()

    def price(self, tick_type: int, price: float) -> None:
        """Take in a price; -1 and 0 stand for none."""
        if price <= 0:
            return
        if tick_type in _BID_ASK_LAST | _DELAYED_BID_ASK_LAST:
            self.priced = True
            self.delayed_ticks = tick_type in _DELAYED_BID_ASK_LAST
            self.over.set()
        elif tick_type in _CLOSES:
            self.closed = True

    def notice(self, notice: RequestNotice) -> None:
        """Take in a notice about this request."""
        self.notices.append(notice)
        if self.is_refusal(notice):
            self.over.set()


class DataSession(IbSession):
    """A session whose client may be asked for data."""

    MOST_WAITING = sys.maxsize
    """What it emits is taken in at once."""

    def __init__(
        self,
        wish: OpenSession,
        emit: Callable[[Event], None],
        clock: Callable[[], float],
        sent: Callable[[], None],
    ) -> None:
        """See `IbSession`."""
        super().__init__(wish, emit, clock, listener=DataListener, sent=sent)
        self.requests: dict[int, DataRequest] = {}
        """Those that are open, by request ID."""

    @property
    def client(self) -> Any:
        """ib_async's client."""
        return self._client
