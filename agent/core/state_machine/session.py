"""What an established session tells over time: farms, the link to IB's servers, heartbeats, notices.

1100 wins: while the link is down, notices that are false alarms then (200, 162, 354) are not kept.
"""

from collections import Counter
from dataclasses import dataclass, replace

from agent.core.clock import Moment
from agent.core.facts import Fact, Known
from agent.core.session_facts import Flood, NoticeSeen, ServerLink, Subscriber
from agent.core.timing import Timing
from agent.tws.api_settings import ConfigResponse
from agent.tws.applications import is_paper
from agent.tws.farms import Farm, FarmStatus
from agent.tws.notices import (
    FARM_OK_CODES,
    NoticeKind,
    farm_of,
    farms_of_restored,
    is_noise_while_link_down,
    kind_of,
    lookup,
)
from agent.tws.outside import RawName

LINK_LOST_CODES = frozenset({1100, 2110})
LINK_BACK_CODES = frozenset({1101, 1102})

KEPT_NOTICES = 60
"""Different notices kept for the evidence; of those whose number means nothing here the oldest goes first."""
KEPT_FARMS = 64
"""Farms kept; IB has some thirty. What is named besides is counted, and a broken farm takes the place of another."""
COUNTED_FARMS = 1000
"""Farms counted besides at most: beyond that the number says no more."""
KEPT_ACCOUNTS = 200
"""Accounts of one log-in that are kept; the others are counted."""

BUSY_RATE = 100.0
"""Messages a second from which on a second is busy: our session asks for the time and for nothing else, so that a few
dozen notices after a log-in or a reset of the farms are the most that comes."""
FLOODS_AFTER = 3.0
"""Seconds of busy ones after which a session counts as flooding; a burst of notices is over before."""
FLOOD_OVER_AFTER = 5.0
"""Seconds without a busy one after which it is over."""

_LATE = 0.1
"""Seconds by which this program may be late and still call a latency measured."""

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
    """When the oldest unanswered one was sent. A notice in between shows that the application lives, not how long it
    takes to answer."""
    owed: float | None = None
    """When the oldest one was sent whose answer may still come, as it may of one that seemed to be ignored."""
    latest: float | None = None
    """When the latest one was sent that has not been answered."""

    def due(self, timing: Timing) -> float:
        """When the next one is due."""
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
class LinkLoss:
    """A loss of the link to IB's servers, as 1100 or 2110 told it."""

    at: float
    """Monotonic time of the notice."""
    code: int
    farms_back: frozenset[tuple[str, str]] = frozenset()
    """Kind and name of the farms that connected anew since: each of them proves an authenticated link."""


@dataclass(frozen=True, slots=True)
class Session:
    """One established session, as far as it has told."""

    accounts: tuple[RawName, ...]
    heartbeats: Heartbeats
    accounts_more: int = 0
    latency: float | None = None
    server_link: ServerLink = ServerLink.UNKNOWN
    link_since: float | None = None
    link_code: int | None = None
    loss: LinkLoss | None = None
    """The loss after which neither 1101 nor 1102 has come; the link may be back all the same."""
    farms: tuple[Farm, ...] = ()
    farms_besides: frozenset[tuple[str, str]] = frozenset()
    """Kind and name of farms that are not kept."""
    flood: Flood | None = None
    data_lost_at: float | None = None
    resubscribe: tuple[Subscriber, ...] | None = None
    clock_offset: float | None = None
    clock_bounds: tuple[float, float] | None = None
    """What all answers so far leave possible for server clock minus ours, seconds: one tells no more than its second,
    so that an offset near a limit would seem to come and go."""
    notices: tuple[NoticeSeen, ...] = ()


def fresh_session(now: float) -> Session:
    """A session of which nothing is known yet; `now` is monotonic."""
    return Session(accounts=(), heartbeats=Heartbeats(last_heard=now))


def session_heard(session: Session, now: float) -> Session:
    """Anything that comes from the application shows that it lives."""
    return replace(session, heartbeats=replace(session.heartbeats, last_heard=now, sent=()))


def heartbeat_sent(session: Session, now: float) -> Session:
    """A heartbeat went out."""
    beats = session.heartbeats
    # Beyond a handful the answer is plain; the list must not grow while a TWS stays frozen for days.
    sent = (*beats.sent[:1], *beats.sent[1:][-4:], now)
    # One that was ignored, as TWS does with a second one within a second, must not make the next answer look slow.
    asked = beats.asked if beats.sent else now
    owed = now if beats.owed is None else beats.owed
    return replace(session, heartbeats=replace(beats, sent=sent, asked=asked, owed=owed, latest=now))


