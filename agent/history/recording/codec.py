"""Values of the core as JSON and back, by the types of their fields. Pure.

A field that holds its default is left out, so a field that is new in a later version is no change of the format; a
field that is not known any more is passed over. Where a type may be one of several classes, "is" names the class.
Texts are masked as they are written.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from agent.core.fix import Asker
from agent.core.problem import Problem, Severity
from agent.core.settings import Settings
from agent.core.shown.display import Notice
from agent.core.state_machine.state import AgentState, Knowledge
from agent.core.state_machine.watched import Watched
from agent.tws.outside import Outside, mask
from agent.tws.privacy import NOTHING_MORE, mask_account

LEFT_OUT: Mapping[type, frozenset[str]] = {
    # What is known rather than seen, what is private, and what the next decision makes anew.
    AgentState: frozenset({"knowledge", "private", "settled", "shown", "look_at", "kept"}),
    Watched: frozenset({"offers", "diagnosis", "accounted"}),
    Settings: frozenset({"secrets"}),
    # The buttons of a notice that waits for others.
    Notice: frozenset({"offers"}),
}
_LATER_NAMES = {"Asker": Asker, "Severity": Severity}
"""Names of types that a module of values imports for the type checker alone."""
_SAME: Any = object()
_WHOLE, _FIELDS, _PLACES = 0, 1, 2
"""The kinds of a change: another value, changes of some fields, changes at some places of a list."""


class Unreadable(ValueError):
    """JSON that no value of the core is."""


class _Gone(Unreadable):
    """A problem that this version does not know."""


class Coder:
    """Turns values of one type into JSON and back; this one takes what JSON has itself: texts of ours and truths."""

    def __init__(self, *kinds: type) -> None:
        self._kinds = kinds

    def encode(self, value: Any) -> Any:
        """The value as JSON."""
        return value

    def decode(self, told: Any) -> Any:
        """The value that JSON is; raises Unreadable."""
        if self._kinds and type(told) not in self._kinds:
            raise Unreadable(f"{str(told)[:40]!r} where {self._kinds[0].__name__} is expected")
        return told

    def change(self, old: Any, new: Any) -> Any:
        """What makes `new` of `old`, as JSON; `_SAME` where nothing does."""
        return _SAME if old is new or (type(old) is type(new) and old == new) else [_WHOLE, self.encode(new)]

    def changed(self, old: Any, told: Any) -> Any:
        """The value that a change makes of another; raises Unreadable."""
        kind, what = _change_of(told)
        if kind != _WHOLE:
            raise Unreadable("a change of a part where there is none")
        return self.decode(what)


class _Number(Coder):
    """A float; JSON has no infinity."""

    def encode(self, value: Any) -> Any:
        return value if math.isfinite(value) else str(value)

    def decode(self, told: Any) -> Any:
        if told in ("inf", "-inf"):
            return float(told)
        if type(told) not in (int, float) or not math.isfinite(told):
            raise Unreadable(f"{str(told)[:40]!r} where a number is expected")
        return float(told)


class _Text(Coder):
    """A text, masked as it is written."""

    def __init__(self, codec: "Codec", *, account: bool) -> None:
        super().__init__(str)
        self._codec = codec
        self._account = account

    def encode(self, value: Any) -> Any:
        text = mask(value, self._codec.private)
        return mask_account(text) if self._account else text


class _Choice(Coder):
    def __init__(self, kind: type[Enum]) -> None:
        super().__init__()
        self._kind = kind

    def encode(self, value: Any) -> Any:
        return value.value

    def decode(self, told: Any) -> Any:
        try:
            return self._kind(told)
        except (ValueError, TypeError):
            raise Unreadable(f"{str(told)[:40]!r} is no {self._kind.__name__}") from None


class _ProblemByCode(Coder):
    def __init__(self, problems: Mapping[str, Problem]) -> None:
        super().__init__(str)
        self._problems = problems

    def encode(self, value: Any) -> Any:
        return value.code

    def decode(self, told: Any) -> Any:
        problem = self._problems.get(super().decode(told))
        if problem is None:
            raise _Gone(f"the problem {told[:40]!r} is not known")
        return problem


class _Many(Coder):
    """A tuple, of one type or of one type for each place; also a set, which is sorted as it is written."""

    def __init__(self, parts: tuple[Coder, ...], *, same: bool, made: Callable[[Any], Any] = tuple) -> None:
        super().__init__()
        self._parts = parts
        self._same = same
        self._made = made

    def encode(self, value: Any) -> Any:
        told = [self._at(index).encode(one) for index, one in enumerate(value)]
        return told if self._made is tuple else sorted(told, key=repr)

    def decode(self, told: Any) -> Any:
        if not isinstance(told, list) or (not self._same and len(told) != len(self._parts)):
            raise Unreadable("no list of that length")
        return self._made(self._at(index).decode(one) for index, one in enumerate(told))

    def change(self, old: Any, new: Any) -> Any:
        if old is new:
            return _SAME
        if self._made is not tuple or type(old) is not type(new) or len(old) != len(new):
            return super().change(old, new)
        changes = [
            [index, change]
            for index, (a, b) in enumerate(zip(old, new, strict=True))
            if (change := self._at(index).change(a, b)) is not _SAME
        ]
        return [_PLACES, changes] if changes else _SAME

    def changed(self, old: Any, told: Any) -> Any:
        kind, what = _change_of(told)
        if kind != _PLACES:
            return super().changed(old, told)
        new = list(old)
        for place in what:
            if not isinstance(place, list) or len(place) != 2 or type(place[0]) is not int:
                raise Unreadable("no change of a place")
            if not 0 <= place[0] < len(new):
                raise Unreadable("a change of a place that is not there")
            new[place[0]] = self._at(place[0]).changed(new[place[0]], place[1])
        return tuple(new)

    def _at(self, index: int) -> Coder:
        return self._parts[0] if self._same else self._parts[index]


class _Map(Coder):
    """A mapping, as a list of pairs: the keys of a JSON object are names of fields and nothing else."""

    def __init__(self, key: Coder, value: Coder) -> None:
        super().__init__()
        self._key = key
        self._value = value

    def encode(self, value: Any) -> Any:
        return [[self._key.encode(k), self._value.encode(v)] for k, v in value.items()]

    def decode(self, told: Any) -> Any:
        if not isinstance(told, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in told):
            raise Unreadable("no list of pairs")
        found = {}
        for key, value in told:
            try:
                found[self._key.decode(key)] = self._value.decode(value)
            except _Gone:
                continue
        return found


class _Class(Coder):
    """A frozen dataclass, as an object of its fields."""

    def __init__(self, codec: "Codec", kind: Any, *, tagged: bool) -> None:
        super().__init__()
        self._kind: Any = get_origin(kind) or kind
        self._tagged = tagged
        self._given = codec.given.get(self._kind, {})
        hints = get_type_hints(self._kind, include_extras=True, localns=_LATER_NAMES)
        filled = dict(zip(getattr(self._kind, "__parameters__", ()), get_args(kind), strict=False))
        kept = [f for f in fields(self._kind) if f.name not in LEFT_OUT.get(self._kind, ())]
        self._fields = {f.name: codec.coder(filled.get(hints[f.name], hints[f.name])) for f in kept}
        self._defaults = {
            f.name: f.default if f.default_factory is MISSING else f.default_factory() for f in fields(self._kind)
        }

    def encode(self, value: Any) -> Any:
        told: dict[str, Any] = {"is": self._kind.__name__} if self._tagged else {}
        for name, coder in self._fields.items():
            one, default = getattr(value, name), self._defaults[name]
            if default is MISSING or type(one) is not type(default) or one != default:
                told[name] = coder.encode(one)
        return told

    def decode(self, told: Any) -> Any:
        if not isinstance(told, dict):
            raise Unreadable(f"no {self._kind.__name__}")
        return self._make({name: coder.decode(told[name]) for name, coder in self._fields.items() if name in told})

    def change(self, old: Any, new: Any) -> Any:
        if old is new:
            return _SAME
        if type(old) is not type(new):
            return [_WHOLE, self.encode(new)]
        changes = {
            name: change
            for name, coder in self._fields.items()
            if (change := coder.change(getattr(old, name), getattr(new, name))) is not _SAME
        }
        return [_FIELDS, changes] if changes else _SAME

    def changed(self, old: Any, told: Any) -> Any:
        kind, what = _change_of(told)
        if kind != _FIELDS:
            return super().changed(old, told)
        if not isinstance(what, dict) or type(old) is not self._kind:
            raise Unreadable(f"no change of a {self._kind.__name__}")
        values = {name: getattr(old, name) for name in self._fields}
        for name in what.keys() & self._fields.keys():
            values[name] = self._fields[name].changed(values[name], what[name])
        return self._make(values)

    def _make(self, values: dict[str, Any]) -> Any:
        try:
            return self._kind(**self._given, **values)
        except _Gone:
            raise
        except Exception as fault:
            raise Unreadable(f"no {self._kind.__name__}: {fault}") from None


class _OneOf(Coder):
    """One of several classes, or one type or nothing."""

    def __init__(self, codec: "Codec", kinds: tuple[Any, ...]) -> None:
        super().__init__()
        self._codec = codec
        some = tuple(kind for kind in kinds if kind is not type(None))
        self._optional = len(some) < len(kinds)
        self._single = codec.coder(some[0]) if len(some) == 1 else None
        self._kinds_by_name = {_class_of(kind).__name__: kind for kind in some} if len(some) > 1 else {}

    def encode(self, value: Any) -> Any:
        return None if value is None else self._of(type(value).__name__).encode(value)

    def decode(self, told: Any) -> Any:
        if told is None and self._optional:
            return None
        if self._single is None and not isinstance(told, dict):
            raise Unreadable("no value that says what it is")
        return self._of(told["is"] if isinstance(told, dict) and "is" in told else "").decode(told)

    def change(self, old: Any, new: Any) -> Any:
        if old is new:
            return _SAME
        if old is None or new is None or type(old) is not type(new):
            return [_WHOLE, self.encode(new)]
        return self._of(type(new).__name__).change(old, new)

    def changed(self, old: Any, told: Any) -> Any:
        if _change_of(told)[0] == _WHOLE:
            return self.decode(told[1])
        return self._of(type(old).__name__).changed(old, told)

    def _of(self, name: Any) -> Coder:
        if self._single is not None:
            return self._single
        if not isinstance(name, str) or name not in self._kinds_by_name:
            raise Unreadable(f"{str(name)[:40]!r} is not known here")
        return self._codec.coder(self._kinds_by_name[name], tagged=True)


class Codec:
    """The coders of all types, made when they are first needed."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.private = NOTHING_MORE
        """What is masked in texts as they are written."""
        self.given: Mapping[type, Mapping[str, Any]] = {AgentState: {"knowledge": knowledge}}
        """What fields that are left out are filled with."""
        self._problems = {problem.code: problem for problem in knowledge.problems}
        self._coders: dict[Any, Coder] = {}

    def coder(self, hint: Any, *, tagged: bool = False) -> Coder:
        """The coder of a type."""
        key = (hint, tagged)
        if key not in self._coders:
            self._coders[key] = self._made(hint, tagged)
        return self._coders[key]

    def _made(self, hint: Any, tagged: bool) -> Coder:
        origin, parts = get_origin(hint), get_args(hint)
        if origin is Annotated:
            is_account = any(isinstance(mark, Outside) and not mark.private for mark in hint.__metadata__)
            return _Text(self, account=True) if is_account else self.coder(parts[0])
        if origin in (Union, UnionType):
            some = [part for part in parts if part is not type(None)]
            if len(some) > 1 and not all(is_dataclass(_class_of(part)) for part in some):
                # A number or a word.
                return Coder(int, float, str, *((type(None),) if len(some) < len(parts) else ()))
            return _OneOf(self, parts)
        if origin is tuple:
            same = len(parts) == 2 and parts[1] is Ellipsis
            return _Many(tuple(map(self.coder, parts[: 1 if same else None])), same=same)
        if origin is frozenset:
            return _Many((self.coder(parts[0]),), same=True, made=frozenset)
        if origin is not None and issubclass(_class_of(origin), Mapping):
            return _Map(self.coder(parts[0]), self.coder(parts[1]))
        if origin is Literal:
            return Coder(str)
        return self._simple(hint, tagged)

    def _simple(self, hint: Any, tagged: bool) -> Coder:
        kind = _class_of(hint)
        if kind is Problem:
            return _ProblemByCode(self._problems)
        if is_dataclass(kind):
            return _Class(self, hint, tagged=tagged)
        if issubclass(kind, Enum):
            return _Choice(kind)
        if kind is str:
            return _Text(self, account=False)
        if kind is float:
            return _Number()
        if kind in (int, bool):
            return Coder(kind)
        raise TypeError(f"{hint!r} cannot be recorded: give the codec a coder for it")


def _class_of(kind: Any) -> Any:
    return get_origin(kind) or kind


def _change_of(told: Any) -> tuple[int, Any]:
    if not isinstance(told, list) or len(told) != 2 or told[0] not in (_WHOLE, _FIELDS, _PLACES):
        raise Unreadable("no change")
    if told[0] == _PLACES and not isinstance(told[1], list):
        raise Unreadable("no list of changes")
    return told[0], told[1]
