"""What an established session tells over time: farms, the link to IB's servers, heartbeats, notices.

1100 wins: while the link is down, notices that are false alarms then (200, 162, 354) are not kept.
"""

from dataclasses import dataclass, replace

from agent.core.clock import Moment
from agent.core.facts import NoticeSeen, ServerLink
from agent.core.timing import Timing
from agent.tws.farms import Farm, FarmStatus
from agent.tws.notices import farm_of, farms_of_restored, is_noise_while_link_down

LINK_LOST_CODES = frozenset({1100, 2110})
LINK_BACK_CODES = frozenset({1101, 1102})
_PROVES_LINK = frozenset({2104, 2106, 2158})
"""A farm that is OK proves an authenticated link to IB's servers."""

KEPT_NOTICES = 60
"""Different notices kept for the evidence; the oldest goes first."""

CLOCK_RESOLUTION = 1.0
"""reqCurrentTime answers whole seconds."""


@dataclass(frozen=True, slots=True)
class Heartbeats:
    """The heartbeats of one session. Times are monotonic seconds."""

    last_heard: float
    """When anything last came from the application."""
    sent: tuple[float, ...] = ()
    """When the unanswered ones were sent, oldest first."""
    asked: float | None = None
    """When the oldest one was sent whose answer has not come: a notice shows that the application lives, not how long
    it takes to answer, and comes in between at the start of every session."""

    def due(self, timing: Timing) -> float:
        """When the next one is to be sent."""
        if not self.sent:
            return self.last_heard + timing.heartbeat_every
        if len(self.sent) == 1:
            return self.sent[0] + timing.second_heartbeat
        return self.sent[-1] + timing.heartbeat_every

    def unanswered(self, now: float, timing: Timing) -> int:
        """How many have gone without an answer for the reply time-out."""
        return sum(1 for at in self.sent if now - at >= timing.reply_timeout)

    def next_verdict(self, now: float, timing: Timing) -> float | None:
        """When `unanswered` grows next; None when nothing is outstanding."""
        return min((at + timing.reply_timeout for at in self.sent if now - at < timing.reply_timeout), default=None)


@dataclass(frozen=True, slots=True)
class Session:
    """One established session, as far as it has told."""

    accounts: tuple[str, ...]
    heartbeats: Heartbeats
    latency: float | None = None
    server_link: ServerLink = ServerLink.UNKNOWN
    link_since: float | None = None
    link_code: int | None = None
    farms: tuple[Farm, ...] = ()
    data_lost_at: float | None = None
    resubscribe: tuple[str, ...] = ()
    clock_offset: float | None = None
    clock_bounds: tuple[float, float] | None = None
    """What all answers so far leave possible for server clock minus ours, seconds: one tells no more than its second,
    so that an offset near a limit would seem to come and go."""
    notices: tuple[NoticeSeen, ...] = ()


def fresh_session(now: float) -> Session:
    """A session of which nothing is known yet; `now` is monotonic."""
    return Session(accounts=(), heartbeats=Heartbeats(last_heard=now))


def heard(session: Session, now: float) -> Session:
    """Anything that comes from the application shows that it lives."""
    return replace(session, heartbeats=Heartbeats(last_heard=now, asked=session.heartbeats.asked))


def heartbeat_sent(session: Session, now: float) -> Session:
    """A heartbeat went out."""
    beats = session.heartbeats
    # Beyond a handful the answer is plain; the list must not grow while a TWS stays frozen for days.
    sent = (*beats.sent[:1], *beats.sent[1:][-4:], now)
    # One that was ignored, as TWS does with a second one within a second, must not make the next answer look slow.
    return replace(session, heartbeats=replace(beats, sent=sent, asked=beats.asked if beats.sent else now))


def heartbeat_answered(session: Session, server_time: int, now: Moment) -> Session:
    """The application told its time.

    The answer is taken as that of the first unanswered heartbeat: TWS answers in order.
    """
    asked = session.heartbeats.asked
    latency = None if asked is None else now.monotonic - asked
    session = replace(session, heartbeats=Heartbeats(last_heard=now.monotonic))
    if latency is None:
        return session
    bounds = _narrowed(session.clock_bounds, clock_bounds(server_time, now.wall, latency))
    return replace(session, latency=latency, clock_bounds=bounds, clock_offset=certain(bounds))


