"""The messages that clients send to TWS, in all three eras of the protocol, as tables: text layouts, protobuf fields.

Field numbers and orders are those of the protocol; the names are our own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.tws.codec import PROTOBUF_OFFSET, RAW_ID_SIZE, Era, MessageLayout, era_of
from agent.tws.schema import Field, Values, WireValue, decode, parse_table

_CONTRACT = (
    "contract.con_id contract.symbol contract.sec_type contract.expiry contract.strike contract.right"
    " contract.multiplier contract.exchange contract.primary_exchange contract.currency contract.local_symbol"
    " contract.trading_class"
)
REQUEST_SCHEMA = parse_table(
    """
    Contract: 1 con_id int, 2 symbol str, 3 sec_type str, 4 expiry str, 5 strike double, 6 right str,\
        7 multiplier double, 8 exchange str, 9 primary_exchange str, 10 currency str, 11 local_symbol str,\
        12 trading_class str, 15 description str
    ReqMarketData: 1 request_id int, 2 contract Contract, 3 generic_ticks str, 4 snapshot bool
    ReqAccountData: 1 subscribe bool, 2 account str
    ExecutionFilter: 1 client_id int, 2 account str, 3 time str, 4 symbol str, 5 sec_type str, 6 exchange str,\
        7 side str
    ReqExecutions: 1 request_id int, 2 filter ExecutionFilter
    ReqContractData: 1 request_id int, 2 contract Contract
    ReqAutoOpenOrders: 1 bind bool
    ReqHistoricalData: 1 request_id int, 2 contract Contract, 3 end str, 4 bar_size str, 5 duration str,\
        6 regular_hours bool, 7 what str, 8 date_format int, 9 keep_up_to_date bool
    ReqRealTimeBars: 1 request_id int, 2 contract Contract, 3 bar_size int, 4 what str
    ReqMarketDataType: 1 type int
    ReqAccountSummary: 1 request_id int, 2 group str, 3 tags str
    StartApi: 1 client_id int, 2 capabilities str
    ReqMulti: 1 request_id int, 2 account str, 3 model str
    ReqMatchingSymbols: 1 request_id int, 2 pattern str
    ReqCompletedOrders: 1 api_only bool
    OrderOnly: 1 order_id int
    RequestOnly: 1 request_id int
    Nothing:
    """.replace("\\\n", " ")
)
"""Protobuf fields of what clients send, without the settings of `agent.simulator.configuration`."""

_FILTER = "filter.client_id filter.account filter.time filter.symbol filter.sec_type filter.exchange filter.side"
_NUMBERED = "request_id"
_VERSIONED = "_ request_id"

_REQUEST_TABLE: dict[int, tuple[str, str]] = {
    1: ("ReqMarketData", f"_ request_id {_CONTRACT} _ generic_ticks snapshot"),
    3: ("OrderOnly", "order_id"),
    4: ("OrderOnly", "192-:_ order_id"),
    6: ("ReqAccountData", "_ subscribe account"),
    7: ("ReqExecutions", f"_ request_id {_FILTER}"),
    9: ("ReqContractData", f"_ request_id {_CONTRACT}"),
    15: ("ReqAutoOpenOrders", "_ bind"),
    10: ("ReqContractData", f"_ request_id {_CONTRACT}"),
    20: (
        "ReqHistoricalData",
        f"124-:_ request_id {_CONTRACT} _ end bar_size duration regular_hours what date_format keep_up_to_date",
    ),
    50: ("ReqRealTimeBars", f"_ request_id {_CONTRACT} bar_size what"),
    59: ("ReqMarketDataType", "_ type"),
    62: ("ReqAccountSummary", "_ request_id group tags"),
    71: ("StartApi", "_ client_id capabilities"),
    74: ("ReqMulti", "_ request_id account model"),
    76: ("ReqMulti", "_ request_id account model"),
    81: ("ReqMatchingSymbols", "request_id pattern"),
    97: ("ReqContractData", f"request_id {_CONTRACT}"),
    99: ("ReqCompletedOrders", "api_only"),
    109: ("ReqUpdateConfig", "request_id"),
    **dict.fromkeys(
        (2, 11, 21, 23, 25, 51, 52, 53, 54, 55, 56, 57, 63, 67, 68, 69, 70, 75, 77),
        ("RequestOnly", _VERSIONED),
    ),
    **dict.fromkeys(
        (22, 78, 79, 83, 84, *range(86, 91), *range(92, 97), 98, *range(100, 105), 106, 107, 108),
        ("RequestOnly", _NUMBERED),
    ),
    **dict.fromkeys((5, 8, 12, 13, 14, 16, 17, 18, 19, 24, 49, 58, 61, 64, 65, 66, 72, 73), ("Nothing", "")),
    **dict.fromkeys((80, 82, 85, 91, 105), ("Nothing", "")),
}

REQUEST_MESSAGES = {number: (schema, MessageLayout.of(layout)) for number, (schema, layout) in _REQUEST_TABLE.items()}
"""Protobuf message and text layout of every message ID that clients use, up to server version 226."""


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """A client's message, of any era."""

    number: int
    """The text-era message ID."""
    values: Values

    def number_of(self, name: str, otherwise: int = 0) -> int:
        """A field as a number. ValueError when it is not one."""
        value = self.values.get(name, "")
        if isinstance(value, (int, float)):
            return int(value)
        return int(value) if isinstance(value, str) and value else otherwise

    def text_of(self, name: str) -> str:
        """A field as text; empty when absent."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else str(value)

    def flag_of(self, name: str) -> bool:
        """Whether a field says yes."""
        return self.values.get(name, "") in (True, 1, "1", "true", "True")

    def part_of(self, name: str) -> Values:
        """A nested message; empty when absent."""
        value: WireValue = self.values.get(name, {})
        return value if isinstance(value, Mapping) else {}

    @property
    def request_id(self) -> int:
        """The request ID, or -1 for a message that has none."""
        return self.number_of("request_id", -1)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A client's message with its ID read, but not its body."""

    number: int
    """The text-era message ID."""
    body: bytes
    protobuf: bool


def split_message(payload: bytes, version: int) -> Envelope:
    """Separate the ID of a client's message from its body. ValueError when there is no ID."""
    if era_of(version) is Era.TEXT:
        first, _, rest = payload.partition(b"\0")
        return Envelope(int(first), rest, protobuf=False)
    if len(payload) < RAW_ID_SIZE:
        raise ValueError("a message without an ID")
    number, body = int.from_bytes(payload[:RAW_ID_SIZE], "big"), payload[RAW_ID_SIZE:]
    if number > PROTOBUF_OFFSET:
        return Envelope(number - PROTOBUF_OFFSET, body, protobuf=True)
    return Envelope(number, body, protobuf=False)


def parse_request(payload: bytes, version: int, table: Mapping[str, Sequence[Field]] = REQUEST_SCHEMA) -> ClientRequest:
    """Read a client's message. A message with an unknown ID has no values. ValueError: it cannot be read.

    `table` has the protobuf fields of every message that is expected.
    """
    opened = split_message(payload, version)
    if opened.number not in REQUEST_MESSAGES:
        return ClientRequest(opened.number, {})
    schema, layout = REQUEST_MESSAGES[opened.number]
    if opened.protobuf:
        return ClientRequest(opened.number, decode(schema, opened.body, table))
    fields = opened.body.decode("utf-8", "replace").split("\0")[:-1]
    return ClientRequest(opened.number, layout.read(fields, version))
