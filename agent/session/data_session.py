"""A session that can ask for contracts, prices and history, and the result of each request."""

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
    """Also takes the answers to requests for data."""

    MESSAGES = None

    def contractDetails(self, request_id: int, details: Any) -> None:
        """A contract that fits."""
        self._request(request_id).contracts.append(details.contract)

    def contractDetailsEnd(self, request_id: int) -> None:
        """There are no more contracts."""
        self._request(request_id).finish()

    def marketDataType(self, request_id: int, kind: int) -> None:
        """The market data type of the prices that follow."""
        self._request(request_id).told_type = kind

    def priceSizeTick(self, request_id: int, tick_type: int, price: float, _size: float) -> None:
        """A price."""
        self._request(request_id).price(tick_type, price)

    def tickSize(self, request_id: int, tick_type: int, size: float) -> None:
        """A size without a price, which is not used."""

    def historicalData(self, request_id: int, _bar: Any) -> None:
        """A bar."""
        self._request(request_id).bars += 1

    def historicalDataEnd(self, request_id: int, _start: str, _end: str) -> None:
        """There are no more bars."""
        self._request(request_id).finish()

    def _request(self, request_id: int) -> "DataRequest":
        session = self._session
        assert isinstance(session, DataSession)
        return session.requests.get(request_id) or DataRequest(0.0)


class DataRequest:
    """A request, and its result so far."""

    def __init__(self, began: float) -> None:
        """`began`: monotonic seconds."""
        self.began = began
        self.contracts: list[Any] = []
        self.told_type: int | None = None
        self.priced = self.delayed_ticks = self.closed = False
        self.bars = 0
        self.answered = False
        self.notices: list[RequestNotice] = []
        self.over = asyncio.Event()
        self.is_refusal: Callable[[RequestNotice], bool] = lambda _: True
        """Whether a notice ends the request."""

    def finish(self) -> None:
        """The request was answered in full."""
        self.answered = True
        self.over.set()

    def price(self, tick_type: int, price: float) -> None:
        """Take in a price; -1 and 0 mean that there is none."""
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
    """A session that can ask for data."""

    MOST_WAITING = sys.maxsize
    """Events are taken in at once, so none ever waits."""

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
        """The open requests, by request ID."""

    @property
    def client(self) -> Any:
        """ib_async's client."""
        return self._client
