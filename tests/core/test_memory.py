from agent.core.memory import Memory, Snoozed, Told


def test_a_new_memory_is_empty() -> None:
    assert Memory() == Memory(told=(), snoozed=(), paused_until=None, stopped=(), welcomed=False, summary_said=None)


def test_memories_are_equal_when_they_hold_the_same() -> None:
    told, snoozed = Told("a", "api-silent", 1.0, 2.0), Snoozed("a", "api-silent", 3.0)

    assert Memory((told,), (snoozed,)) == Memory((Told("a", "api-silent", 1.0, 2.0, repeats=0),), (snoozed,))
    assert Memory((told,)) != Memory((Told("a", "api-silent", 1.0, 2.5),))
