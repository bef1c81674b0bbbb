from agent.core.shown.display import IconState


def test_the_worst_state_wins() -> None:
    assert min((IconState.CONNECTED, IconState.PAUSED, IconState.WARNING), key=lambda s: s.rank) is IconState.WARNING
    assert [state.rank for state in IconState] == list(range(8))
