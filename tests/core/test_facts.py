from tests.problems.scene import gateway, tws


def test_a_process_is_named_without_anything_private() -> None:
    assert gateway().label == "IB Gateway 10.45 (pid 3117)"
    assert tws(version=None).label == "TWS (pid 2020)"
