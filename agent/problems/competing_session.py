"""Another session of the same user is active, and IB serves market data to that one.

Known from notice 10197, and from the words of 162, 420 and 10189; these are translated on a TWS in another language,
where only 10197 counts.
"""

from agent.core.facts import Facts, NoticeSeen
from agent.core.noticed import link_down, recent, told_all
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.core.telling import app_name

COMPETING_SESSION_NOTICE = 10197
_BY_TEXT = frozenset({162, 420, 10189})
"""Refusals of history, real-time bars and tick-by-tick data, whatever the reason: the text tells."""
_WORDS = ("different ip address", "competing live session")


def _check(facts: Facts) -> Verdict:
    if link_down(facts):
        return Absent()
    found = recent(facts, {COMPETING_SESSION_NOTICE, *_BY_TEXT}, says_competing)
    if not found:
        return Absent()
    return Present({"app": app_name(facts)}, told_all(facts, found))


def says_competing(notice: NoticeSeen) -> bool:
    """Whether a notice tells of another session of the same user."""
    if notice.code == COMPETING_SESSION_NOTICE:
        return True
    text = notice.text.lower()
    return notice.code in _BY_TEXT and any(words in text for words in _WORDS)


COMPETING_SESSION = Problem(
    code="competing-session",
    title="Another session of the same user is active",
    text=(
        "IB gives market data to one session per user name, and another one has it: a TWS elsewhere, the web portal "
        "or the mobile app. {app} gets no data meanwhile. A live session goes before a paper one."
    ),
    severity=Severity.ERROR,
    check=_check,
    needs_session=True,
)
