"""When Python looks for garbage that holds itself: not while the program is loaded, as nearly all of that stays."""

import gc
from collections.abc import Iterator

WHILE_LOADING = 500_000
"""Objects more than before, until Python looks while the program is loaded; a start makes some 60,000."""
_AS_USUAL = gc.get_threshold()
_GUARDS = ("__setattr__", "__delattr__")
"""The methods that keep a frozen dataclass from being changed."""


def loading_begins() -> None:
    """Look seldom: in a start, each look costs more than it finds."""
    gc.set_threshold(WHILE_LOADING, *_AS_USUAL[1:])


def loading_ends() -> None:
    """Look once, and as usual from now on. What is loaded after that takes the place of what was found."""
    _let_go_of_drafts()
    gc.collect()
    gc.set_threshold(*_AS_USUAL)


def _let_go_of_drafts() -> None:
    """Let go of the class without slots that `dataclass` first makes of each class with slots: 1 MB here.

    In older Pythons the guards of a frozen one go on naming that one (CPython issue 105936, of 2023, mended in 2026).
    """
    for made in _below(object):
        if "__dataclass_params__" not in made.__dict__ or "__slots__" not in made.__dict__:
            continue
        for guard in _GUARDS:
            for cell in getattr(made.__dict__.get(guard), "__closure__", None) or ():
                if isinstance(named := cell.cell_contents, type) and _is_draft(named, made):
                    cell.cell_contents = made


def _below(base: type) -> Iterator[type]:
    """Every class that inherits from it."""
    found: list[type] = type.__subclasses__(base)
    for one in found:
        yield one
        yield from _below(one)


def _is_draft(named: type, made: type) -> bool:
    return named is not made and (named.__module__, named.__qualname__) == (made.__module__, made.__qualname__)