def clock_bounds(server_time: int, wall: float, latency: float) -> tuple[float, float]:
    """Least and most that server clock minus ours can be, in seconds.

    The server's whole second began up to 1 s before it answered, and it answered up to `latency` before now.
    """
    return server_time - wall, server_time + CLOCK_RESOLUTION - (wall - latency)


def _narrowed(before: tuple[float, float] | None, now: tuple[float, float]) -> tuple[float, float]:
    """What is left possible after one more answer; where nothing is, a clock was set, and only the new one counts."""
    if before is None:
        return now
    least, most = max(before[0], now[0]), min(before[1], now[1])
    return (least, most) if least <= most else now


def certain(bounds: tuple[float, float]) -> float:
    """As little of the offset as is certain: 0.0 where the clocks may agree."""
    least, most = bounds
    if least > 0:
        return least
    return most if most < 0 else 0.0


def notice(session: Session, code: int, text: str, request_id: int, now: float, programs: tuple[str, ...]) -> Session:
    """The application sent a notice. `programs` are the other programs connected to the API port now."""
    session = _link(heard(session, now), code, text, now, programs)
    farm = farm_of(code, text)
    if farm is not None:
        session = _farm(session, farm, now)
        if code in _PROVES_LINK and session.server_link is ServerLink.UNKNOWN:
            session = replace(session, server_link=ServerLink.UP, link_since=now, link_code=code)
        return session
    if code in LINK_LOST_CODES | LINK_BACK_CODES:
        return session
    if session.server_link is ServerLink.DOWN and is_noise_while_link_down(code):
        return session
    return replace(session, notices=_keep(session.notices, code, text, request_id, now))


def _link(session: Session, code: int, text: str, now: float, programs: tuple[str, ...]) -> Session:
    if code in LINK_LOST_CODES:
        if session.server_link is ServerLink.DOWN:
            return session
        return replace(session, server_link=ServerLink.DOWN, link_since=now, link_code=code)
    if code not in LINK_BACK_CODES:
        return session
    # Farms that were broken by the outage get their grace from here on; what was broken before it, stays so.
    lost = session.link_since if session.server_link is ServerLink.DOWN else None
    farms = tuple(
        replace(f, since=now) if f.status is FarmStatus.BROKEN and lost is not None and f.since >= lost else f
        for f in session.farms
    )
    session = replace(session, server_link=ServerLink.UP, link_since=now, link_code=code, farms=farms)
    if code == 1101:
        session = replace(session, data_lost_at=now, resubscribe=programs)
    for farm in farms_of_restored(text):
        session = _farm(session, farm, now)
    return session


def _farm(session: Session, farm: Farm, now: float) -> Session:
    old = next((f for f in session.farms if (f.name, f.kind) == (farm.name, farm.kind)), None)
    since = old.since if old is not None and old.status is farm.status else now
    # A broken farm that is being reconnected is still broken until it says OK: its since stays.
    if old is not None and old.status is FarmStatus.BROKEN and farm.status is FarmStatus.CONNECTING:
        return session
    new = replace(farm, since=since)
    others = tuple(f for f in session.farms if (f.name, f.kind) != (farm.name, farm.kind))
    return replace(session, farms=tuple(sorted((*others, new), key=lambda f: (f.kind, f.name))))


def _keep(notices: tuple[NoticeSeen, ...], code: int, text: str, request_id: int, now: float) -> tuple[NoticeSeen, ...]:
    old = next((n for n in notices if n.code == code and n.text == text), None)
    count, first = (old.count + 1, old.first) if old is not None else (1, now)
    seen = NoticeSeen(code=code, text=text, at=now, request_id=request_id, count=count, first=first)
    return (*(n for n in notices if n is not old), seen)[-KEPT_NOTICES:]
