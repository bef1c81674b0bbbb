"""The application's own daily restart: whether one is under way, and which process came out of one."""

from agent.core.evidence.api_settings import last_told
from agent.core.evidence.processes import age, is_key_of, outcome
from agent.core.facts import Facts, Known, Process
from agent.core.session_facts import Outcome, Phase
from agent.problems.shared.login import kept_off
from agent.tws.calendar import Outage

ANSWERED = frozenset({Outcome.READY, Outcome.OUTDATED, Outcome.NOT_READY, Outcome.ID_IN_USE})
"""Outcomes that prove a TWS API on the port, whatever else is wrong with it."""
_AWAY = frozenset({None, Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.CLOSED, Outcome.SILENT})
"""How attempts end, if one was made, while an application out of sight goes down and comes up."""

_MINUTES_PER_DAY = 24 * 60
_LEAD_MINUTES = 1
"""Clocks differ: a process may start a little before the set time."""


def restart_now(facts: Facts) -> Outage | None:
    """The daily restart that is under way by the clock; None when there is none."""
    restart = facts.expected.restart
    return restart if restart is not None and restart.counts_from <= facts.now.wall <= restart.ends else None


def going_down(facts: Facts, process: Process) -> bool:
    """Whether the daily restart is about to end a process.

    It closes its API port some seconds before it is gone, and may turn connections away before that.
    """
    restart = restart_now(facts)
    return restart is not None and process.started < restart.counts_from


def out_of_sight(facts: Facts) -> bool:
    """Whether the application of this connection runs where it cannot be seen: elsewhere, or in a container."""
    return not (facts.connection.local and facts.sight.ever)


def restarts_out_of_sight(facts: Facts) -> bool:
    """Whether an application that cannot be seen stays away at the time of its daily restart."""
    away = facts.session.phase is not Phase.CONNECTED and outcome(facts) in _AWAY
    return away and out_of_sight(facts) and restart_now(facts) is not None


def is_automatic_restart(facts: Facts, process: Process) -> bool:
    """Whether a process is an automatic restart of the application that has not served any program yet."""
    if _has_served(facts, process):
        return False
    if process.application.restarted:
        return True
    if facts.sight.replaced_at is None or facts.sight.last_pid != process.pid:
        return False
    return _at_restart_time(facts, process)


def allowance(facts: Facts, process: Process) -> float:
    """Seconds that an automatic restart may take.

    A planned outage of IB's excuses none that hangs: only one of which launcher.log shows that it cannot reach IB's
    servers is given until that is over.
    """
    outage = kept_off(facts, process)
    return max(facts.timing.restart_allowance, outage.ends - process.started if outage is not None else 0.0)


def _has_served(facts: Facts, process: Process) -> bool:
    """Whether its API answered us at some time after its start: then its restart is long over."""
    attempt = facts.session.attempt
    born = facts.now.monotonic - age(facts, process)
    answered = attempt is not None and attempt.outcome in ANSWERED and attempt.at > born
    return answered or is_key_of(facts.session.served_listener, process)


def _at_restart_time(facts: Facts, process: Process) -> bool:
    """Whether it started within the allowance after the set time of the daily restart."""
    restart = facts.expected.restart
    if restart is not None and restart.counts_from <= process.started <= restart.ends:
        return True
    told = last_told(facts)
    minutes = [process.hints.value.auto_restart_time] if isinstance(process.hints, Known) else []
    if told is not None and told.lock_and_exit.restarts:
        minutes.append(told.lock_and_exit.minutes_after_midnight)
    minute_of_day = facts.machine.zone.shown(process.started) / 60.0 % _MINUTES_PER_DAY
    late = ((minute_of_day - minute + _LEAD_MINUTES) % _MINUTES_PER_DAY for minute in minutes if minute is not None)
    return any(minutes * 60.0 <= facts.timing.expected_restart_allowance for minutes in late)
