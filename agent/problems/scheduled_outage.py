"""Something is away as planned: IB's servers in their reset or weekend window, or the application in its restart.

A calm session inside such a window is no outage: nothing is shown then.
"""

from agent.core.evidence.api_settings import as_told, daily_time, last_told
from agent.core.evidence.notices import link_loss, live, planned
from agent.core.evidence.processes import chosen
from agent.core.evidence.words import app_name, appointment, at, clock
from agent.core.facts import Facts, Known, Unknown
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Undecided, Verdict
from agent.problems.shared.ends import link_up, runs, when
from agent.problems.shared.restart import out_of_sight, restart_now, restarts_out_of_sight
from agent.problems.shared.words import outage_reason
from agent.tws.calendar import Outage, OutageKind


def _check(facts: Facts) -> Verdict:
    loss = link_loss(facts)
    if loss is not None and facts.machine.network != Known(False):
        outage = planned(facts, loss.since)
        if outage is None:
            return Absent()
        seen = f"notice {loss.code} {at(facts, loss.since)}"
        return _present(facts, outage, f"{app_name(facts)}’s link to IB’s servers", seen)
    restart = restart_now(facts)
    return _restart(facts, restart) if restart is not None and not live(facts) else Absent()


def _restart(facts: Facts, restart: Outage) -> Verdict:
    if out_of_sight(facts):
        lost = facts.session.losses[-1] if facts.session.losses else facts.session.since
        seen = f"{app_name(facts)} has not answered since {clock(facts, lost)}"
        return _present(facts, restart, app_name(facts), seen) if restarts_out_of_sight(facts) else Absent()
    if isinstance(facts.machine.processes, Unknown):
        return Undecided(facts.machine.processes.reason)
    if chosen(facts) is not None:
        # It is back: until its API port is open, that it starts is all there is to say, and app-starting says it.
        return Absent()
    # Without a process that was seen, it is not known since when.
    gone = facts.sight.gone_since if facts.sight.last_pid is not None else None
    seen = "is not running" if gone is None else f"has not been running since {clock(facts, gone)}"
    return _present(facts, restart, app_name(facts), f"{app_name(facts)} {seen}")


def _present(facts: Facts, outage: Outage, away: str, seen: str) -> Present:
    until = appointment(facts, outage.ends)
    reason = outage_reason(facts, outage)
    args = {"app": app_name(facts), "reason": reason, "until": until, "away": away}
    window = f"{reason} is expected from {appointment(facts, outage.began)} to {until} local time"
    return Present(args, (seen, window, *_as_told(facts, outage)))


def _as_told(facts: Facts, outage: Outage) -> tuple[str, ...]:
    told = last_told(facts)
    time = daily_time(told.lock_and_exit) if told is not None and told.lock_and_exit.restarts else None
    if outage.kind is not OutageKind.RESTART or time is None:
        return ()
    return (f"“Auto restart” is set to {time}, {as_told(facts)}",)


SCHEDULED_OUTAGE = Problem(
    code="scheduled-outage",
    title="Planned outage, back by {until}",
    text=(
        "{away} is away for {reason}. This is planned, and no action is needed. "
        "It should be back by {until} local time, often much earlier."
    ),
    severity=Severity.INFO,
    check=_check,
    over=(
        GoodNews("{app} is connected to IB", "The planned outage took {lasted}.", when(link_up)),
        GoodNews("{app} is running", "The planned outage took {lasted}.", when(runs)),
    ),
    expected=True,
)
