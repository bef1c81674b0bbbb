"""Reads the notices of our session: which of them still count, and which are only noise of an outage."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.core.evidence.processes import standing_outcome
from agent.core.evidence.words import at, clock, quoted
from agent.core.facts import Facts, Purpose
from agent.core.problem import Undecided
from agent.core.session_facts import NoticeSeen, Outcome, Phase, ServerLink
from agent.tws.calendar import Outage, OutageKind
from agent.tws.notices import IbCode, NoticeClass, NoticeKind, is_noise_while_link_down, problem_of, read_notice

NO_SESSION = Undecided("there is no API session that could tell")
"""The answer of every check that needs a session while there is none."""

TOO_EARLY = Undecided("the session has just begun, and the application has not told yet")
"""The answer while `may_still_tell` holds."""

LINK_IS_DOWN = Undecided("the link to IB’s servers is down: what was seen before stands until it is back")
"""The answer of a check while the link is down: what it saw before stands, since a lost link is no cure."""

_LINES_OF_EVIDENCE = 5
"""Notices told one by one; more of them are counted."""


def live(facts: Facts) -> bool:
    """Whether a session can be judged: it stands, or it is the short one of a `doctor` that has just ended."""
    if facts.session.phase is Phase.CONNECTED:
        return True
    attempt = facts.session.attempt
    return facts.purpose is Purpose.DOCTOR and attempt is not None and attempt.outcome is Outcome.READY


_WEIGHT = {
    NoticeKind.PAPER_DISCLAIMER: 0,
    NoticeKind.NOT_ALLOWED: 1,
    NoticeKind.APP_LOCKED: 1,
    NoticeKind.APP_OUTDATED: 1,
    NoticeKind.LINK_LOST: 2,
}
"""Ranks the notices that explain why no session starts: the least explains best. Others rank behind; mere information
does not count."""


def told_before_ready(facts: Facts) -> tuple[NoticeSeen, ...]:
    """What the application said in the latest attempt, which it answered without letting a session begin."""
    attempt = facts.session.attempt
    kept_off = attempt is not None and not live(facts) and standing_outcome(facts) is Outcome.NOT_READY
    return attempt.notices if attempt is not None and kept_off else ()


def kept_off_by(facts: Facts) -> tuple[NoticeSeen, IbCode] | None:
    """The notice that explains best why no session starts; None where none does."""
    read = [(n, known) for n in told_before_ready(facts) if (known := read_notice(n.code, n.text)) is not None]
    meant = [(n, known) for n, known in read if known.klass is not NoticeClass.INFORMATION]
    return min(meant, key=lambda pair: _WEIGHT.get(pair[1].kind, 3), default=None)


@dataclass(frozen=True, slots=True)
class LinkLossTold:
    """That the application has lost its link to IB's servers, as it told us."""

    code: int
    """The notice that said so."""
    since: float
    """Monotonic time since which it is known."""
    before: bool
    """It was so before that."""


def link_loss(facts: Facts) -> LinkLossTold | None:
    """The loss that our session was told of, or that the latest attempt was told of where nothing else keeps a session
    off; None where there is none."""
    session = facts.session
    if link_down(facts):
        code = 1100 if session.link_code is None else session.link_code
        since = session.since if session.link_since is None else session.link_since
        return LinkLossTold(code, since, code == _BROKEN_ALREADY and since - session.since < facts.timing.young_session)
    found = kept_off_by(facts)
    if found is None or found[1].kind is not NoticeKind.LINK_LOST:
        return None
    return LinkLossTold(found[0].code, found[0].first, before=True)


_BROKEN_ALREADY = 2110
"""The notice that a session begun during an outage is told."""


def link_down(facts: Facts) -> bool:
    """Whether the application has told our session that its link to IB's servers is gone."""
    return live(facts) and facts.session.server_link is ServerLink.DOWN


def link_shown_by(facts: Facts) -> str:
    """What shows that the link is up again where no notice has said so, like "as the data farms show"; else empty."""
    session = facts.session
    if not live(facts) or session.server_link is not ServerLink.UP or session.link_lost_at is None:
        return ""
    return "as live market data shows" if session.link_code is None else "as the data farms show"


def planned(facts: Facts, since: float) -> Outage | None:
    """IB's own outage that explains a loss which began at `since` (monotonic seconds); None when none does.

    One that began before the window has another cause. Where the region of the log-in is not known, the reset of some
    region explains a loss only for `timing.reset_elsewhere`.
    """
    outage = facts.expected.outage
    if outage is None or facts.now.wall_of(since) < outage.began:
        return None
    elsewhere = outage.kind is OutageKind.RESET and outage.region is None
    if elsewhere and facts.now.monotonic - since >= facts.timing.reset_elsewhere:
        return None
    return outage


def may_still_tell(facts: Facts) -> bool:
    """Whether a session is so young that the notices of its start may still come. Until then, what an earlier session
    told is not over.
    """
    session = facts.session
    watching = facts.purpose is Purpose.WATCH and session.server_link is ServerLink.UNKNOWN
    return watching and facts.now.monotonic - session.since < facts.timing.young_session


def recent(facts: Facts, problem: str) -> tuple[NoticeSeen, ...]:
    """The notices that point to a problem (its code) and still count, latest first.

    A notice counts for `timing.notice_lasting`, and only in the session that stands, or in the latest attempt where
    that failed. Noise of an outage does not count while the link is down.
    """
    told = facts.session.notices if live(facts) else told_before_ready(facts)
    found = [
        n
        for n in told
        if facts.now.monotonic - n.at < facts.timing.notice_lasting
        and problem_of(n.code, n.text) == problem
        and not (link_loss(facts) is not None and is_noise_while_link_down(n.code))
    ]
    return tuple(sorted(found, key=lambda n: -n.at))


def notice_line(facts: Facts, notice: NoticeSeen) -> str:
    """One line of evidence, like "notice 420 at 14:03:22 (5 min ago), 3 times since 14:01:10: “…”"."""
    times = f", {notice.count} times since {clock(facts, notice.first)}" if notice.count > 1 else ""
    words = quoted(notice.text)
    return f"notice {notice.code} {at(facts, notice.at)}{times}{': ' + words if words else ''}"


def told_all(facts: Facts, notices: Sequence[NoticeSeen]) -> tuple[str, ...]:
    """Evidence for several notices: the first few as `notice_line` tells them, the rest counted."""
    lines = [notice_line(facts, n) for n in notices[:_LINES_OF_EVIDENCE]]
    if len(notices) > _LINES_OF_EVIDENCE:
        lines.append(f"{len(notices) - _LINES_OF_EVIDENCE} more notices of this kind")
    return tuple(lines)
