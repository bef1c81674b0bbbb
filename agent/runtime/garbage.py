"""When Python looks for garbage that holds itself: not while the program is loaded, as nearly all of that stays."""

import gc

WHILE_LOADING = 500_000
"""Objects more than before, until Python looks while the program is loaded; a start makes some 60,000."""
_AS_USUAL = gc.get_threshold()


def loading_begins() -> None:
    """Look seldom: in a start, each look costs more than it finds."""
    gc.set_threshold(WHILE_LOADING, *_AS_USUAL[1:])


def loading_is_over() -> None:
    """Look once, and as usual from now on."""
    gc.collect()
    gc.set_threshold(*_AS_USUAL)