def heartbeat_answered(session: Session, server_time: int, now: Moment, late: float = 0.0) -> Session:
    """The application told its time; `late` are the seconds for which this program itself kept the answer waiting.

    The answer is taken as that of the first unanswered heartbeat: TWS answers in order. For the clock it may be that of
    an earlier one that seemed to be ignored: then it may be as old as that.
    """
    beats = session.heartbeats
    # The answer of the latest one may still come, if this was the answer of an earlier one.
    rest = beats.latest if beats.asked is not None and beats.owed != beats.latest else None
    session = replace(session, heartbeats=Heartbeats(last_heard=now.monotonic, owed=rest))
    if beats.asked is None or beats.owed is None:
        return session
    took = now.monotonic - beats.asked
    bounds = _narrowed(session.clock_bounds, clock_bounds(server_time, now.wall, now.monotonic - beats.owed))
    session = replace(session, clock_bounds=bounds, clock_offset=certain(bounds))
    # What was measured while we were late says nothing about the application.
    measured = session.latency is None or (late < _LATE and took >= 0.0)
    return replace(session, latency=max(0.0, took - late)) if measured else session


def messages_came(session: Session, rate: float, held: bool, now: float) -> Session:
    """So many messages came a second over the last one."""
    flood = flood_at(session, now)
    if rate >= BUSY_RATE or held:
        if flood is None:
            flood = Flood(since=now, rate=rate, held=held)
        present = flood.present or now - flood.since >= FLOODS_AFTER
        flood = replace(flood, rate=max(rate, flood.rate), held=flood.held or held, present=present, last=now)
    return replace(session_heard(session, now), flood=flood)


def flood_at(session: Session, now: float) -> Flood | None:
    """The flood, unless it is over by now."""
    flood = session.flood
    return flood if flood is not None and now - flood.last < FLOOD_OVER_AFTER else None


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


def notice_came(
    session: Session, code: int, text: str, request_id: int, now: float, programs: tuple[Subscriber, ...] | None
) -> Session:
    """The application sent a notice. `programs` are the other programs on the API port now; None: not seen."""
    session = _link(session_heard(session, now), code, text, now, programs)
    farm = farm_of(code, text)
    if farm is not None:
        return _link_by_farm(session, _farm(session, farm, now), farm, code, now)
    if code in LINK_LOST_CODES | LINK_BACK_CODES:
        return session
    if session.server_link is ServerLink.DOWN and is_noise_while_link_down(code):
        return session
    return replace(session, notices=_keep(session.notices, code, text, request_id, now))


def without_refuted(session: Session | None, configuration: Fact[ConfigResponse]) -> Session | None:
    """The session without refusals for Read-Only API that the application's own answer has refuted since.

    Nothing later may rest on them: not even when the settings cannot be had any more.
    """
    told = configuration.value.settings.read_only_api if isinstance(configuration, Known) else None
    if session is None or told is not False:
        return session
    kept = tuple(n for n in session.notices if kind_of(n.code, n.text) is not NoticeKind.READ_ONLY)
    return session if len(kept) == len(session.notices) else replace(session, notices=kept)


def told_so_far(session: Session | None, before: tuple[NoticeSeen, ...] = ()) -> tuple[NoticeSeen, ...]:
    """The notices of a session, a lost link among them; none where no session began.

    `before`: the notices of the attempt before, where that failed in the same way. A notice that repeats one of them
    counts from its first time.
    """
    if session is None:
        return ()
    told, since, code = session.notices, session.link_since, session.link_code
    if session.server_link is ServerLink.DOWN and since is not None and code is not None:
        lost = NoticeSeen(code=code, text="", at=since, first=since)
        told = tuple(sorted((*told, lost), key=lambda n: n.at))
    first = {(n.code, n.text): n for n in before}
    return tuple(
        replace(n, first=old.first, count=old.count + n.count) if (old := first.get((n.code, n.text))) else n
        for n in told
    )


def _link(session: Session, code: int, text: str, now: float, programs: tuple[Subscriber, ...] | None) -> Session:
    if code in LINK_LOST_CODES:
        if session.server_link is ServerLink.DOWN:
            return session
        loss = LinkLoss(now, code)
        return replace(session, server_link=ServerLink.DOWN, link_since=now, link_code=code, loss=loss)
    if code not in LINK_BACK_CODES:
        return session
    session = replace(_link_is_back(session, now, code), loss=None)
    if code == 1101:
        session = replace(session, data_lost_at=now, resubscribe=programs)
    for farm in farms_of_restored(text):
        session = _farm(session, farm, now)
    return session


def _link_is_back(session: Session, now: float, code: int | None) -> Session:
    """Farms that were broken by the outage get their grace from here on; what was broken before it, stays so."""
    lost = session.link_since if session.server_link is ServerLink.DOWN else None
    farms = tuple(
        replace(f, since=now) if f.status is FarmStatus.BROKEN and lost is not None and f.since >= lost else f
        for f in session.farms
    )
    return replace(session, server_link=ServerLink.UP, link_since=now, link_code=code, farms=farms)


