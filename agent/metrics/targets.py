"""The metrics of targets, which are phones, chats and mailboxes, and the runbook of their alert."""

from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from agent.core.clock import beside_today
from agent.core.shown.status import ShownTarget
from agent.core.shown.targets import SendOutcome
from agent.tws.time_zone import TimeZone

_ONE = ("target",)
_WHAT_TO_DO = """
A target that cannot be told is tried again by itself, every six minutes at least unless its service asks for a longer
wait. Once it takes messages, it is told what is still so, and what waits. If it stays like this:

1. Read above what its service answered. “Unauthorized”, “Forbidden” or “Not Found” means the address: a token or a
   topic in it is wrong, or was withdrawn.
2. On the Gatelight page, in the view “Phone and mail”, click “Test”: it shows the service’s own answer at once.
3. Click “Change” there and set the target up anew, or remove it.
4. Where every target fails, this computer does not reach the Internet, or a proxy or a firewall keeps Gatelight out.
"""


def target_families(targets: Sequence[ShownTarget]) -> Iterator[Metric]:
    """Every family of targets, none where there is no target. A target that was sent nothing yet is not known to be
    up."""
    if not targets:
        return
    up = GaugeMetricFamily(
        "gatelight_target_up", "Whether the service of a target takes messages, as of the latest attempt.", labels=_ONE
    )
    failing = GaugeMetricFamily(
        "gatelight_target_failing_start_time_seconds",
        "When a target that cannot be told was first tried in vain, in epoch seconds.",
        labels=_ONE,
    )
    waiting = GaugeMetricFamily(
        "gatelight_target_waiting_notices",
        "Notices that a target could not be told yet, beside the problems that are shown.",
        labels=_ONE,
    )
    messages = CounterMetricFamily(
        "gatelight_target_messages", "Messages to a target, by what became of them.", labels=("target", "outcome")
    )
    for target in targets:
        if target.taken is not None:
            up.add_metric([target.name], float(target.failing_since is None))
        if target.failing_since is not None:
            failing.add_metric([target.name], target.failing_since)
        waiting.add_metric([target.name], target.waiting)
        for outcome in SendOutcome:
            messages.add_metric([target.name, outcome.value], target.outcomes.get(outcome.value, 0))
    yield from (up, failing, waiting, messages)


def targets_text(targets: Sequence[ShownTarget], now: float, zone: TimeZone) -> str:
    """How it stands with each target, and what to do about one that cannot be told. `now` is in epoch seconds."""
    if not targets:
        return "There is no target: notices go to this computer’s desktop alone.\n"
    return "".join(f"{_line(target, now, zone)}\n" for target in targets) + _WHAT_TO_DO


def _line(target: ShownTarget, now: float, zone: TimeZone) -> str:
    if target.taken is None:
        told = "was sent nothing since Gatelight began"
    elif target.failing_since is None:
        told = f"answered at {beside_today(target.answered, now, zone)}: {target.answer}"
    else:
        told = f"cannot be told since {beside_today(target.failing_since, now, zone)}: {target.answer}"
    waits = f"; {target.waiting} waiting" if target.waiting else ""
    return f"“{target.name}” {told}{waits}"
