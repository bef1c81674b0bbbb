"""What relays count, judged: which limit is nearly used up, by whom, and who joined last."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from agent.core.evidence.relays import (
    CountedTogether,
    application_of,
    counted_together,
    joined_last,
    past_relays,
    relayed_label,
    relayed_name,
)
from agent.core.evidence.words import appointment, listed, program
from agent.core.facts import Facts, Unknown
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
    told: Callable[[LimitUse], Mapping[str, str]] = lambda _: {}
    """What the words say besides of how much is used."""


def judge_near(facts: Facts, limit: Limited) -> Verdict:
    """Whether the limit is nearly used up by all programs behind the relays that lead to this application together."""
    if isinstance(facts.machine.relays, Unknown):
        return Undecided(facts.machine.relays.reason)
    found: list[Present] = []
    counted, silent = counted_together(facts)
    for one in counted:
        use = limit.use(one.counts)
        if use is not None and use.near_since is not None:
            found.append(_near(facts, one, limit, use, use.near_since))
        else:
            silent += one.silent
    if found:
        return tuple(found)
    return Undecided(silent[0]) if silent else Absent()


def _near(facts: Facts, counted: CountedTogether, limit: Limited, use: LimitUse, since: float) -> Present:
    counts = counted.counts
    users = sorted((one for one in counts.programs if limit.share(one)), key=limit.share, reverse=True)
    joined = joined_last(facts, counts)
    most = relayed_name(users[0]) if users else "programs that have left"
    began = appointment(facts, since)
    names = [f"“{relay.name}”" for relay in counted.relays]
    who = f"relay {names[0]} counts" if len(names) == 1 else f"relays {listed(names)} count"
    evidence = [
        f"{who} {use.used} of {use.of} {limit.what} in use, {use.most} at most since {began}",
        *([_UNSURE.format(use.unsure)] if use.unsure else []),
        *(f"{relayed_label(one)}: {limit.share(one)}" for one in users[:_USERS_TOLD]),
        *counted.silent,
        *_past(facts, counted),
    ]
    told = ""
    if joined is not None:
        evidence.append(f"{relayed_label(joined)} joined last, at {appointment(facts, joined.since)}")
        told = f" The last to join was {relayed_name(joined)}." if users and joined != users[0] else ""
    return Present(
        {"of": str(use.of), "most": most, "joined": told, **limit.told(use)},
        tuple(evidence),
        instance=counted.instance,
        since=facts.now.monotonic - (facts.now.wall - since),
    )


_UNSURE = "up to {} more may be in use: TWS refused a message without saying which (notice 100)"


def _past(facts: Facts, counted: CountedTogether) -> Iterator[str]:
    """Who is not counted."""
    past = past_relays(facts.machine, application_of(counted.relays[0]))
    if past:
        names = listed(program(one) for one in past)
        yield f"not counted, since it does not go through a relay: {names}"


def far_from(limit: Limited) -> Callable[[Facts, str], Mapping[str, str] | None]:
    """For `GoodNews.known`: those that counted it still do, and the limit is not near any more."""

    def known(facts: Facts, instance: str) -> Mapping[str, str] | None:
        counted, _ = counted_together(facts)
        for one in counted:
            use = limit.use(one.counts)
            if one.instance == instance and not one.silent and use is not None and use.used < use.of * NEAR_OVER:
                return {"used": str(use.used), "of": str(use.of)}
        return None

    return known


def refused_lately(facts: Facts, codes: frozenset[int]) -> tuple[RelayRefusal, ...]:
    """What TWS has refused programs lately with one of these notices, as relays saw it; the latest first."""
    counted, _ = counted_together(facts)
    found = [refusal for one in counted for refusal in one.counts.refusals if refusal.code in codes]
    recent = [one for one in found if facts.now.wall - one.at < facts.timing.notice_lasting]
    return tuple(sorted(recent, key=lambda one: -one.at))


def refused_lines(facts: Facts, refusals: Sequence[RelayRefusal]) -> tuple[str, ...]:
    """Whose requests these were, as evidence."""
    return tuple(
        f"{relayed_label(one.program)} was refused at {appointment(facts, one.at)} (notice {one.code})"
        + (f": {one.request}" if one.request else "")
        for one in refusals[:_USERS_TOLD]
    )
