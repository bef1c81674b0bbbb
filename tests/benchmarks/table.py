"""The rows of the benchmark and the Markdown table they make."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    baseline: str
    measured: str
    target: str
    met: bool | None
    """None: only for comparison, no target."""
    ratio: float | None = None
    """Measured by baseline; None where there is no baseline."""


def seconds(value: float) -> str:
    """A time in the unit people would say it in."""
    return f"{value * 1000:.1f} ms" if value < 0.1 else f"{value:.2f} s"


def spread(values: Sequence[float]) -> str:
    """Median and largest."""
    return f"{seconds(statistics.median(values))} (max {seconds(max(values))})"


def compared(values: Sequence[float], baseline: Sequence[float]) -> float | None:
    """How the medians compare."""
    return statistics.median(values) / statistics.median(baseline) if baseline else None


def timed(what: str, ours: Sequence[float], theirs: Sequence[float], limit: float, baseline: str = "Watchdog") -> Row:
    """A row of times whose median has a limit."""
    against = f"{baseline} {spread(theirs)}" if theirs else f"{baseline} never" if baseline else "–"
    met = statistics.median(ours) <= limit
    return Row(what, against, spread(ours), f"≤ {seconds(limit)}", met, compared(ours, theirs))


def render(rows: Sequence[Row]) -> str:
    """The table."""
    lines = ["| what | baseline | Gatelight | ratio | target | |", "|---|---|---|---|---|---|"]
    for row in rows:
        verdict = {True: "met", False: "**missed**", None: ""}[row.met]
        ratio = "–" if row.ratio is None else f"{row.ratio:.2g}"
        lines.append(f"| {row.what} | {row.baseline} | {row.measured} | {ratio} | {row.target} | {verdict} |")
    return "\n".join(lines)
