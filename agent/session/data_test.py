"""The market data self-test over a short session of its own: asks for a few symbols, records the answers, and leaves.

A session of its own, because requests may be refused, and three violations end a session: the main one is not at risk,
and does not get the notices of the test. The session has an unused client ID and at most one market data line for each
symbol, gives each line back, and ends within its time limits. It asks only for contracts, quotes and one daily bar.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

# Answers are made of the second: it is loaded with the test, so that none of them waits for it.
from ib_async.contract import Contract
from ib_async.objects import BarData as BarData

from agent.core.data_test.run import MOST_SYMBOLS, DataTestPlan
from agent.core.data_test.seen import (
    LIVE_OR_FROZEN,
    WHATEVER_THERE_IS,
    DataTest,
    Definition,
    History,
    Quote,
    RequestNotice,
    SymbolSeen,
)
from agent.core.data_test.verdict import DELAYED_TYPES, PARTS, DataState, refusal_of
from agent.core.effects import OpenSession
from agent.core.events import Event, NoticeArrived, SessionFailed, SessionLost, SessionReady
from agent.core.session_facts import Outcome
from agent.core.state_machine.session import LINK_BACK_CODES, LINK_LOST_CODES
from agent.session.data_session import DataRequest, DataSession
from agent.tws.farms import Farm
from agent.tws.notices import farm_of
from agent.tws.symbol import Instrument, SecurityType

_ATTEMPTS = 2
"""Client IDs that are tried."""
_BAR, _DURATION = "1 day", "1 D"
"""One daily bar: it exists at any hour, and bars of this size do not count as pacing (`tws.limits`)."""


class DataTester:
    """One run of the self-test."""

    def __init__(
        self,
        plan: DataTestPlan,
        clock: Callable[[], float],
        wall: Callable[[], float],
        *,
        report: Callable[[DataTest], None] = lambda _: None,
        sent: Callable[[], None] = lambda: None,
    ) -> None:
        """`clock` gives monotonic, `wall` epoch seconds; `report` is called at each step, `sent` at each message."""
        if not plan.client_ids or min(plan.client_ids) <= 0:
            raise ValueError("the self-test needs a client ID above 0: with 0 it would adopt manual orders")
        if not 1 <= len(plan.instruments) <= MOST_SYMBOLS:
            raise ValueError(f"the self-test takes 1 to {MOST_SYMBOLS} symbols")
        self._plan = plan
        self._clock = clock
        self._wall = wall
        self._report = report
        self._heard_of = sent
        self._session: DataSession | None = None
        self._verdict: asyncio.Future[SessionReady | SessionFailed] | None = None
        self._lines: set[int] = set()
        self._histories: set[int] = set()
        self._link_down = False
        self._farms: dict[tuple[str, str], Farm] = {}
        self._ended = ""
        self._next = 1
        self.test = DataTest(plan.connection, wall(), port=plan.port, symbols=tuple(i.text for i in plan.instruments))

    async def run(self) -> DataTest:
        """Run the test; returns what was seen, even if it was broken off."""
        try:
            async with asyncio.timeout(self._plan.limits.whole):
                if await self._open():
                    await self._ask()
        except TimeoutError:
            self._ended = f"given up after {self._plan.limits.whole:.0f} s"
            self._tell(detail=self._ended)
        finally:
            await self._leave()
            self._tell(finished=self._wall())
        return self.test

    def _tell(self, **changes: Any) -> None:
        self.test = replace(self.test, **changes)
        self._report(self.test)

    # ── the session ─────────────────────────────────────────────────────────────────────────────

    async def _open(self) -> bool:
        plan = self._plan
        for client_id in plan.client_ids[:_ATTEMPTS]:
            self._verdict = asyncio.get_running_loop().create_future()
            wish = OpenSession(
                plan.connection, 0, plan.host, plan.port, client_id, plan.limits.hello, plan.limits.ready
            )
            self._session = DataSession(wish, self._take, self._clock, self._sent)
            self._session.open()
            verdict = await self._verdict
            if isinstance(verdict, SessionReady):
                self._tell(outcome=Outcome.READY, client_id=client_id)
                return True
            self._tell(outcome=verdict.outcome, detail=verdict.detail, client_id=client_id)
            await self._session.close()
            self._session = None
            if verdict.outcome is not Outcome.ID_IN_USE:
                break
        return False

    def _sent(self) -> None:
        self.test = replace(self.test, messages=self.test.messages + 1)
        self._heard_of()

    def _take(self, event: Event) -> None:
        match event:
            case SessionReady() | SessionFailed():
                if self._verdict is not None and not self._verdict.done():
                    self._verdict.set_result(event)
            case SessionLost(reason=reason):
                self._ended = f"the session ended: {reason}"
                for request in self._requests.values():
                    request.over.set()
            case NoticeArrived(code=code, text=text, request_id=request_id):
                self._notice(code, text, request_id)
            case _:
                pass

    def _notice(self, code: int, text: str, request_id: int) -> None:
        if request_id in self._requests:
            self._requests[request_id].notice(RequestNotice(code, text))
        elif code in LINK_LOST_CODES | LINK_BACK_CODES:
            self._link_down = code in LINK_LOST_CODES
        elif (farm := farm_of(code, text)) is not None:
            self._farms[farm.kind.value, farm.name] = farm

    @property
    def _requests(self) -> dict[int, DataRequest]:
        return {} if self._session is None else self._session.requests

    async def _leave(self) -> None:
        """Give every line back and close the session, whose end alone would free the lines less orderly."""
        session = self._session
        if session is None:
            return
        for request_id in tuple(self._lines):
            self._give_back(request_id)
        for request_id in tuple(self._histories):
            with contextlib.suppress(ConnectionError):
                session.client.cancelHistoricalData(request_id)
        await session.close()
        self._session = None

    # ── the requests ────────────────────────────────────────────────────────────────────────────

    async def _ask(self) -> None:
        self._switch(LIVE_OR_FROZEN)
        found = await asyncio.gather(*(self._first(one) for one in self._plan.instruments))
        again = [(seen, contract) for seen, contract in found if contract is not None and _wants_more(seen)]
        if not again or self._ended:
            self._show([seen for seen, _ in found])
            return
        self._show([seen for seen, contract in found if (seen, contract) not in again])
        self._switch(WHATEVER_THERE_IS)
        more = await asyncio.gather(*(self._quote(contract, WHATEVER_THERE_IS) for _, contract in again))
        second = {id(seen): quote for (seen, _), quote in zip(again, more, strict=True)}
        self._show([replace(s, quotes=(*s.quotes, second[id(s)])) if id(s) in second else s for s, _ in found])

    def _show(self, seen: list[SymbolSeen]) -> None:
        farms = tuple(sorted(self._farms.values(), key=lambda f: (f.kind, f.name)))
        now = (replace(s, link_down=self._link_down, farms=farms, ended=self._ended) for s in seen)
        self._tell(seen=tuple(now))

    def _switch(self, kind: int) -> None:
        if self._session is not None and not self._ended:
            self._session.client.reqMarketDataType(kind)

    async def _first(self, instrument: Instrument) -> tuple[SymbolSeen, Any]:
        """Ask for the contract, then for real-time prices and history at the same time."""
        definition, contract = await self._definition(instrument)
        seen = SymbolSeen(instrument, definition)
        if contract is None:
            return seen, None
        quote, history = await asyncio.gather(
            self._quote(contract, LIVE_OR_FROZEN), self._history(contract, instrument.history)
        )
        return replace(seen, quotes=(quote,), history=history), contract

    async def _definition(self, instrument: Instrument) -> tuple[Definition, Any]:
        wanted = Contract(
            secType=instrument.security_type.value,
            symbol=instrument.symbol,
            exchange=instrument.exchange,
            currency=instrument.currency,
            primaryExchange=instrument.primary_exchange,
        )
        request_id, request = self._begin()
        request.is_refusal = lambda notice: refusal_of(notice) is not None
        await self._send(
            request, lambda client: client.reqContractDetails(request_id, wanted), self._plan.limits.definition
        )
        elapsed = self._clock() - request.began
        notices = tuple(request.notices)
        unknown = any(refusal_of(n) is DataState.NO_CONTRACT for n in notices)
        if not request.answered and not unknown:
            return Definition(None, elapsed, notices), None
        contracts = list({c.conId: c for c in request.contracts}.values())
        if instrument.security_type is SecurityType.FUTURE and contracts:
            contracts = [front(contracts, datetime.fromtimestamp(self._wall(), UTC).strftime("%Y%m%d"))]
        chosen = contracts[0] if len(contracts) == 1 else None
        if chosen is not None:
            # Prices are asked for at the exchange of the request: SMART, and no exchange behind it.
            chosen.exchange = instrument.exchange
        return Definition(len(contracts), elapsed, notices), chosen

    async def _quote(self, contract: Any, kind: int) -> Quote:
        request_id, request = self._begin()
        # With delayed prices come notices that real-time prices are refused.
        kept_on = kind == WHATEVER_THERE_IS
        request.is_refusal = lambda notice: _ends(notice, kept_on)
        self._lines.add(request_id)
        await self._send(
            request,
            lambda client: client.reqMktData(request_id, contract, "", False, False, []),
            self._plan.limits.quote,
        )
        elapsed = self._clock() - request.began
        self._give_back(request_id)
        return Quote(
            asked_type=kind,
            elapsed=elapsed,
            told_type=request.told_type,
            priced=request.priced,
            delayed_ticks=request.delayed_ticks,
            close_only=request.closed and not request.priced,
            notices=tuple(request.notices),
        )

    def _give_back(self, request_id: int) -> None:
        self._lines.discard(request_id)
        request = self._requests.pop(request_id, None)
        held = request is not None and (request.priced or not any(_ends(n, False) for n in request.notices))
        if self._session is not None and not self._ended and held:
            with contextlib.suppress(ConnectionError):
                self._session.client.cancelMktData(request_id)

    async def _history(self, contract: Any, what: str) -> History:
        request_id, request = self._begin()
        self._histories.add(request_id)
        await self._send(
            request,
            lambda client: client.reqHistoricalData(request_id, contract, "", _DURATION, _BAR, what, 1, 1, False, []),
            self._plan.limits.history,
        )
        elapsed = self._clock() - request.began
        if request.over.is_set():
            self._histories.discard(request_id)
        return History(request.answered, elapsed, request.bars, tuple(request.notices))

    def _begin(self) -> tuple[int, DataRequest]:
        request_id, self._next = self._next, self._next + 1
        request = DataRequest(self._clock())
        if self._session is not None:
            self._session.requests[request_id] = request
        return request_id, request

    async def _send(self, request: DataRequest, send: Callable[[Any], None], within: float) -> None:
        if self._session is None or self._ended:
            return
        try:
            send(self._session.client)
        except ConnectionError:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(request.over.wait(), within)


def _ends(notice: RequestNotice, kept_on: bool) -> bool:
    """Whether a notice ends a request for prices; with `kept_on`, one about a missing subscription does not."""
    refused = refusal_of(notice)
    return refused is not None and not (kept_on and refused is DataState.NOT_SUBSCRIBED)


def _wants_more(seen: SymbolSeen) -> bool:
    """Whether delayed prices are worth asking for: real-time ones were refused because a subscription is missing."""
    quote = seen.quotes[-1]
    if quote.priced or quote.told_type in DELAYED_TYPES:
        return False
    return any(refusal_of(n) is DataState.NOT_SUBSCRIBED or n.code in PARTS for n in quote.notices)


def front(contracts: list[Any], today: str) -> Any:
    """The future that expires next after `today` (YYYYMMDD), else the one that expired last."""
    inorder = sorted(contracts, key=lambda c: c.lastTradeDateOrContractMonth)
    return next((c for c in inorder if c.lastTradeDateOrContractMonth >= today), inorder[-1])
