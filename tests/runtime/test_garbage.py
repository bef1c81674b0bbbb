"""When Python looks for garbage."""

import gc
import weakref
from dataclasses import FrozenInstanceError, dataclass
from types import CellType

import pytest

from agent.runtime import garbage


class Knot:
    """Holds itself."""

    def __init__(self) -> None:
        self.me = self


def test_it_looks_seldom_while_loading_and_once_then_and_as_usual_again() -> None:
    usual, looked = gc.get_threshold(), []
    gc.callbacks.append(lambda phase, info: looked.append(info["generation"]) if phase == "start" else None)
    try:
        garbage.loading_begins()
        knots = [Knot() for _ in range(20_000)]
        del knots
        while_loading = list(looked)
        garbage.loading_ends()
        after = looked[len(while_loading) :]
    finally:
        gc.callbacks.pop()
        gc.set_threshold(*usual)

    assert while_loading == []
    assert after == [2]
    assert not any(isinstance(there, Knot) for there in gc.get_objects())
    assert gc.get_threshold() == garbage._AS_USUAL


@dataclass(frozen=True, slots=True)
class Kept:
    """With slots, and so made twice."""

    value: int


def cells(made: type) -> list[CellType]:
    return [cell for guard in (made.__setattr__, made.__delattr__) for cell in guard.__closure__ or ()]


def test_of_a_class_that_was_made_twice_the_first_goes() -> None:
    draft = type(Kept.__name__, (), {"__module__": Kept.__module__, "__qualname__": Kept.__qualname__})
    for cell in cells(Kept):
        if isinstance(cell.cell_contents, type) and not issubclass(cell.cell_contents, Exception):
            # As in a Python that leaves it so.
            cell.cell_contents = draft
    first = weakref.ref(draft)
    del draft, cell

    garbage._let_go_of_drafts()
    gc.collect()

    assert first() is None
    assert {c.cell_contents for c in cells(Kept)} == {Kept, FrozenInstanceError}
    with pytest.raises(FrozenInstanceError):
        Kept(1).value = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        Kept(1).other = 2  # type: ignore[attr-defined]


def test_no_frozen_class_of_ours_keeps_its_first() -> None:
    from agent.app.own_files import load_every_module

    load_every_module()
    garbage._let_go_of_drafts()
    gc.collect()

    there: dict[tuple[str, str], list[type]] = {}
    for one in garbage._below(object):
        if str(one.__module__).startswith("agent.") and "__dataclass_params__" in one.__dict__:
            there.setdefault((one.__module__, one.__qualname__), []).append(one)
    assert len(there) > 300
    assert {name for name, found in there.items() if len(found) > 1} == set()
