"""What IB allows and what is in use, as far as it can be seen for one connection. Unknown stays unknown.

The numbers and windows are those of `tws.limits`, the meanings those of `tws.notices`; here they are put beside what
was seen, with the rule that was broken and the moment from which it is safe to go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.core.as_json import IfAny, Time, as_json, present
from agent.core.evidence.api_settings import settings_of
from agent.core.evidence.processes import client_count, clients_of, listener_at, owner_at, port_of
from agent.core.evidence.words import program
from agent.core.facts import ApiClient, Facts, Unknown
from agent.core.session_facts import NoticeSeen, Phase
from agent.tws import limits
from agent.tws.notices import NoticeKind, kind_of, read_notice
from agent.tws.privacy import redact

CODES = (100, 101, 162, 309, 322, 420, 10190)
"""Notices that are about limits, or may be: 162, 322 and 420 mean other things as well, and their text tells."""
OUR_MINUTE = 60.0
"""Seconds over which our own messages are counted."""
KEPT = 3600.0
"""Seconds for which a notice is told: long enough to be found after lunch."""


@dataclass(frozen=True, slots=True)
class Clients:
    """API clients of the application."""

    in_use: int | None
    """None: cannot be seen."""
    ours: int | None
    allowed: int = limits.API_CLIENTS
    unknown: IfAny[str] = ""
    """Why it cannot be seen."""
    others: tuple[str, ...] = ()
    """The other programs by name."""

    @property
    def left(self) -> int | None:
        """How many more fit."""
        return None if self.in_use is None else max(0, self.allowed - self.in_use)


@dataclass(frozen=True, slots=True)
class Messages:
    """What our own sessions send, and what one client may send."""

    last_minute: int | None
    """None: not counted, because there was no session yet."""
    allowed_per_second: int
    rejects: bool | None
    """Whether the application is set to reject what is too fast instead of slowing it down; None: not known."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A notice about a limit, explained."""

    code: int
    title: str
    """What it means, without a full stop."""
    rule: str
    """The rule that was broken; where none was, what the notice is about."""
    what_to_do: str
    text: str
    """Of the notice, on one line, nothing private in it."""
    count: int
    last: Time
    is_limit: bool
    """Whether a limit was broken at all."""
    safe_at: Time | None
    """Epoch seconds from which it is safe to go on; None: waiting is not what helps."""
    fresh_at: Time | None
    """Epoch seconds from which the whole allowance is there again, where nothing more is asked for."""
    safe: bool | None
    """Whether it is safe to go on by now; None where waiting is not what helps."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit of IB's that cannot be seen from here, in words."""

    what: str
    allowed: str
    note: IfAny[str] = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Limits and their use, for one connection."""

    connection: str
    clients: Clients
    messages: Messages
    notices: tuple[Broken, ...]
    """Latest first."""
    unheard: IfAny[str] = ""
    """Why there may be notices that were not seen."""
    heard_since: Time | None = None
    """Epoch seconds at which the session began that hears them; None: there is none."""


RULES = (
    Rule(
        "historical requests with bars up to 30 seconds, and real-time bars",
        f"{limits.HISTORICAL_REQUESTS} in any ten minutes",
        "BID_ASK counts twice; larger bars are only slowed down",
    ),
    Rule(
        "historical requests for one contract, exchange and kind of tick",
        f"{limits.SAME_CONTRACT_REQUESTS} within two seconds",
    ),
    Rule("the same historical request again", f"not within {limits.IDENTICAL_PERIOD:.0f} seconds"),
    Rule("historical requests without an answer yet", f"{limits.OPEN_HISTORICAL_REQUESTS} at a time"),
    Rule(
        "market data lines",
        f"at least {limits.LEAST_DATA_LINES} for each user",
        "shared by TWS and all programs; IB does not tell how many are in use: press Ctrl-Alt-= in TWS or IB Gateway",
    ),
    Rule(
        "market depth, and tick-by-tick data",
        f"{limits.LEAST_DEPTHS} each with {limits.LEAST_DATA_LINES} lines",
        "one more for each further hundred lines",
    ),
    Rule("tick-by-tick data of the same instrument again", f"not within {limits.TICK_BY_TICK_PERIOD:.0f} seconds"),
    Rule("scanners", f"{limits.SCANNERS} at a time"),
    Rule("account summaries", f"{limits.ACCOUNT_SUMMARIES} at a time"),
)
"""What IB allows besides: nothing in use of these can be seen by another program."""


def usage_of(facts: Facts, sent: Sequence[float] | None) -> Usage:
    """What is in use; `sent` are the monotonic times of the messages we sent there, None: there was no session yet."""
    connected = facts.session.phase is Phase.CONNECTED
    unheard = "" if connected else "there is no API session, and notices come over one"
    return Usage(
        connection=facts.connection.name,
        clients=_clients(facts),
        messages=_messages(facts, sent),
        notices=tuple(_explained(facts, n) for n in _lately(facts)),
        unheard=unheard,
        heard_since=facts.now.wall_of(facts.session.since) if connected else None,
    )


def _clients(facts: Facts) -> Clients:
    if not facts.connection.local:
        return Clients(None, None, unknown="the application runs on another computer, whose sockets cannot be seen")
    sockets = facts.machine.sockets
    if isinstance(sockets, Unknown):
        return Clients(None, None, unknown=sockets.reason)
    port = port_of(facts)
    listener = listener_at(facts.machine, port)
    if facts.session.phase is not Phase.CONNECTED and listener is None and owner_at(facts.machine, port) is None:
        return Clients(None, None, unknown=f"no application is seen on port {port}")
    count = client_count(facts)
    others = clients_of(facts)
    ours = None if count is None else count - sum(c.connections for c in others)
    hidden = sockets.value.unseen or (
        "a relay listens there, and who reaches the application past it is not seen"
        if listener is not None and listener.relay
        else ""
    )
    unknown = f"some may be missing: {hidden}" if hidden else ""
    return Clients(count, ours, unknown=unknown, others=tuple(_named(c) for c in others))


def _named(client: ApiClient) -> str:
    name = program(client)
    return name if client.connections == 1 else f"{name}, {client.connections} connections"


def _messages(facts: Facts, sent: Sequence[float] | None) -> Messages:
    now = facts.now.monotonic
    counted = None if sent is None else sum(1 for at in sent if now - OUR_MINUTE < at <= now)
    return Messages(counted, limits.messages_per_second(), _rejects(facts))


def _rejects(facts: Facts) -> bool | None:
    configuration = settings_of(facts)
    return None if configuration is None else configuration.settings.reject_messages_above_max_rate


def _lately(facts: Facts) -> list[NoticeSeen]:
    now = facts.now.monotonic
    found = [n for n in facts.session.notices if n.code in CODES and now - n.at < KEPT]
    return sorted(found, key=lambda n: -n.at)


_LINES_RULES = {
    309: f"At most {limits.LEAST_DEPTHS} market depth requests at a time with {limits.LEAST_DATA_LINES} lines.",
    322: "The allowance of tick-by-tick requests, which grows with the market data lines.",
    10190: "The allowance of tick-by-tick requests, which grows with the market data lines.",
}
_RULES_OF_KIND = {
    NoticeKind.RATE_EXCEEDED: (
        f"At most {limits.messages_per_second()} messages a second from one client with {limits.LEAST_DATA_LINES} "
        f"market data lines; after {limits.WARNINGS_BEFORE_DISCONNECT} violations TWS may end the session."
    ),
    NoticeKind.PACING: (
        f"At most {limits.HISTORICAL_REQUESTS} historical requests in any ten minutes, the same one not within "
        f"{limits.IDENTICAL_PERIOD:.0f} seconds, and no more than {limits.SAME_CONTRACT_REQUESTS} for one contract "
        "within two seconds."
    ),
    NoticeKind.LINES_EXHAUSTED: (
        f"At least {limits.LEAST_DATA_LINES} market data lines for each user, shared by TWS and all programs."
    ),
}
_UNREADABLE = frozenset({NoticeKind.HISTORICAL_REFUSED, NoticeKind.REAL_TIME_REFUSED})
"""162 or 420 with a text that is not understood, such as a translated one: it may be pacing."""


def _explained(facts: Facts, seen: NoticeSeen) -> Broken:
    kind, meaning = kind_of(seen.code, seen.text), read_notice(seen.code, seen.text)
    rule, is_limit = _rule(seen, kind)
    violations = seen.count if seen.at - seen.first < limits.HISTORICAL_PERIOD else 1
    safe = limits.safe_again(seen.code, seen.text, seen.at, violations) if is_limit else None
    pacing = is_limit and kind is not NoticeKind.RATE_EXCEEDED and safe is not None
    wall = facts.now.wall_of
    return Broken(
        code=seen.code,
        title=meaning.meaning if meaning is not None else f"Notice {seen.code}",
        rule=rule,
        what_to_do=meaning.what_to_do if meaning is not None else "Read the text of the notice.",
        text=" ".join(redact(seen.text).split()),
        count=seen.count,
        last=wall(seen.at),
        is_limit=is_limit,
        safe_at=None if safe is None else wall(safe),
        # The window of ten minutes is empty when ten minutes have passed without a request.
        fresh_at=wall(seen.at + limits.HISTORICAL_PERIOD) if pacing else None,
        safe=None if safe is None else facts.now.wall >= wall(safe),
    )


def _rule(seen: NoticeSeen, kind: NoticeKind | None) -> tuple[str, bool]:
    if kind is NoticeKind.LINES_EXHAUSTED:
        return _LINES_RULES.get(seen.code, _RULES_OF_KIND[kind]), True
    if kind in _RULES_OF_KIND:
        return _RULES_OF_KIND[kind], True
    if kind in _UNREADABLE:
        return "Perhaps none: the text does not say that it is a pacing violation, but a wait does no harm.", True
    return "None: this number says several things, and here it is not about a limit.", False


# ── telling ─────────────────────────────────────────────────────────────────────────────────────


def limits_to_json(usage: Usage) -> dict[str, Any]:
    """As a JSON object; what is not known is absent."""
    clients = present({**as_json(usage.clients), "left": usage.clients.left})
    return {**as_json(usage), "clients": clients, "rules": as_json(RULES)}
