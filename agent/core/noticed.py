"""Reading the notices of our session: which still count, which are only noise of an outage."""

from collections.abc import Callable, Collection, Sequence

from agent.core.facts import Facts, NoticeSeen, Outcome, Phase, Purpose, ServerLink
from agent.core.problem import Undecided
from agent.core.telling import ago, clock, quoted

NO_SESSION = Undecided("there is no API session that could tell")
"""The answer of every check that needs a session while there is none."""

NOISE_OF_OUTAGE = frozenset({162, 200, 354})
"""Notices that IB's side sends falsely while the link to its servers is down: then they mean nothing."""

_LINES_OF_EVIDENCE = 5
"""Notices told one by one; more of them are counted."""


def live(facts: Facts) -> bool:
    """Whether a session can be judged: it stands, or it is the short one of a `doctor` that has just ended."""
    if facts.session.phase is Phase.CONNECTED:
        return True
    attempt = facts.session.attempt
    return facts.purpose is Purpose.DOCTOR and attempt is not None and attempt.outcome is Outcome.READY


def link_down(facts: Facts) -> bool:
    """Whether the application has told our session that its link to IB's servers is gone."""
    return live(facts) and facts.session.server_link is ServerLink.DOWN


def recent(
    facts: Facts, codes: Collection[int], wanted: Callable[[NoticeSeen], bool] | None = None
) -> tuple[NoticeSeen, ...]:
    """The notices with one of these codes that still count, latest first.

    One counts for `timing.notice_lasting`, and only within a session that stands; what is noise of an outage does not
    count while the link is down.
    """
    if not live(facts):
        return ()
    noise = NOISE_OF_OUTAGE if link_down(facts) else frozenset()
    found = [
        n
        for n in facts.session.notices
        if n.code in codes
        and n.code not in noise
        and facts.now.monotonic - n.at < facts.timing.notice_lasting
        and (wanted is None or wanted(n))
    ]
    return tuple(sorted(found, key=lambda n: -n.at))


def told(facts: Facts, notice: NoticeSeen) -> str:
    """One line of evidence, like "notice 420 at 14:03:22 (5 min ago), 3 times since 14:01:10: “…”"."""
    times = f", {notice.count} times since {clock(facts, notice.first)}" if notice.count > 1 else ""
    words = quoted(notice.text)
    return f"notice {notice.code} {ago(facts, notice.at)}{times}{': ' + words if words else ''}"


def told_all(facts: Facts, notices: Sequence[NoticeSeen]) -> tuple[str, ...]:
    """Evidence for several notices: the first few as `told` tells them, the rest counted."""
    lines = [told(facts, n) for n in notices[:_LINES_OF_EVIDENCE]]
    if len(notices) > _LINES_OF_EVIDENCE:
        lines.append(f"{len(notices) - _LINES_OF_EVIDENCE} more notices of this kind")
    return tuple(lines)
