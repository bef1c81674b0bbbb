"""The reports of relays that lead to one application, as one report: the limits are those of TWS, not of a relay.

Market data lines and the windows of historical requests belong to the user who is logged in, the 32 clients to the
application; only the message rate is each connection’s own (IBKR’s documentation: `tws.limits`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from agent.core.clock import Moment
from agent.core.relay_facts import SLOW_CALM, NearMark, application_at, spelled_application
from agent.tws.limits import (
    HISTORICAL_PERIOD,
    HISTORICAL_REQUESTS,
    IDENTICAL_PERIOD,
    LEAST_DATA_LINES,
    SAME_CONTRACT_PERIOD,
    SAME_CONTRACT_REQUESTS,
)

Report = Mapping[str, Any]
"""What one relay tells, as `relay.report` makes it."""
_SHARED = ("application", "to", "relays", "written", "lines", "clients", "history")
"""What a report of several relays tells of the application that they lead to."""


def by_application(reports: Iterable[Report]) -> list[list[Report]]:
    """Reports by the application to which their relays lead, both in the order in which they come. Those that do not
    tell it are together, and `together` refuses them."""
    found: defaultdict[tuple[str, str], list[Report]] = defaultdict(list)
    for one in reports:
        found[application_told(one)].append(one)
    return list(found.values())


def merged_reports(reports: Iterable[Report]) -> list[dict[str, Any]]:
    """The reports of each application’s relays as one; those that cannot be read are left out."""
    merged = []
    for group in by_application(reports):
        with suppress(KeyError, TypeError, ValueError, AttributeError, OverflowError):
            merged.append(together(group))
    return merged


def limits_by_application(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """By application, how much of its limits is in use through all relays to it, of what `RelayObserver.told` tells.

    `uncounted`: the names of relays to it that are not counted, since what they count is not known.
    """
    known, silent = ([one for one in reports if ("unknown" in one) is unknown] for unknown in (False, True))
    return [
        {key: merged[key] for key in _SHARED} | {"uncounted": names_beside(merged, silent)}
        for merged in merged_reports(known)
    ]


def names_beside(merged: Report, silent: Iterable[Report]) -> list[str]:
    """The names of relays to the application of a merged report that are not in it, since they do not tell."""
    return [str(one.get("name", "")) for one in silent if application_told(one) == application_told(merged)]


def application_told(report: Report) -> tuple[str, str]:
    """Where a relay leads to, as `application_at` tells it: what was found out of its report, else what that says."""
    return application_at(str(report.get("application", report.get("to"))))


class NearTogether:
    """Whether what several relays count together is near a limit; each of them judges its own programs alone."""

    def __init__(self) -> None:
        self._marks: dict[tuple[str, str], tuple[NearMark, NearMark]] = {}

    def judge(self, reports: Sequence[dict[str, Any]], now: Moment) -> None:
        """Add to each report that `together` has made since when its limits are near."""
        several = {application_told(one): one for one in reports if len(one["relays"]) > 1}
        self._marks = {at: self._marks.get(at, (NearMark(SLOW_CALM), NearMark(SLOW_CALM))) for at in several}
        for at, told in several.items():
            for limit, mark in zip((told["lines"], told["history"]["ten_minutes"]), self._marks[at], strict=True):
                mark.take(now.monotonic, limit["used"], limit["of"])
                if mark.since is not None:
                    # Reckoned from when it was written, as all times of a report.
                    limit["near"] = {"since_s": told["written"] - now.wall_of(mark.since), "most": mark.most}


def together(reports: Sequence[Report]) -> dict[str, Any]:
    """One report of everything that goes through these relays, with `relays`: name, port and process of each.

    Raises what a report that cannot be read makes: KeyError, TypeError, ValueError, AttributeError.
    """
    written = max(float(one["written"]) for one in reports)
    moved = [(one, written - float(one["written"])) for one in reports]
    several = len(reports) > 1
    lines, clients = [one["lines"] for one in reports], [one["clients"] for one in reports]
    used = sum(int(one["used"]) for one in lines)
    application = spelled_application(application_told(reports[0]))
    told = {
        "relays": [{"name": one["name"], "port": one["port"], "pid": one["pid"]} for one in reports],
        "to": reports[0]["to"] if len({one["to"] for one in reports}) == 1 else application,
        "application": application,
        "written": written,
        "step_s": reports[0]["step_s"],
        "programs": [
            {**program, **({"relay": one["name"]} if several else {})} for one in reports for program in one["programs"]
        ],
        "left": [program for one in reports for program in one["left"]],
        "refusals": sorted(
            ({**refusal, "ago_s": refusal["ago_s"] + later} for one, later in moved for refusal in one["refusals"]),
            key=lambda refusal: -float(refusal["ago_s"]),
        ),
        "lines": {
            "used": used,
            "in_doubt": sum(int(one.get("in_doubt", 0)) for one in lines),
            # More than are in use cannot be fewer.
            "of": max(_allowed(reports), used),
        },
        "clients": {"used": sum(int(one["used"]) for one in clients), "of": int(clients[0]["of"])},
        "history": _history(moved),
    }
    if not several:
        # It has judged that itself, at every moment.
        own = reports[0]["lines"], reports[0]["history"]["ten_minutes"]
        for limit, judged in zip((told["lines"], told["history"]["ten_minutes"]), own, strict=True):
            limit |= {"near": judged["near"]} if "near" in judged else {}
    return told


def _allowed(reports: Sequence[Report]) -> int:
    """The lines of the user: what was learnt last, or what the user has said of any of the relays."""
    learnt = [(float(one["learnt"]["at"]), int(one["learnt"]["lines"])) for one in reports if one.get("learnt")]
    if learnt:
        return max(learnt)[1]
    said = {int(one["lines"]["of"]) for one in reports}
    # The least that IB gives is what stands there unless the user writes another number.
    return min(said - {LEAST_DATA_LINES}, default=LEAST_DATA_LINES)


def _history(moved: Sequence[tuple[Report, float]]) -> dict[str, Any]:
    windows = [one["history"] for one, _ in moved]
    ten = [one["ten_minutes"] for one in windows]
    return {
        "ten_minutes": {
            "used": sum(int(one["used"]) for one in ten),
            "in_doubt": sum(int(one.get("in_doubt", 0)) for one in ten),
            "of": HISTORICAL_REQUESTS,
            "period_s": HISTORICAL_PERIOD,
            "safe_in_s": _safe_in(moved),
            "curve": [sum(map(int, step)) for step in zip(*(one["curve"] for one in ten), strict=True)],
        },
        "same_contract": _same_contract(moved),
        "identical": _identical(moved),
    }


def _safe_in(moved: Sequence[tuple[Report, float]]) -> float:
    """Seconds until one more historical request is safe by the rule of ten minutes."""
    ten = [(one["history"]["ten_minutes"], later) for one, later in moved]
    # A relay of an earlier version tells its own answer alone.
    safe = max(float(one["safe_in_s"]) - later for one, later in ten)
    latest = sorted((float(ago) + later, int(weight)) for one, later in ten for ago, weight in one.get("latest", ()))
    fit = HISTORICAL_REQUESTS - 1
    for ago, weight in latest:
        fit -= weight
        if fit < 0:
            # This one has to leave the window first, and with it all that were sent before.
            safe = max(safe, HISTORICAL_PERIOD - ago)
            break
    return round(max(0.0, safe), 1)


def _same_contract(moved: Sequence[tuple[Report, float]]) -> dict[str, Any]:
    told = [(one["history"]["same_contract"], later) for one, later in moved]
    used = max(int(one["used"]) if later < SAME_CONTRACT_PERIOD else 0 for one, later in told)
    safe = max(float(one["safe_in_s"]) - later for one, later in told)
    sent: defaultdict[str, list[float]] = defaultdict(list)
    for one, later in told:
        for contract, times in one.get("contracts", {}).items():
            sent[contract] += [ago + later for ago in map(float, times) if ago + later < SAME_CONTRACT_PERIOD]
    for times in sent.values():
        # As one relay counts it: no more than are allowed.
        used = max(used, min(len(times), SAME_CONTRACT_REQUESTS))
        if len(times) >= SAME_CONTRACT_REQUESTS:
            safe = max(safe, SAME_CONTRACT_PERIOD - sorted(times)[SAME_CONTRACT_REQUESTS - 1])
    return {
        "used": used,
        "of": SAME_CONTRACT_REQUESTS,
        "period_s": SAME_CONTRACT_PERIOD,
        "safe_in_s": round(max(0.0, safe), 1),
    }


def _identical(moved: Sequence[tuple[Report, float]]) -> dict[str, Any]:
    told = [(one["history"]["identical"], later) for one, later in moved]
    last: dict[str, float] = {}
    held = 0
    for one, later in told:
        if "requests" not in one:
            held += int(one["held"])
        for request, ago in one.get("requests", {}).items():
            last[request] = min(last.get(request, IDENTICAL_PERIOD), float(ago) + later)
    held += sum(ago < IDENTICAL_PERIOD for ago in last.values())
    safe = max(float(one["safe_in_s"]) - later for one, later in told)
    return {"held": held, "period_s": IDENTICAL_PERIOD, "safe_in_s": round(max(0.0, safe), 1)}
