"""Values as JSON, one way: a frozen dataclass is an object of its fields, and what is None is left out."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, TypeAlias, TypeVar, get_args

_T = TypeVar("_T")
_RFC_3339, _IF_ANY = "RFC 3339 in JSON", "absent from JSON when empty, False or 0"
Time: TypeAlias = Annotated[float, _RFC_3339]
"""Epoch seconds."""
IfAny: TypeAlias = Annotated[_T, _IF_ANY]
"""A value that is told only where it says something."""


def as_json(value: Any) -> Any:
    """The value with its tuples as lists, sets as sorted lists, enumerations as their values."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [as_json(one) for one in value]
    if not is_dataclass(value):
        return value
    return present({field.name: _member(field.type, getattr(value, field.name)) for field in fields(value)})


def _member(kind: Any, value: Any) -> Any:
    marks = {mark for part in (kind, *get_args(kind)) for mark in getattr(part, "__metadata__", ())}
    if value is None or (_IF_ANY in marks and not value):
        return None
    return rfc3339(value) if _RFC_3339 in marks else as_json(value)


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is not known."""
    return {name: value for name, value in members.items() if value is not None}


def rfc3339(epoch: float) -> str:
    """Epoch seconds as RFC 3339 in UTC, to the second."""
    return f"{datetime.fromtimestamp(int(epoch), UTC).replace(tzinfo=None).isoformat()}Z"
