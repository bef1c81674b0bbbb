from agent.core.memory import Memory, Snoozed, Told


def test_a_new_memory_is_empty() -> None:
    assert Memory() == Memory(told=(), snoozed=(), paused_until=None, stopped=(), welcomed=False, summary_said=None)


def test_memories_are_equal_when_they_hold_the_same() -> None:
    told, snoozed = Told("a", "api-silent", 1.0, 2.0), Snoozed("a", "api-silent", 3.0)

    assert Memory((told,), (snoozed,)) == Memory((Told("a", "api-silent", 1.0, 2.0, repeats=0),), (snoozed,))
    assert Memory((told,)) != Memory((Told("a", "api-silent", 1.0, 2.5),))


def test_what_was_taken_back_is_due_again_after_an_update_alone() -> None:
    told = Told("a", "api-silent", 1.0, 2.0, taken_back=True)
    ended, anew = Memory((told,), taken_back_by="0.1.0"), Memory((told,))

    assert ended.taken_over("0.1.1") == anew.taken_over("0.1.1") == anew.taken_over("0.1.0") == anew
    assert ended.taken_over("0.1.0") == Memory((Told("a", "api-silent", 1.0, 2.0),))
