"""The client IDs we use: their range, how many are tried, and spare ones."""

from collections.abc import Set
from itertools import islice

CLIENT_ID_RANGE = range(7000, 10000)
"""Where automatic client IDs come from: high, so that they meet no program's, and never 0 or a usual master ID."""


OTHER_IDS_TRIED = 3
"""Automatic client IDs that may be refused one after the other before that is a problem and not bad luck."""


IDS_OFFERED = 2
"""Client IDs handed out with a question: one to use, one to use instead."""


def spare_ids(avoid: Set[int], turn: int) -> tuple[int, ...]:
    """Client IDs for a short session: high, none of those to avoid, and others at every turn."""
    span = len(CLIENT_ID_RANGE)
    start = (turn * 1009 + 500) % span
    candidates = (CLIENT_ID_RANGE[(start + step) % span] for step in range(span))
    return tuple(islice((i for i in candidates if i not in avoid), IDS_OFFERED))
