"""Decides when to ask for the API settings, over a short second connection, and keeps the answer.

Asked after a connect, on request, after something changed, while a user follows steps that change a setting, and
otherwise every half hour. Not asked while the main session gets no answer, nor again of an application too old to tell.
"""

from collections.abc import Set
from dataclasses import dataclass, field, replace

from agent.core.client_ids import spare_ids
from agent.core.effects import AskSettings, Record
from agent.core.evidence.processes import same_listener
from agent.core.facts import Fact, Known, SettingsTold, Unknown
from agent.core.problem import Severity
from agent.core.settings import ConnectionSettings
from agent.core.state_machine.connection import Connected, Link
from agent.core.state_machine.session import Session
from agent.core.timing import Timing
from agent.tws.api_settings import CONFIG_SINCE, ConfigResponse
from agent.tws.api_settings_table import FIELDS

_SHORTEST_GAP = 2.0
"""Least seconds between two questions: each takes a client's place for a moment."""
LOST_AFTER = 30.0
"""Seconds after which a question that brought no answer at all, not even a failure, no longer counts as under way."""

NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What one connection knows of its application's settings, and the question under way. Times are monotonic."""

    told: SettingsTold = field(default_factory=SettingsTold)
    session: int | None = None
    """Number of the session in which it was last asked."""
    asked_at: float | None = None
    """When the question under way was sent; None: there is none."""
    wanted_at: float | None = None
    """When a new answer was first wanted."""
    followed_until: float = float("-inf")
    """Until when a user follows steps that change a setting."""
    sent_at: float | None = None
    """When the question was sent that brought the latest answer."""
    asked: int = 0
    """How often it was asked; spreads the client IDs."""


def inquiry_wanted(inquiry: Inquiry, now: float) -> Inquiry:
    """A new answer is wanted."""
    return replace(inquiry, wanted_at=now)


def inquiry_followed(inquiry: Inquiry, now: float, timing: Timing) -> Inquiry:
    """A user has the steps on the screen: a change is noticed soon."""
    return replace(inquiry, followed_until=now + timing.settings_followed)


def inquiry_due(inquiry: Inquiry, link: Link, session: Session | None, timing: Timing, now: float) -> float:
    """Monotonic time from which on the next question may go out; `NEVER` while it depends on something else."""
    state = link.state
    if session is None or not isinstance(state, Connected):
        return NEVER
    if session.latency is None or session.heartbeats.unanswered(now, timing):
        # The main session comes first: an application that has not answered it gets no second one.
        return NEVER
    told = inquiry.told
    known = told.at is not None and same_listener(told.listener_key, state.listener_key)
    if known and told.server_version is not None and told.server_version < CONFIG_SINCE:
        return NEVER
    if inquiry.asked_at is not None and inquiry.session == state.number:
        return inquiry.asked_at + LOST_AFTER
    last = told.at if told.at is not None else float("-inf")
    sent = inquiry.sent_at if inquiry.sent_at is not None else float("-inf")
    # An answer to an earlier question may be older than the change in question.
    if inquiry.wanted_at is not None and inquiry.wanted_at > sent:
        return max(inquiry.wanted_at, last + _SHORTEST_GAP)
    if not known:
        return state.since
    if inquiry.session != state.number:
        # A session that breaks again and again is not asked over a second one.
        return max(state.since, last + timing.handshake_every)
    if inquiry.followed_until > now:
        return last + timing.handshake_every
    return last + timing.settings_every


def ask_if_due(
    inquiry: Inquiry, connection: ConnectionSettings, link: Link, avoid_ids: Set[int], now: float
) -> tuple[Inquiry, tuple[AskSettings, ...]]:
    """Send the question."""
    state = link.state
    if not isinstance(state, Connected):
        return inquiry, ()
    effect = AskSettings(
        number=state.number,
        host=connection.dialled,
        port=state.port,
        client_ids=spare_ids(avoid_ids | link.refused_ids, state.number * 5 + inquiry.asked),
    )
    return replace(inquiry, session=state.number, asked_at=now, asked=inquiry.asked + 1), (effect,)


def take_answer(
    inquiry: Inquiry, listener_key: str, configuration: Fact[ConfigResponse], server_version: int | None, now: float
) -> Inquiry:
    """Take in what came of it."""
    told = SettingsTold(configuration, now, server_version, listener_key)
    return replace(inquiry, told=told, asked_at=None, sent_at=inquiry.asked_at)


def settings_news(name: str, before: Fact[ConfigResponse], now: Fact[ConfigResponse]) -> tuple[Record, ...]:
    """A line for the log where what is known of the API settings changed."""
    if now == before:
        return ()
    match now:
        case Unknown(reason):
            return (Record(Severity.INFO, f"{name}: the API settings are not known: {reason}", connection=name),)
        case Known(told):
            earlier = before.value if isinstance(before, Known) else None
            changed = [s.name for s in FIELDS if earlier is not None and earlier.value(s) != told.value(s)]
            what = f"changed: {', '.join(changed)}" if changed else f"told, {len(told.present)} of {len(FIELDS)}"
            return (Record(Severity.INFO, f"{name}: API settings {what}", connection=name),)
