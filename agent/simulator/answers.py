"""The answers of the simulated TWS to the requests of a started session."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain

from agent.simulator import account as accounts
from agent.simulator.instruments import SimulatedInstrument, bars, find_instrument, matching
from agent.simulator.limits import EnforcedLimits
from agent.simulator.notices import AMBIGUOUS, DIFFERENT_ADDRESS, NO_DATA, PACING, simulated_text
from agent.simulator.session import TIME_SECONDS, ClientSession
from agent.simulator.settings_api import SettingsApi
from agent.simulator.state import Situation
from agent.tws.farms import FarmKind
from agent.tws.requests import ClientRequest
from agent.tws.schema import Values, WireValue

_REFUSED_READ_ONLY = {
    3: "placeOrder",
    4: "cancelOrder",
    5: "reqOpenOrders",
    15: "reqAutoOpenOrders",
    21: "exerciseOptions",
    58: "reqGlobalCancel",
    99: "reqCompletedOrders",
}
"""The requests, by message ID, that a Read-Only API refuses with 321. It serves all others."""

_CARRIES_ORDER_ID = frozenset({3, 4})
"""Requests whose refusal carries the order ID instead of -1."""

_SILENT = frozenset({12, 13, 14, 58, 63, 64, 75, 77, 106})
"""Requests that are never answered: news bulletins, log level, global cancel and some other cancels."""

_CANCELS = frozenset({11, 23, 51, 53, 56, 57, 70, 89, 90, 93, 95, 98, 101, 103, 107})
"""Cancels of requests that the simulator refuses, so that there is nothing to cancel."""

_WITHOUT_PERMISSION = {10: 354, 50: 420, 52: 10358, 87: 162, 88: 162, 96: 10187, 97: 10189}
"""By message ID, the notice for a request that the simulator does not serve; the others get 322."""

_LIVE, _FROZEN, _DELAYED, _DELAYED_FROZEN = 1, 2, 3, 4


class RequestAnswers:
    """Answers the requests of all sessions from the present situation."""

    def __init__(self, situation: Situation, sessions: Callable[[], Iterable[ClientSession]]) -> None:
        """`sessions` gives the open ones, between which the limits are shared."""
        self._situation = situation
        self.limits = EnforcedLimits(situation, sessions)
        settings = SettingsApi(situation)
        self._answers: Mapping[int, Callable[[ClientSession, ClientRequest], None]] = {
            1: self._market_data,
            2: self._cancel_market_data,
            3: self._place_order,
            4: self._cancel_order,
            5: self._open_orders,
            6: self._account_updates,
            7: self._executions,
            8: self._next_id,
            9: self._contract_details,
            15: self._auto_open_orders,
            16: self._all_open_orders,
            17: self._managed_accounts,
            20: self._history,
            25: self._cancel_history,
            49: self._current_time,
            59: self._market_data_type,
            61: self._positions,
            62: self._account_summary,
            74: self._positions_multi,
            76: self._account_updates_multi,
            81: self._matching_symbols,
            99: self._completed_orders,
            105: self._current_time_in_millis,
            108: settings.tell,
            109: settings.change,
        }

    def answer(self, session: ClientSession, request: ClientRequest) -> None:
        """Answer one request of a started session. No request is dropped silently, except those in `_SILENT`."""
        number = request.number
        if self._situation.read_only and number in _REFUSED_READ_ONLY:
            subject = request.number_of("order_id", -1) if number in _CARRIES_ORDER_ID else -1
            session.notice(321, request_id=subject)
            return
        if self.limits.answers(session, request):
            return
        if answer := self._answers.get(number):
            answer(session, request)
        elif number not in _SILENT:
            code = 300 if number in _CANCELS else _WITHOUT_PERMISSION.get(number, 322)
            session.notice(code, self._text_for(number, code, request.request_id), request.request_id)

    def _text_for(self, number: int, code: int, request_id: int) -> str:
        """The text of a refusal."""
        if number == 50 and not self._situation.has("pacing"):
            return "Invalid Real-time Query:No market data permissions for ISLAND STK"
        return NO_DATA.format("no data of this kind") if code == 162 else simulated_text(code, request_id)

    # Time and identifiers

    def _current_time(self, session: ClientSession, request: ClientRequest) -> None:
        now = self._situation.clock()
        if session.time_answered is not None and abs(now - session.time_answered) < TIME_SECONDS:
            return
        session.time_answered = now
        session.send("CurrentTime", {"time": int(self._situation.now())})

    def _current_time_in_millis(self, session: ClientSession, request: ClientRequest) -> None:
        session.send("CurrentTimeInMillis", {"time": int(self._situation.now() * 1000)})

    def _next_id(self, session: ClientSession, request: ClientRequest) -> None:
        session.send_next_id()

    def _managed_accounts(self, session: ClientSession, request: ClientRequest) -> None:
        session.send("ManagedAccounts", {"accounts": ",".join(self._situation.profile.accounts)})

    # Orders

    def _place_order(self, session: ClientSession, request: ClientRequest) -> None:
        session.notice(
            201,
            "Order rejected - reason:The simulated TWS takes no orders",
            request.number_of("order_id", -1),
        )

    def _cancel_order(self, session: ClientSession, request: ClientRequest) -> None:
        order_id = request.number_of("order_id", -1)
        session.notice(10147, simulated_text(10147, order_id), order_id)

    def _open_orders(self, session: ClientSession, request: ClientRequest) -> None:
        """A client sees its own orders; the order entered by hand belongs to client 0."""
        if session.client_id == accounts.MANUAL_CLIENT_ID:
            self._send_resting_order(session)
        session.send("OpenOrdersEnd", {})

    def _all_open_orders(self, session: ClientSession, request: ClientRequest) -> None:
        self._send_resting_order(session)
        session.send("OpenOrdersEnd", {})

    def _auto_open_orders(self, session: ClientSession, request: ClientRequest) -> None:
        if session.client_id != accounts.MANUAL_CLIENT_ID:
            session.notice(327, "Only the default client (i.e 0) can auto bind orders.")
        elif request.flag_of("bind"):
            self._send_resting_order(session)

    def _send_resting_order(self, session: ClientSession) -> None:
        order, status = accounts.resting_order(self._situation.profile.accounts[0])
        session.send("OpenOrder", order)
        session.send("OrderStatus", status)

    def _completed_orders(self, session: ClientSession, request: ClientRequest) -> None:
        session.send("CompletedOrdersEnd", {})

    def _executions(self, session: ClientSession, request: ClientRequest) -> None:
        request_id = request.request_id
        wanted = request.part_of("filter")
        for values in accounts.executions(self._situation.profile.accounts[0], self._situation.now()):
            if not _passes(values, wanted):
                continue
            session.send("ExecutionDetails", {"request_id": request_id, **values})
            session.send("CommissionAndFeesReport", accounts.COMMISSION)
        session.send("ExecutionDetailsEnd", {"request_id": request_id})

    # Accounts

    def _account_updates(self, session: ClientSession, request: ClientRequest) -> None:
        if not request.flag_of("subscribe"):
            return
        known = self._situation.profile.accounts
        name = request.text_of("account") or (known[0] if len(known) == 1 else "")
        if name not in known:
            session.notice(
                321, "Error validating request.-'bN' : cause - The account code is required for this operation."
            )
            return
        now = self._situation.now()
        for values in self._values((name,)):
            session.send("AccountValue", values)
        for values in accounts.portfolio(name, now):
            session.send("PortfolioValue", values)
        session.send("AccountUpdateTime", {"time": datetime.fromtimestamp(now, UTC).strftime("%H:%M")})
        session.send("AccountDataEnd", {"account": name})

    def _account_updates_multi(self, session: ClientSession, request: ClientRequest) -> None:
        request_id = request.request_id
        for values in self._values(self._chosen(request)):
            session.send("AccountUpdateMulti", {"request_id": request_id, "model": request.text_of("model"), **values})
        session.send("AccountUpdateMultiEnd", {"request_id": request_id})

    def _account_summary(self, session: ClientSession, request: ClientRequest) -> None:
        request_id = request.request_id
        tags = {tag.strip().partition(":")[0] for tag in request.text_of("tags").split(",")}
        for values in self._values(self._situation.profile.accounts):
            if values["key"] in tags:
                session.send("AccountSummary", {"request_id": request_id, **values})
        session.send("AccountSummaryEnd", {"request_id": request_id})

    def _positions(self, session: ClientSession, request: ClientRequest) -> None:
        for name in self._situation.profile.accounts:
            for values in accounts.positions(name):
                session.send("Position", values)
        session.send("PositionEnd", {})

    def _positions_multi(self, session: ClientSession, request: ClientRequest) -> None:
        request_id = request.request_id
        for name in self._chosen(request):
            for values in accounts.positions(name):
                session.send("PositionMulti", {"request_id": request_id, "model": request.text_of("model"), **values})
        session.send("PositionMultiEnd", {"request_id": request_id})

    def _values(self, names: Iterable[str]) -> Iterator[Values]:
        """All account values of these accounts now."""
        now, ready = self._situation.now(), self._situation.link_up
        return chain.from_iterable(accounts.account_values(name, now, ready) for name in names)

    def _chosen(self, request: ClientRequest) -> tuple[str, ...]:
        """The accounts that a request names."""
        name = request.text_of("account")
        return tuple(known for known in self._situation.profile.accounts if name in ("", "All", known))

    # Contracts

    def _contract_details(self, session: ClientSession, request: ClientRequest) -> None:
        situation = self._situation
        found = find_instrument(request.part_of("contract"))
        if not found or not situation.link_up or situation.broken_farms(FarmKind.SECURITY_DEFINITION):
            session.notice(200, request_id=request.request_id)
            return
        for instrument in found:
            session.send(
                "ContractData",
                {
                    "request_id": request.request_id,
                    "contract": instrument.contract,
                    "details": instrument.details,
                },
            )
        session.send("ContractDataEnd", {"request_id": request.request_id})

    def _matching_symbols(self, session: ClientSession, request: ClientRequest) -> None:
        samples: list[WireValue] = [
            {
                "contract": {**instrument.contract, "description": instrument.long_name},
                "derivatives": () if instrument.sec_type == "CASH" else ("CFD", "OPT", "WAR"),
            }
            for instrument in (matching(request.text_of("pattern")) if self._situation.link_up else ())
        ]
        session.send("SymbolSamples", {"request_id": request.request_id, "samples": samples})

    # Data

    def _market_data_type(self, session: ClientSession, request: ClientRequest) -> None:
        session.market_data_type = request.number_of("type", _LIVE)

    def _market_data(self, session: ClientSession, request: ClientRequest) -> None:
        request_id = request.request_id
        situation = self._situation
        instrument = self._instrument(session, request)
        if instrument is None:
            return
        for fault, code in (("competing-session", 10197), ("lines-exhausted", 101)):
            if situation.has(fault):
                session.notice(code, request_id=request_id)
                return
        if request_id in session.market_data:
            session.notice(322, "Error processing request.-'bN' : cause - Duplicate ticker id", request_id)
            return
        delayed = situation.has("delayed")
        if situation.has("not-subscribed"):
            code = int(situation.value("not-subscribed"))
            delayed = session.market_data_type >= _DELAYED
            if not delayed:
                session.notice(code, request_id=request_id)
                if code != 10090:
                    return
        if delayed:
            session.notice(10167, request_id=request_id)
        session.market_data[request_id] = (instrument, delayed)
        session.send("MarketDataType", {"request_id": request_id, "type": self._data_type(session, delayed)})
        session.send(
            "TickReqParams",
            {
                "request_id": request_id,
                "min_tick": str(instrument.tick),
                "bbo_exchange": "9c0001",
                "snapshot_permissions": 3,
            },
        )
        if situation.link_up:
            session.send_ticks(request_id)
        if request.flag_of("snapshot"):
            del session.market_data[request_id]
            session.send("TickSnapshotEnd", {"request_id": request_id})
        else:
            session.keep_ticking()

    def _data_type(self, session: ClientSession, delayed: bool) -> int:
        """The market data type of a subscription."""
        frozen = self._situation.has("market-closed") and session.wants_frozen
        if delayed:
            return _DELAYED_FROZEN if frozen else _DELAYED
        return _FROZEN if frozen else _LIVE

    def _cancel_market_data(self, session: ClientSession, request: ClientRequest) -> None:
        if session.market_data.pop(request.request_id, None) is None:
            session.notice(300, request_id=request.request_id)

    def _instrument(self, session: ClientSession, request: ClientRequest) -> SimulatedInstrument | None:
        """The instrument of a request; None after notice 200. During an outage TWS sends 200 for every instrument."""
        found = find_instrument(request.part_of("contract"))
        if not found or not self._situation.link_up:
            session.notice(200, request_id=request.request_id)
            return None
        if len(found) > 1:
            session.notice(200, AMBIGUOUS.format(found[0].symbol), request.request_id)
            return None
        return found[0]

    def _history(self, session: ClientSession, request: ClientRequest) -> None:
        request_id = request.request_id
        situation = self._situation
        instrument = self._instrument(session, request)
        if instrument is None:
            return
        refusal = ""
        if situation.has("competing-session"):
            refusal = DIFFERENT_ADDRESS
        elif situation.has("pacing"):
            refusal = PACING
        elif situation.broken_farms(FarmKind.HISTORICAL):
            what = request.text_of("what").title()
            refusal = NO_DATA.format(f"{instrument.local_symbol}@{instrument.exchange} {what}")
        if refusal:
            pacing_420 = refusal is PACING and situation.value("pacing") == "420"
            session.notice(420 if pacing_420 else 162, None if pacing_420 else refusal, request_id)
            return
        try:
            found = bars(
                instrument,
                situation.now(),
                duration=request.text_of("duration"),
                bar_size=request.text_of("bar_size"),
                what=request.text_of("what"),
                date_format=request.number_of("date_format", 1),
            )
        except ValueError as error:
            session.notice(321, f"Error validating request.-'bN' : cause - {error}", request_id)
            return
        ends = datetime.fromtimestamp(situation.now(), UTC)
        span: Values = {"start": str(found[0]["date"]), "end": ends.strftime("%Y%m%d %H:%M:%S UTC")}
        session.send("HistoricalData", {"request_id": request_id, "bars": found, **span})
        if session.server_version is not None and session.server_version >= HISTORY_END_VERSION:
            session.send("HistoricalDataEnd", {"request_id": request_id, **span})
        if request.flag_of("keep_up_to_date"):
            session.histories.add(request_id)

    def _cancel_history(self, session: ClientSession, request: ClientRequest) -> None:
        if request.request_id in session.histories:
            session.histories.discard(request.request_id)
        else:
            session.notice(366, request_id=request.request_id)


HISTORY_END_VERSION = 196
"""From this server version on, a separate message ends a history."""


def _passes(values: Values, wanted: Values) -> bool:
    """Whether an execution passes a client's filter."""
    execution, contract = values["execution"], values["contract"]
    assert isinstance(execution, Mapping)
    assert isinstance(contract, Mapping)
    asked = (
        ("account", execution["account"]),
        ("exchange", execution["exchange"]),
        ("side", execution["side"]),
        ("symbol", contract["symbol"]),
        ("sec_type", contract["sec_type"]),
    )
    client = str(wanted.get("client_id", "") or "0")
    side = {"BUY": "BOT", "SELL": "SLD"}.get(str(wanted.get("side", "")), wanted.get("side", ""))
    filters = {**wanted, "side": side}
    return client in ("0", str(execution["client_id"])) and all(
        not filters.get(name) or filters[name] == value for name, value in asked
    )
