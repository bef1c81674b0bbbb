"""One of IB's data farms has been out of reach for longer than a flap (notice 2103, 2105 or 2157).

Inactive is normal, the farm wakes on demand; connecting is on its way: neither counts.
"""

from agent.core.evidence.notices import NO_SESSION, TOO_EARLY, live, may_still_tell, planned
from agent.core.evidence.words import app_name, at, listed
from agent.core.facts import Facts, Purpose
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Undecided, Verdict
from agent.problems.server_link_lost import SERVER_LINK_LOST
from agent.problems.shared.ends import session_well
from agent.tws.farms import Farm, FarmKind, FarmStatus

_NOTICE = {FarmKind.MARKET_DATA: 2103, FarmKind.HISTORICAL: 2105, FarmKind.SECURITY_DEFINITION: 2157}
_EFFECT = {
    FarmKind.MARKET_DATA: "Quotes it serves stand still",
    FarmKind.HISTORICAL: "Requests for past prices and charts fail or wait",
    FarmKind.SECURITY_DEFINITION: "Contracts may wrongly seem not to exist",
}


TOLD_AT_ONCE = Undecided("the session began with a broken farm, which may heal within the usual time")
"""Since when it is broken an earlier session may have told: that one ended is no cure."""


def _check(facts: Facts) -> Verdict:
    if not live(facts):
        return NO_SESSION
    if may_still_tell(facts):
        return TOO_EARLY
    down = [f for f in facts.session.farms if f.status is FarmStatus.BROKEN]
    broken = [f for f in down if _lasts(facts, f)]
    found = tuple(
        _present(facts, kind, [f for f in broken if f.kind is kind])
        for kind in FarmKind
        if any(f.kind is kind for f in broken)
    )
    if not found and any(f.since - facts.session.since < facts.timing.young_session for f in down):
        return TOLD_AT_ONCE
    return found or Absent()


def _lasts(facts: Facts, farm: Farm) -> bool:
    """Whether it is more than a flap, and more than IB's reset of its servers explains."""
    if facts.purpose is Purpose.DOCTOR:
        return True
    return facts.now.monotonic - farm.since >= facts.timing.farm_grace and planned(facts, farm.since) is None


def _present(facts: Facts, kind: FarmKind, farms: list[Farm]) -> Present:
    evidence = [f"notice {_NOTICE[kind]} {at(facts, f.since)}: the {kind.title} farm {f.name} is broken" for f in farms]
    well = [f.name for f in facts.session.farms if f.status is FarmStatus.OK]
    if well:
        evidence.append(f"farms that are connected: {listed(well)}")
    args = {
        "app": app_name(facts),
        "kind": kind.title,
        "farms": listed((f.name for f in farms), room=50),
        "effect": _EFFECT[kind],
    }
    return Present(args, tuple(evidence), instance=kind.value, since=min(f.since for f in farms))


def _back(facts: Facts, kind: str) -> dict[str, str] | None:
    """An inactive farm wakes on demand, which is no proof that it can be reached: one that is connected is."""
    farms = {f.status for f in facts.session.farms if f.kind.value == kind}
    well = session_well(facts) and FarmStatus.OK in farms and FarmStatus.BROKEN not in farms
    return {"kind": FarmKind(kind).title} if well else None


DATA_FARM_BROKEN = Problem(
    code="data-farm-broken",
    title="IB’s {kind} farm is out of reach",
    text=(
        "{app} is logged in, but cannot reach the {kind} farm {farms}. {effect}. "
        "What other farms serve is not affected."
    ),
    severity=Severity.WARNING,
    check=_check,
    over=(GoodNews("IB’s {kind} farm is within reach again", "It was out of reach for {lasted}.", _back),),
    needs_session=True,
    hidden_by=(SERVER_LINK_LOST,),
    fix="reconnect-data",
)
