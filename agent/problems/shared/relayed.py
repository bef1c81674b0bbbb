"""What relays count, judged: which limit is nearly used up, by whom, and who joined last."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from agent.core.evidence.relays import current_counts, joined_last, leading_to, relayed_label, relayed_name
from agent.core.evidence.words import appointment
from agent.core.facts import Facts, Known, RelaySeen, Unknown
from agent.core.problem import Absent, Present, Undecided, Verdict
from agent.core.relay_facts import LimitUse, RelayCounts, RelayProgram, RelayRefusal
from agent.tws.limits import NEAR_OVER

_USERS_TOLD = 4
"""Programs that are told by name, those that use most first."""


class Limited(NamedTuple):
    """One limit, as a relay counts it."""

    what: str
    """What is used up, like "market data lines"."""
    use: Callable[[RelayCounts], LimitUse | None]
    """How much of it is in use; None where no program is counted."""
    share: Callable[[RelayProgram], int]
    """How much of that one program uses."""


def judge_near(facts: Facts, limit: Limited) -> Verdict:
    """Whether the limit is nearly used up, at each relay that leads to this connection."""
    if isinstance(facts.machine.relays, Unknown):
        return Undecided(facts.machine.relays.reason)
    found: list[Present] = []
    reason = ""
    for relay in leading_to(facts):
        counts = current_counts(facts, relay)
        if isinstance(counts, Unknown):
            reason = f"relay “{relay.name}” does not tell what it counts: {counts.reason}"
        elif (use := limit.use(counts.value)) is not None and use.near_since is not None:
            found.append(_near(facts, relay, counts.value, limit, use, use.near_since))
    if found:
        return tuple(found)
    return Undecided(reason) if reason else Absent()


def _near(facts: Facts, relay: RelaySeen, counts: RelayCounts, limit: Limited, use: LimitUse, since: float) -> Present:
    users = sorted((one for one in counts.programs if limit.share(one)), key=limit.share, reverse=True)
    joined = joined_last(facts, counts)
    most = relayed_name(users[0]) if users else "programs that have left"
    began = appointment(facts, since)
    evidence = [
        f"relay “{relay.name}” counts {use.used} of {use.of} {limit.what} in use, {use.most} at most since {began}",
        *(f"{relayed_label(one)}: {limit.share(one)}" for one in users[:_USERS_TOLD]),
    ]
    told = ""
    if joined is not None:
        evidence.append(f"{relayed_label(joined)} joined last, at {appointment(facts, joined.since)}")
        told = f" The last to join was {relayed_name(joined)}." if users and joined != users[0] else ""
    return Present(
        {"of": str(use.of), "most": most, "joined": told},
        tuple(evidence),
        instance=str(relay.port),
        since=facts.now.monotonic - (facts.now.wall - since),
    )


def far_from(limit: Limited) -> Callable[[Facts, str], Mapping[str, str] | None]:
    """For `GoodNews.known`: the relay that counted it still does, and the limit is not near any more."""

    def known(facts: Facts, instance: str) -> Mapping[str, str] | None:
        for relay in leading_to(facts):
            counts = current_counts(facts, relay)
            if str(relay.port) == instance and isinstance(counts, Known):
                use = limit.use(counts.value)
                if use is not None and use.used < use.of * NEAR_OVER:
                    return {"used": str(use.used), "of": str(use.of)}
        return None

    return known


def refused_lately(facts: Facts, codes: frozenset[int]) -> tuple[RelayRefusal, ...]:
    """What TWS has refused programs lately with one of these notices, as relays saw it; the latest first."""
    told = (current_counts(facts, relay) for relay in leading_to(facts))
    found = [one for counts in told if isinstance(counts, Known) for one in counts.value.refusals if one.code in codes]
    recent = [one for one in found if facts.now.wall - one.at < facts.timing.notice_lasting]
    return tuple(sorted(recent, key=lambda one: -one.at))


def refused_lines(facts: Facts, refusals: Sequence[RelayRefusal]) -> tuple[str, ...]:
    """Whose requests these were, as evidence."""
    return tuple(
        f"{relayed_label(one.program)} was refused at {appointment(facts, one.at)} (notice {one.code})"
        + (f": {one.request}" if one.request else "")
        for one in refusals[:_USERS_TOLD]
    )
