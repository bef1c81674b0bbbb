"""What keeps the agent quiet now."""

from agent.core.alerts.announce import QuietRules, hushed
from agent.core.alerts.ledger import Ledger
from agent.core.clock import Moment
from agent.core.problem import Severity
from agent.core.state_machine.state import AgentState


def quiet_rules(state: AgentState, name: str, ledger: Ledger, now: Moment) -> QuietRules:
    """The rules for one connection with its ledger."""
    snoozed = {s.code for s in state.memory.snoozed if s.connection in ("", name)}
    unstable = ledger.entries.get("connection-unstable")
    return QuietRules(
        settings=state.settings.notifications,
        local_minute=_local_minute(state, now),
        paused=state.memory.paused_until is not None,
        snoozed=frozenset(snoozed),
        unstable_covers=state.timing.unstable_covers if unstable is not None and unstable.shown else 0.0,
    )


def is_quiet_hour(state: AgentState, now: Moment) -> bool:
    """Whether it is one of the user's quiet hours."""
    return any(hours.covers(_local_minute(state, now)) for hours in state.settings.notifications.quiet_hours)


def all_quiet(state: AgentState, now: Moment) -> bool:
    """Whether nothing at all may be said now: notices are paused, or it is a quiet hour."""
    return hushed(Severity.ERROR, quiet_rules(state, "", Ledger(), now)) is not None


def _local_minute(state: AgentState, now: Moment) -> int:
    return int(state.machine.zone.shown(now.wall) // 60) % 1440
