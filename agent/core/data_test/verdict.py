"""Judging the market data self-test: from what came for a symbol to what it means and what to do about it.

Numbers decide, not texts, but for the few numbers that mean several things (`tws.notices`).
"""

from dataclasses import dataclass
from enum import StrEnum

from agent.core.clock import took
from agent.core.data_test.history import HistoryVerdict, judge_history
from agent.core.data_test.remedy import NOTHING_TO_DO, Remedy
from agent.core.data_test.seen import LIVE_OR_FROZEN, Quote, RequestNotice, SymbolSeen
from agent.core.evidence.words import listed, notice_told
from agent.tws.farms import FarmKind, FarmStatus
from agent.tws.notices import NoticeKind, kind_of, read_notice
from agent.tws.symbol import SecurityType


class DataState(StrEnum):
    """What there is of market data for a symbol."""

    LIVE = "live"
    PARTLY = "partly"
    """Real-time prices came, and part of what was asked for was refused (10090, 10091)."""
    FROZEN = "frozen"
    DELAYED = "delayed"
    DELAYED_FROZEN = "delayed-frozen"
    NOT_SUBSCRIBED = "not-subscribed"
    COMPETING_SESSION = "competing-session"
    LINES_EXHAUSTED = "lines-exhausted"
    NO_CONTRACT = "no-contract"
    AMBIGUOUS = "ambiguous"
    NO_LINK = "no-link"
    REFUSED = "refused"
    """For a reason that only the notice's text tells."""
    NOTHING = "nothing"
    """No answer in time."""

    @property
    def has_prices(self) -> bool:
        """Whether prices come, of whatever age."""
        return self in _WITH_PRICES


_WITH_PRICES = frozenset(
    {DataState.LIVE, DataState.PARTLY, DataState.FROZEN, DataState.DELAYED, DataState.DELAYED_FROZEN}
)


@dataclass(frozen=True, slots=True)
class DataVerdict:
    """What the test of one symbol came to."""

    symbol: str
    state: DataState
    title: str
    """A phrase without a full stop."""
    text: str
    """What is the case, then what it means."""
    evidence: tuple[str, ...]
    remedy: Remedy
    history: HistoryVerdict


def judge(seen: SymbolSeen, app: str) -> DataVerdict:
    """What the test of one symbol came to; `app` is what the application is called in the steps."""
    state, told = _state(seen)
    notices = tuple(notice_told(t.code, t.text) for t in told)
    title, text = _WORDS[state]
    remedy = _remedy(state, seen, told, app)
    words = {"symbol": seen.instrument.text, "what": seen.instrument.words, "ended": seen.ended}
    return DataVerdict(
        symbol=seen.instrument.text,
        state=state,
        title=title,
        text=text.format(**words),
        evidence=(*_evidence(seen), *notices),
        remedy=remedy,
        history=judge_history(seen, app),
    )


# ── market data ─────────────────────────────────────────────────────────────────────────────────

_REFUSALS = {
    NoticeKind.COMPETING_SESSION: DataState.COMPETING_SESSION,
    NoticeKind.LINES_EXHAUSTED: DataState.LINES_EXHAUSTED,
    NoticeKind.NOT_SUBSCRIBED: DataState.NOT_SUBSCRIBED,
}
_REMARKS = frozenset({NoticeKind.DELAYED, NoticeKind.CANCELLED, NoticeKind.INFORMATIONAL, NoticeKind.NO_DATA})
"""Kinds that do not refuse a request for market data."""
PARTS = frozenset({10090, 10091})
"""Notices that refuse only a part of what was asked for; prices may still come."""
DELAYED_TYPES = frozenset({3, 4})
_FROZEN_TYPES = frozenset({2, 4})


def refusal_of(notice: RequestNotice) -> DataState | None:
    """What a notice about a request for market data means for all of it; None when it refuses nothing, or a part."""
    if notice.code in PARTS:
        return None
    kind = kind_of(notice.code, notice.text)
    if kind in _REMARKS or 2100 <= notice.code < 2200:
        return None
    if kind is NoticeKind.NO_DEFINITION:
        return DataState.NO_CONTRACT
    return DataState.REFUSED if kind is None else _REFUSALS.get(kind, DataState.REFUSED)


