"""A program that was on the API port before it was gone, or usually is at this hour, has not come back."""

from itertools import groupby

from agent.core.evidence.notices import NO_SESSION, live
from agent.core.evidence.processes import port_of
from agent.core.evidence.words import app_name, appointment, listed
from agent.core.facts import Facts, Missing
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.problems.agent_cannot_see import AGENT_CANNOT_SEE
from agent.problems.app_frozen import APP_FROZEN
from agent.problems.network_down import NETWORK_DOWN
from agent.problems.scheduled_outage import SCHEDULED_OUTAGE
from agent.problems.server_link_lost import SERVER_LINK_LOST
from agent.problems.shared.ends import session_well
from agent.problems.shared.programs import cut_off_by_move, last_seen

_TITLE_ROOM, _TEXT_ROOM = 40, 70
"""Characters that the names of programs may take."""


def _check(facts: Facts) -> Verdict:
    if not live(facts):
        return NO_SESSION
    moved = cut_off_by_move(facts)
    missing = [m for m in facts.missing if m not in moved]
    if not missing:
        return Absent()
    # Those that are missed from the same moment on are one piece of news; a later one is another.
    return tuple(_present(facts, list(group)) for _, group in groupby(missing, key=lambda m: round(m.since)))


def _present(facts: Facts, missing: list[Missing]) -> Present:
    names = [m.label for m in missing]
    one = len(missing) == 1
    lost = [m.lost_at for m in missing if m.lost_at is not None]
    session = facts.session
    back = facts.now.wall_of(session.since)
    was, has, them = ("was", "has", "It") if one else ("were", "have", "They")
    if lost:
        what = f"{was} connected until {appointment(facts, max(lost))}"
    else:
        what = f"{'is' if one else 'are'} usually connected at this hour"
    stopped = [m.label for m in missing if m.runs is False]
    running = [m.label for m in missing if m.runs]
    if len(running) == len(missing):
        then = f"{them} still {'runs' if one else 'run'}, without a connection."
    elif len(stopped) == len(missing):
        then = f"{them} {'does' if one else 'do'} not run any more."
    else:
        then = f"What only {'this program does' if one else 'these programs do'} is not done meanwhile."
    evidence = [last_seen(facts, m) for m in missing]
    evidence.append(f"the API session of Gatelight on port {port_of(facts)} has stood since {appointment(facts, back)}")
    return Present(
        {
            "app": app_name(facts),
            "port": str(session.port if session.port is not None else port_of(facts)),
            "programs": listed(names, room=_TITLE_ROOM),
            "named": listed(names, room=_TEXT_ROOM),
            "has": has,
            "what": what,
            "then": then,
        },
        tuple(evidence),
        instance=f"{missing[0].since:.0f}",
        since=facts.now.monotonic - (facts.now.wall - missing[0].since),
        programs=tuple(names),
    )


def _all_there(facts: Facts, _: str) -> dict[str, str] | None:
    return {"app": app_name(facts)} if session_well(facts) and facts.machine.taken and not facts.missing else None


PROGRAM_MISSING = Problem(
    code="program-missing",
    title="{programs} {has} not come back",
    text="{named} {what}, and {has} no connection to {app} now, although its API port {port} serves. {then}",
    severity=Severity.WARNING,
    check=_check,
    hidden_by=(AGENT_CANNOT_SEE, NETWORK_DOWN, SCHEDULED_OUTAGE, SERVER_LINK_LOST, APP_FROZEN),
    over=(GoodNews("No program is missed at {app} any more", "One was missed for {lasted}.", _all_there),),
    needs_session=True,
)
