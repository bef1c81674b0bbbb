"""When Python looks for garbage."""

import gc

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
        garbage.loading_is_over()
        after = looked[len(while_loading) :]
    finally:
        gc.callbacks.pop()
        gc.set_threshold(*usual)

    assert while_loading == []
    assert after == [2]
    assert not any(isinstance(there, Knot) for there in gc.get_objects())
    assert gc.get_threshold() == garbage._AS_USUAL