def _state(seen: SymbolSeen) -> tuple[DataState, tuple[RequestNotice, ...]]:
    """The state, and the notices that show it."""
    with_prices = [q for q in seen.quotes if q.priced]
    every = tuple(n for q in seen.quotes for n in q.notices)
    if with_prices:
        return _of_prices(with_prices[-1]), every
    if seen.link_down:
        return DataState.NO_LINK, ()
    definition = seen.definition
    if definition.contracts is None:
        return (DataState.REFUSED if definition.notices else DataState.NOTHING), definition.notices
    if definition.contracts == 0:
        return DataState.NO_CONTRACT, definition.notices
    if definition.contracts > 1:
        return DataState.AMBIGUOUS, definition.notices
    for notice in every:
        if (refused := refusal_of(notice)) is not None:
            return refused, every
    return (DataState.NOT_SUBSCRIBED if any(n.code in PARTS for n in every) else DataState.NOTHING), every


def _of_prices(quote: Quote) -> DataState:
    delayed = quote.told_type in DELAYED_TYPES or (quote.told_type is None and quote.delayed_ticks)
    if delayed:
        return DataState.DELAYED_FROZEN if quote.told_type in _FROZEN_TYPES else DataState.DELAYED
    if quote.told_type in _FROZEN_TYPES:
        return DataState.FROZEN
    return DataState.PARTLY if any(n.code in PARTS for n in quote.notices) else DataState.LIVE


_WORDS: dict[DataState, tuple[str, str]] = {
    DataState.LIVE: ("live prices", "Real-time prices of {what} come in."),
    DataState.PARTLY: (
        "live prices, but not all of them",
        "Real-time prices of {what} come in, and a part of what was asked for is refused for want of a subscription.",
    ),
    DataState.FROZEN: (
        "frozen prices: the market is closed",
        "The last prices of {what} before the close came. The subscription is there; live prices come with the next "
        "opening.",
    ),
    DataState.DELAYED: (
        "delayed prices",
        "Prices of {what} come in 15 to 20 minutes late: this user has no real-time subscription for them. A program "
        "that asks for real time is refused, unless it is content with delayed data (market data type 3).",
    ),
    DataState.DELAYED_FROZEN: (
        "delayed prices, frozen: the market is closed",
        "The last prices of {what} before the close came, and with a real-time subscription missing, live ones will "
        "come 15 to 20 minutes late.",
    ),
    DataState.NOT_SUBSCRIBED: (
        "refused: not subscribed",
        "IB refuses prices of {what}, because this user has no subscription for them that covers the API; delayed ones "
        "did not come either.",
    ),
    DataState.COMPETING_SESSION: (
        "refused: another session of the same user",
        "IB gives market data to one session per user name, and another session has it now.",
    ),
    DataState.LINES_EXHAUSTED: (
        "refused: all market data lines are in use",
        "Every market data line of this user is taken, by TWS itself or by other programs.",
    ),
    DataState.NO_CONTRACT: (
        "no such contract",
        "IB knows nothing that fits “{symbol}”, read as {what}.",
    ),
    DataState.AMBIGUOUS: (
        "ambiguous: several contracts fit",
        "“{symbol}”, read as {what}, fits more than one contract, and IB does not choose.",
    ),
    DataState.NO_LINK: (
        "not known: no link to IB’s servers",
        "The application has no connection to IB’s servers now, so whatever it answers about {symbol} means nothing.",
    ),
    DataState.REFUSED: ("refused", "IB refused prices of {what}; the notice says why."),
    DataState.NOTHING: (
        "nothing came in time",
        "No price of {what} and no refusal came in time, which is not known to be good or bad.",
    ),
}

_TYPES = {1: "live", 2: "frozen", 3: "delayed", 4: "delayed and frozen"}