def _link_by_farm(before: Session, session: Session, farm: Farm, code: int, now: float) -> Session:
    """What a farm notice says about the link to IB's servers: a farm that connects proves the link, unless its notice
    may have been sent before the loss.

    After a loss the notice that the link is back may never come. A farm counts then that this session knew before and
    that connects anew; when all of those break again without another word, the loss has not ended.
    """
    loss, key = session.loss, (farm.kind.value, farm.name)
    if loss is None:
        if farm.status is FarmStatus.OK and session.server_link is ServerLink.UNKNOWN:
            return replace(session, server_link=ServerLink.UP, link_since=now, link_code=code)
        return session
    if farm.status is FarmStatus.OK and any((f.kind.value, f.name) == key for f in before.farms):
        session = replace(session, loss=replace(loss, farms_back=loss.farms_back | {key}))
        return session if session.server_link is ServerLink.UP else _link_is_back(session, now, code)
    if farm.status is FarmStatus.BROKEN and key in loss.farms_back:
        loss = replace(loss, farms_back=loss.farms_back - {key})
        session = replace(session, loss=loss)
        if not loss.farms_back and session.link_code in FARM_OK_CODES:
            return replace(session, server_link=ServerLink.DOWN, link_since=loss.at, link_code=loss.code)
    return session


def data_came(session: Session, asked_at: float, now: float) -> Session:
    """Market data came live that was asked for at `asked_at`: after a loss it proves that the link is back."""
    if session.server_link is not ServerLink.DOWN or session.loss is None or asked_at <= session.loss.at:
        return session
    return _link_is_back(session, now, None)


def _farm(session: Session, farm: Farm, now: float) -> Session:
    old = next((f for f in session.farms if f.name == farm.name and f.kind is farm.kind), None)
    if old is not None and old.status is farm.status:
        return session
    if old is None and len(session.farms) >= KEPT_FARMS:
        return _farm_too_many(session, farm, now)
    # A broken farm that is being reconnected is still broken until it says OK: its since stays.
    if old is not None and old.status is FarmStatus.BROKEN and farm.status is FarmStatus.CONNECTING:
        return session
    return _with_farm(session, old, replace(farm, since=now))


def _with_farm(session: Session, instead: Farm | None, new: Farm) -> Session:
    """A farm put in, in place of another where one is given."""
    others = (f for f in session.farms if f is not instead)
    return replace(session, farms=tuple(sorted((*others, new), key=lambda f: (f.kind, f.name))))


def _farm_too_many(session: Session, farm: Farm, now: float) -> Session:
    """A farm beyond those that are kept is only counted; a broken one takes the place of one that is not."""
    left_out = farm
    if farm.status is FarmStatus.BROKEN:
        well = next((f for f in session.farms if f.status is not FarmStatus.BROKEN), None)
        if well is not None:
            left_out = well
            session = _with_farm(session, well, replace(farm, since=now))
    besides = session.farms_besides - {(farm.kind.value, farm.name)} if left_out is not farm else session.farms_besides
    key = (left_out.kind.value, left_out.name)
    if key not in besides and len(besides) < COUNTED_FARMS:
        besides |= {key}
    return session if besides is session.farms_besides else replace(session, farms_besides=besides)


def of_accounts(accounts: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
    """The accounts that are kept, and how many there are besides; of live and paper ones, both kinds are kept."""
    kept, left = accounts[:KEPT_ACCOUNTS], accounts[KEPT_ACCOUNTS:]
    kinds = {is_paper(a) for a in kept}
    other = next((a for a in left if is_paper(a) not in kinds), None)
    return (kept if other is None else (*kept[:-1], other)), len(left)


def _keep(notices: tuple[NoticeSeen, ...], code: int, text: str, request_id: int, now: float) -> tuple[NoticeSeen, ...]:
    old = next((n for n in reversed(notices) if n.code == code and n.text == text), None)
    count, first = (old.count + 1, old.first) if old is not None else (1, now)
    seen = NoticeSeen(code=code, text=text, at=now, request_id=request_id, count=count, first=first)
    kept = (*(n for n in notices if n is not old), seen)
    if len(kept) <= KEPT_NOTICES:
        return kept
    # What problems are judged from is not pushed out by numbers that mean nothing, nor by one number with many texts.
    counts = Counter(n.code for n in kept)
    rank = {code: (lookup(code) is not None, -count) for code, count in counts.items()}
    goes = min(range(len(kept)), key=lambda i: rank[kept[i].code])
    return kept[:goes] + kept[goes + 1 :]
