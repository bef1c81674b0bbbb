"""Programs as labels: so many names at most, since each is a series of its own."""

from collections import Counter
from collections.abc import Mapping

MOST_PROGRAM_LABELS = 50
"""Names of programs of one connection; of more, the rest is counted together."""
REST = "(others)"
"""The label of that rest."""


def by_program(found: Counter[str]) -> Mapping[str, int]:
    """The numbers by name, the rest together."""
    named = dict(sorted(found.items())[:MOST_PROGRAM_LABELS])
    rest = found.total() - sum(named.values())
    return {**named, REST: rest} if rest else named
