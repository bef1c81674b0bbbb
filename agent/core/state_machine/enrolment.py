"""Which connections the state holds: new ones are watched, those that are gone are let go."""

from dataclasses import replace

from agent.core.alerts.reminder import REMINDER_KEY
from agent.core.alerts.speech import notice_key, recall_shown
from agent.core.clock import Moment
from agent.core.effects import CloseSession, Effect, Withdraw
from agent.core.settings import ConnectionSettings
from agent.core.state_machine.connection import Connected, Connecting
from agent.core.state_machine.roster import roster, watched_before
from agent.core.state_machine.state import AgentState
from agent.core.state_machine.watched import Watched, fresh, locate, recalled


def update_watched(state: AgentState, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """Start watching new connections; close those that are gone and withdraw their notices."""
    after = enroll(state, now)
    kept = {w.settings.name: w for w in after.watched}
    effects: list[Effect] = []
    for old in state.watched:
        new = kept.get(old.settings.name)
        if old.number is not None and (new is None or new.number != old.number):
            effects.append(CloseSession(old.number))
        if new is None:
            told = (e.key for e in old.ledger.entries.values() if e.announced)
            effects.extend(Withdraw(notice_key(old.settings.name, key)) for key in told)
            if any(s.connection == old.settings.name and s.until is None for s in state.memory.stopped):
                # It may have been named as one that is not watched.
                effects.append(Withdraw(REMINDER_KEY))
    return after, tuple(effects)


def enroll(state: AgentState, now: Moment) -> AgentState:
    """Watch the configured connections; without a configuration, the applications found on this machine."""
    before = tuple(w.settings for w in state.watched) or watched_before(state.memory)
    wanted = roster(state.settings, before, state.machine)
    if wanted == before and state.watched:
        return state
    known = {w.settings.name: w for w in state.watched}
    watched: list[Watched] = []
    for settings in wanted:
        old = known.pop(settings.name, None)
        if old is None:
            old = fresh(settings, now)
            wish = False if any(s.connection == settings.name for s in state.memory.stopped) else None
            ledger = recall_shown(settings.name, state.memory, state.knowledge.problems, now)
            served = next((s.served for s in state.memory.served if s.connection == settings.name), None)
            old = replace(recalled(old, state.memory), wish=wish, ledger=ledger, served=served)
        if (settings.host, settings.client_id) != (old.settings.host, old.settings.client_id) or _leads_away(
            old, settings
        ):
            # The session that stands does not fit the new settings.
            old = replace(old, link=fresh(settings, now).link, session=None)
        if settings.host != old.settings.host:
            old = replace(old, ways=())
        watched.append(locate(replace(old, settings=settings), state.machine))
    return replace(state, watched=tuple(watched), urgent_since=now.monotonic)


def _leads_away(watched: Watched, settings: ConnectionSettings) -> bool:
    """Whether new settings name another port than the one that this connection uses or is connecting to."""
    match watched.link.state:
        case Connecting(port=port) | Connected(port=port):
            return settings.port not in ("auto", port)
        case _:
            return False
