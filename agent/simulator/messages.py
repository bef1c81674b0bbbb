"""The messages of the TWS API that the simulator writes, as tables: text layouts and protobuf fields.

Field numbers and orders are those of the protocol; the names are our own. What clients send is in `agent.tws.requests`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.simulator.configuration import CONFIGURATION_SCHEMA
from agent.tws.codec import PROTOBUF_OFFSET, RAW_ID_SIZE, Era, MessageLayout, era_of, fields_bytes, frame
from agent.tws.requests import REQUEST_SCHEMA
from agent.tws.schema import Values, encode, parse_table

_HELD = (
    "contract.con_id contract.symbol contract.sec_type contract.expiry contract.strike contract.right"
    " contract.multiplier contract.exchange contract.currency contract.local_symbol contract.trading_class"
)
_PORTFOLIO = _HELD.replace("contract.exchange", "contract.primary_exchange")


@dataclass(frozen=True, slots=True)
class _Reply:
    """A message to a client."""

    number: int
    """The text-era message ID."""
    layout: MessageLayout


def _replies(table: Mapping[str, tuple[int, str]]) -> dict[str, _Reply]:
    """Read the layouts of a table."""
    return {name: _Reply(number, MessageLayout.of(layout)) for name, (number, layout) in table.items()}


_OPEN_ORDER = (
    f"order.order_id {_HELD} order.action order.quantity order.order_type order.limit_price order.aux_price order.tif"
    " _ order.account _ =0 order.reference order.client_id order.perm_id =0 =0 =0 _ _"
    # Financial adviser, model, good till date, rule 80A, percent offset, settling firm, short sale.
    " _ _ _ 177-:_ _ _ _ _ _ =0 _ =-1"
    # Auction, box and pegged orders, display size, block, sweep, all or none, minimum quantity, OCA type.
    " =0 _ _ _ _ _ _ =0 =0 =0 _ =3"
    # Three deprecated ones, parent, trigger method, volatility with its delta neutral order (none).
    " =0 =0 _ =0 =0 _ =0 _ _ =0 =0"
    # Trailing, basis points, legs, routing parameters, scale, hedge.
    " _ _ _ _ _ =0 =0 =0 _ _ _ _"
    # Smart routing, clearing, not held, delta neutral contract, algorithm, solicited, what if.
    " =0 _ _ =0 =0 _ =0 =0"
    # Order state: margins before, change and after; commissions; from 195 on the preview and the allocations.
    " state.status _ _ _ _ _ _ _ _ _ _ _ _ _"
    " 195+:_ 195+:_ 195+:_ 195+:_ 195+:_ 195+:_ 195+:_ 195+:_ 195+:_ 195+:_ 195+:_ 195+:_ 195+:=0 _"
    # Randomised size and price, conditions, adjusted order, soft dollar tier, cash quantity, flags.
    " =0 =0 =0 _ _ _ _ _ _ _ =0 _ _ _ _ =0 =0 =0 =0"
    # What later server versions appended.
    " 158+:_ 160+:_ 162+:=0 170+:_ 170+:_ 170+:_ 170+:_ 170+:_"
    " 183+:_ 184+:=0 185+:_ 189+:=0 193+:_ 193+:_ 198+:_ 199+:=0"
)

_CONTRACT_DATA = (
    "164-:=8 request_id contract.symbol contract.sec_type contract.expiry 182+:contract.expiry contract.strike"
    " contract.right contract.exchange contract.currency contract.local_symbol details.market_name"
    " contract.trading_class contract.con_id details.min_tick 164-:=1 contract.multiplier details.order_types"
    " details.valid_exchanges details.price_magnifier =0 details.long_name contract.primary_exchange _ details.industry"
    " details.category details.subcategory details.time_zone details.trading_hours details.liquid_hours _ =0 =0"
    " details.agg_group _ _ details.market_rules _ details.stock_type 163+:164-:_ 164+:details.min_size"
    " 164+:details.size_increment 164+:details.suggested_size_increment 186+:=0"
)

_EXECUTION = (
    f"request_id execution.order_id {_HELD} execution.execution_id execution.time execution.account execution.exchange"
    " execution.side execution.shares execution.price execution.perm_id execution.client_id =0 execution.cumulative"
    " execution.average_price _ _ _ _ execution.liquidity 178+:=0 198+:_"
)

_BAR = "date open high low close volume wap count"

REPLIES = _replies(
    {
        "TickPrice": (1, "=6 request_id tick_type price size attributes"),
        "TickSize": (2, "=6 request_id tick_type size"),
        "OrderStatus": (
            3,
            "order_id status filled remaining average_price perm_id =0 last_price client_id _ =0",
        ),
        "ErrorMessage": (4, "194-:=2 request_id code text 166+:advanced 194+:time"),
        "OpenOrder": (5, _OPEN_ORDER),
        "AccountValue": (6, "=2 key value currency account"),
        "PortfolioValue": (
            7,
            f"=8 {_PORTFOLIO} position price value average_cost unrealized realized account",
        ),
        "AccountUpdateTime": (8, "=1 time"),
        "NextValidId": (9, "=1 order_id"),
        "ContractData": (10, _CONTRACT_DATA),
        "ExecutionDetails": (11, _EXECUTION),
        "ManagedAccounts": (15, "=1 accounts"),
        "HistoricalData": (17, f"124-:=3 request_id 196-:start 196-:end bars[ {_BAR} ]"),
        "CurrentTime": (49, "=1 time"),
        "ContractDataEnd": (52, "=1 request_id"),
        "OpenOrdersEnd": (53, "=1"),
        "AccountDataEnd": (54, "=1 account"),
        "ExecutionDetailsEnd": (55, "=1 request_id"),
        "TickSnapshotEnd": (57, "=1 request_id"),
        "MarketDataType": (58, "=1 request_id type"),
        "CommissionAndFeesReport": (59, "=1 execution_id amount currency realized _ _"),
        "Position": (61, f"=3 account {_HELD} position average_cost"),
        "PositionEnd": (62, "=1"),
        "AccountSummary": (63, "=1 request_id account key value currency"),
        "AccountSummaryEnd": (64, "=1 request_id"),
        "PositionMulti": (71, f"=3 request_id account {_HELD} position average_cost model"),
        "PositionMultiEnd": (72, "=1 request_id"),
        "AccountUpdateMulti": (73, "=1 request_id account model key value currency"),
        "AccountUpdateMultiEnd": (74, "=1 request_id"),
        "SymbolSamples": (
            79,
            "request_id samples[ contract.con_id contract.symbol contract.sec_type contract.primary_exchange"
            " contract.currency derivatives[ . ] 176+:contract.description 176+:_ ]",
        ),
        "TickReqParams": (81, "request_id min_tick bbo_exchange snapshot_permissions"),
        "CompletedOrdersEnd": (102, ""),
        "HistoricalDataEnd": (108, "request_id start end"),
        "CurrentTimeInMillis": (109, "time"),
        "ConfigResponse": (110, "request_id"),
        "UpdateConfigResponse": (111, "request_id"),
    }
)

SCHEMA = (
    CONFIGURATION_SCHEMA
    | REQUEST_SCHEMA
    | parse_table(
        """
    ContractDetails: 1 market_name str, 2 min_tick str, 3 order_types str, 4 valid_exchanges str,\
        5 price_magnifier int, 7 long_name str, 9 industry str, 10 category str, 11 subcategory str, 12 time_zone str,\
        13 trading_hours str, 14 liquid_hours str, 18 agg_group int, 21 market_rules str, 23 stock_type str,\
        24 min_size str, 25 size_increment str, 26 suggested_size_increment str
    Order: 1 client_id int, 2 order_id int, 3 perm_id int, 5 action str, 6 quantity str, 8 order_type str,\
        9 limit_price double, 10 aux_price double, 11 tif str, 12 account str, 28 reference str
    OrderState: 1 status str
    Execution: 1 order_id int, 2 execution_id str, 3 time str, 4 account str, 5 exchange str, 6 side str,\
        7 shares str, 8 price double, 9 perm_id int, 10 client_id int, 12 cumulative str, 13 average_price double,\
        18 liquidity int
    Bar: 1 date str, 2 open double, 3 high double, 4 low double, 5 close double, 6 volume str, 7 wap str, 8 count int
    Sample: 1 contract Contract, 2 derivatives str*
    TickPrice: 1 request_id int, 2 tick_type int, 3 price double, 4 size str, 5 attributes int
    TickSize: 1 request_id int, 2 tick_type int, 3 size str
    OrderStatus: 1 order_id int, 2 status str, 3 filled str, 4 remaining str, 5 average_price double, 6 perm_id int,\
        8 last_price double, 9 client_id int
    ErrorMessage: 1 request_id int, 2 time int, 3 code int, 4 text str, 5 advanced str
    OpenOrder: 1 order_id int, 2 contract Contract, 3 order Order, 4 state OrderState
    AccountValue: 1 key str, 2 value str, 3 currency str, 4 account str
    PortfolioValue: 1 contract Contract, 2 position str, 3 price double, 4 value double, 5 average_cost double,\
        6 unrealized double, 7 realized double, 8 account str
    AccountUpdateTime: 1 time str
    NextValidId: 1 order_id int
    ContractData: 1 request_id int, 2 contract Contract, 3 details ContractDetails
    ExecutionDetails: 1 request_id int, 2 contract Contract, 3 execution Execution
    ManagedAccounts: 1 accounts str
    HistoricalData: 1 request_id int, 2 bars Bar*
    CurrentTime: 1 time int
    ContractDataEnd: 1 request_id int
    OpenOrdersEnd:
    AccountDataEnd: 1 account str
    ExecutionDetailsEnd: 1 request_id int
    TickSnapshotEnd: 1 request_id int
    MarketDataType: 1 request_id int, 2 type int
    CommissionAndFeesReport: 1 execution_id str, 2 amount double, 3 currency str, 4 realized double
    Position: 1 account str, 2 contract Contract, 3 position str, 4 average_cost double
    PositionEnd:
    AccountSummary: 1 request_id int, 2 account str, 3 key str, 4 value str, 5 currency str
    AccountSummaryEnd: 1 request_id int
    PositionMulti: 1 request_id int, 2 account str, 3 contract Contract, 4 position str, 5 average_cost double,\
        6 model str
    PositionMultiEnd: 1 request_id int
    AccountUpdateMulti: 1 request_id int, 2 account str, 3 model str, 4 key str, 5 value str, 6 currency str
    AccountUpdateMultiEnd: 1 request_id int
    SymbolSamples: 1 request_id int, 2 samples Sample*
    TickReqParams: 1 request_id int, 2 min_tick str, 3 bbo_exchange str, 4 snapshot_permissions int
    CompletedOrdersEnd:
    HistoricalDataEnd: 1 request_id int, 2 start str, 3 end str
    CurrentTimeInMillis: 1 time int
    """.replace("\\\n", " ")
    )
)


def reply_frame(name: str, values: Values, version: int) -> bytes:
    """A message to a client, framed for the agreed server version."""
    reply = REPLIES[name]
    match era_of(version):
        case Era.TEXT:
            return frame(fields_bytes([str(reply.number), *reply.layout.write(values, version)]))
        case Era.RAW_ID:
            return frame(reply.number.to_bytes(RAW_ID_SIZE, "big") + fields_bytes(reply.layout.write(values, version)))
        case _:
            return frame((reply.number + PROTOBUF_OFFSET).to_bytes(RAW_ID_SIZE, "big") + encode(name, values, SCHEMA))
