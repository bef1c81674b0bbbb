"""A program behind a relay sends nearly as many messages a second as TWS takes."""

from agent.core.facts import Facts
from agent.core.problem import GoodNews, Problem, Severity, Verdict
from agent.core.relay_facts import LimitUse, RelayCounts, RelayProgram
from agent.problems.message_rate_exceeded import MESSAGE_RATE_EXCEEDED
from agent.problems.shared.relayed import Limited, far_from, judge_near


def _busiest(counts: RelayCounts) -> LimitUse | None:
    """The rate of the program that is nearest to its limit, which each program has for itself."""
    rates = [one.rate for one in counts.programs if one.rate is not None]
    return max(rates, key=lambda rate: (rate.near_since is not None, rate.most, rate.used), default=None)


def _most(program: RelayProgram) -> int:
    return program.rate.most if program.rate is not None and program.rate.near_since is not None else 0


def _told(use: LimitUse) -> dict[str, str]:
    return {"reached": str(use.most), "much": "too many" if use.most > use.of else "nearly too many"}


_MESSAGES = Limited("messages in a second", _busiest, _most, _told)


def _check(facts: Facts) -> Verdict:
    return judge_near(facts, _MESSAGES)


MESSAGE_RATE_NEAR = Problem(
    code="message-rate-near",
    title="A program sends {much} messages",
    text=(
        "TWS takes {of} messages in a second of one program, and {most} sent {reached}.{joined} "
        "Beyond that it slows the program down, or refuses messages and ends the session."
    ),
    severity=Severity.WARNING,
    check=_check,
    hidden_by=(MESSAGE_RATE_EXCEEDED,),
    over=(
        GoodNews(
            "Programs send fewer messages again", "A program was close to the limit for {lasted}.", far_from(_MESSAGES)
        ),
    ),
)
