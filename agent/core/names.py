"""Which connections a user means by a name or by a pattern such as `prod-*`."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

_WILD = frozenset("*?[")
_MOST = 20
"""Names in a sentence."""


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
    """The sentence that no connection is meant, and which ones there are."""
    known = [f"“{name}”" for name in names]
    listed = ", ".join(known[:_MOST]) + (f" and {len(known) - _MOST} more" if len(known) > _MOST else "")
    no = f"No connection fits “{text}”" if is_pattern(text) else f"There is no connection named “{text}”"
    return f"{no}: choose one of {listed or 'none'}."
