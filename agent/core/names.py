"""Which connections a user means by a name or by a pattern such as `prod-*`."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

_WILD = frozenset("*?[")
_MOST, _NEAREST = 20, 5
"""Names in a sentence; where there are more, those that are spelled much like what was meant."""


def is_pattern(text: str) -> bool:
    """Whether a text can mean several names."""
    return not _WILD.isdisjoint(text)


def meant_by(text: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names that a text means, in their order: the one that is spelled like that, else those that fit a pattern.

    Patterns are those of a shell, in capitals or not. Empty: none.
    """
    known = tuple(names)
    if text in known:
        return (text,)
    pattern = text.casefold()
    return tuple(n for n in known if fnmatchcase(n.casefold(), pattern)) if is_pattern(text) else ()


def none_fits(text: str, names: Iterable[str]) -> str:
    """The sentence that no connection is meant, and which ones there are: of many those that are spelled alike."""
    # Loaded for a slip of the user's alone.
    from difflib import get_close_matches

    known = list(names)
    told = known if len(known) <= _MOST else get_close_matches(text, known, _NEAREST) or known[:_MOST]
    more = f" and {len(known) - len(told)} more" if len(known) > len(told) else ""
    listed = ", ".join(f"“{name}”" for name in told) + more
    no = f"No connection fits “{text}”" if is_pattern(text) else f"There is no connection named “{text}”"
    return f"{no}: choose one of {listed or 'none'}."