def _evidence(seen: SymbolSeen) -> tuple[str, ...]:
    lines = []
    definition = seen.definition
    if definition.contracts is not None:
        found = "one contract" if definition.contracts == 1 else f"{definition.contracts or 'no'} contracts"
        lines.append(f"asked for {seen.instrument.words}: {found} after {took(definition.elapsed)}")
    else:
        lines.append(f"asked for {seen.instrument.words}: no answer within {took(definition.elapsed)}")
    for quote in seen.quotes:
        asked = "real-time prices" if quote.asked_type == LIVE_OR_FROZEN else "delayed prices too"
        kind = f", market data type {quote.told_type} ({_TYPES.get(quote.told_type, '?')})" if quote.told_type else ""
        if quote.priced:
            lines.append(f"asked for {asked}: the first price came after {took(quote.elapsed)}{kind}")
        else:
            only = "only the last close came" if quote.close_only else "no price came"
            lines.append(f"asked for {asked}: {only} within {took(quote.elapsed)}{kind}")
    if seen.ended:
        lines.append(seen.ended)
    return tuple(lines)


def _remedy(state: DataState, seen: SymbolSeen, told: tuple[RequestNotice, ...], app: str) -> Remedy:
    codes = {"app": app, "codes": listed((str(t.code) for t in told), room=40) or "354"}
    match state:
        case DataState.LIVE | DataState.FROZEN:
            return NOTHING_TO_DO
        case DataState.DELAYED | DataState.DELAYED_FROZEN:
            return Remedy("data-delayed", codes)
        case DataState.NOT_SUBSCRIBED | DataState.PARTLY:
            return Remedy("data-not-subscribed", codes)
        case DataState.COMPETING_SESSION:
            return Remedy("competing-session", codes)
        case DataState.LINES_EXHAUSTED:
            return Remedy("data-lines-exhausted", {**codes, "what": "market data lines"})
        case DataState.NO_LINK:
            return Remedy("server-link-lost", {"app": app, "code": "1100 or 2110", "since": "a while ago"})
        case DataState.NO_CONTRACT:
            return Remedy(steps=_no_contract(seen))
        case DataState.AMBIGUOUS:
            return Remedy(steps=_AMBIGUOUS)
        case DataState.REFUSED:
            return Remedy(steps=_refused(told))
        case DataState.NOTHING:
            return _nothing(seen, app)


def _no_contract(seen: SymbolSeen) -> tuple[str, ...]:
    broken = [f.name for f in seen.farms if f.kind is FarmKind.SECURITY_DEFINITION and f.status is FarmStatus.BROKEN]
    if broken:
        return (
            f"Wait until the security definition farm {listed(broken)} is back: until then contracts seem unknown.",
            "Test again.",
        )
    return (
        "Check how the symbol is written: search for it in TWS or on the web site of Interactive Brokers.",
        "Write a share of another country with its exchange and currency, like SAP@IBIS/EUR.",
        "Write a currency pair with a full stop, like EUR.USD, and a future with its exchange, like ES@CME.",
        "Test again.",
    )


_AMBIGUOUS = (
    "Name the exchange the share is listed at, like MSFT@NASDAQ.",
    "If it trades in another currency, name that too, like SAP@IBIS/EUR.",
    "Test again.",
)


def _refused(told: tuple[RequestNotice, ...]) -> tuple[str, ...]:
    known = [read_notice(t.code, t.text) for t in told]
    wise = [n.what_to_do for n in known if n is not None]
    return (*dict.fromkeys(wise), "Test again.") if wise else ("Read the text of the notice.", "Test again.")


def _nothing(seen: SymbolSeen, app: str) -> Remedy:
    broken = [f for f in seen.farms if f.kind is FarmKind.MARKET_DATA and f.status is FarmStatus.BROKEN]
    if broken:
        args = {
            "app": app,
            "kind": FarmKind.MARKET_DATA.title,
            "farms": listed((f.name for f in broken), room=50),
            "effect": "Quotes it serves stand still",
        }
        return Remedy("data-farm-broken", args)
    hours = (
        "Check whether the market is open: currency pairs rest from Friday 17:00 to Sunday 17:15 New York time."
        if seen.instrument.security_type is SecurityType.FOREX
        else "Check whether the market of the symbol is open now."
    )
    return Remedy(
        steps=(hours, "Look whether the same symbol shows a price in TWS.", "Wait one minute and test again.")
    )
