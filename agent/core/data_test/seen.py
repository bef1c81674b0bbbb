"""What the market data self-test saw, as frozen values: what came for one symbol, and one whole run of the test."""

from dataclasses import dataclass, field

from agent.core.session_facts import Outcome
from agent.tws.farms import Farm
from agent.tws.outside import FromOutside, OutsideText
from agent.tws.symbol import Instrument

LIVE_OR_FROZEN = 2
"""Market data type (reqMarketDataType) that the first request is made with: real-time prices, and after hours the last
ones; never delayed ones, so that a missing subscription is refused as it is for a program that wants real time."""
WHATEVER_THERE_IS = 4
"""Market data type of the second request, which follows a refusal: delayed prices too, and after hours the last ones.
"""


_FLOWING = (1, 3)
"""Market data types of prices as they are made, and of those that are 10 to 20 minutes late."""


@dataclass(frozen=True, slots=True)
class RequestNotice(FromOutside):
    """One notice about a request."""

    code: int
    text: OutsideText


@dataclass(frozen=True, slots=True)
class Definition:
    """What came of asking for the contract. Seconds are of the request."""

    contracts: int | None = None
    """How many fit; None when no answer came in time."""
    elapsed: float = 0.0
    notices: tuple[RequestNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """What came of one request for market data."""

    asked_type: int
    """Market data type in force when it was made."""
    elapsed: float = 0.0
    """Seconds from the request to the first price, or to the end of the wait."""
    told_type: int | None = None
    """The market data type that TWS named last: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""
    priced: bool = False
    """Whether a bid, an ask or a last price came."""
    delayed_ticks: bool = False
    """Whether what came had the tick types of delayed data."""
    close_only: bool = False
    """Whether nothing but the last close came."""
    notices: tuple[RequestNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """What came of the one small request for history."""

    answered: bool = False
    elapsed: float = 0.0
    """Seconds from the request to the answer, or to the end of the wait."""
    bars: int = 0
    notices: tuple[RequestNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class SymbolSeen(FromOutside):
    """Everything that came for one symbol."""

    instrument: Instrument
    definition: Definition = Definition()
    quotes: tuple[Quote, ...] = ()
    """One for real-time prices and, where that was refused, one more for whatever there is."""
    history: History | None = None
    """None: not asked for, because there was no contract to ask about or no time left."""
    link_down: bool = False
    """Whether the application said meanwhile that it has no link to IB's servers: all refusals are then noise."""
    farms: tuple[Farm, ...] = ()
    """The farms as this session was told them."""
    ended: OutsideText = ""
    """Why the session was over before everything was asked; empty when it was not."""

    @property
    def flows(self) -> bool:
        """Whether prices came that TWS calls live or delayed, from IB's servers: frozen ones may be of long ago."""
        return not self.link_down and any(q.priced and q.told_type in _FLOWING for q in self.quotes)


@dataclass(frozen=True, slots=True)
class DataTest(FromOutside):
    """One run of the self-test."""

    connection: str
    started: float
    """Epoch seconds."""
    finished: float | None = None
    """Epoch seconds; None while it runs."""
    client_id: int | None = None
    port: int | None = None
    outcome: Outcome | None = None
    """How the session of its own came about; None while that is open."""
    detail: OutsideText = ""
    """Why nothing was seen, where no session came about or the time was up; for the evidence."""
    seen: tuple[SymbolSeen, ...] = field(default=())
    symbols: tuple[str, ...] = ()
    """What was asked for, in order."""
    messages: int = 0
    """How many messages it sent, the hello included."""

    @property
    def running(self) -> bool:
        """Whether it is still under way."""
        return self.finished is None
