"""How a page that waited is sent to where the agent is now, and that its old port learns nothing."""

from agent.page.guard import signed
from agent.page.waiting import Waiting


def test_a_page_that_waited_is_told_where_and_yields_its_own_token() -> None:
    expected: list[str] = []
    answer = Waiting({"page": "key"}).answer("page", "nonce", 4711, expected.append)

    assert answer is not None
    assert answer["port"] == "4711"
    assert answer["proof"] == signed("key", "moved", "nonce", "4711", answer["salt"])
    assert expected == [signed("key", "enter", answer["salt"])]
    assert expected[0] not in answer.values()


def test_the_token_is_the_same_however_often_it_is_asked_for_and_another_after_the_next_start() -> None:
    expected: list[str] = []
    for _ in range(2):
        waiting = Waiting({"page": "key"})
        for nonce in ("a", "b"):
            waiting.answer("page", nonce, 4711, expected.append)

    assert expected[0] == expected[1] != expected[2] == expected[3]


def test_an_unknown_page_is_told_nothing() -> None:
    expected: list[str] = []

    assert Waiting({"page": "key"}).answer("other", "nonce", 4711, expected.append) is None
    assert Waiting({}).answer("", "", 4711, expected.append) is None
    assert expected == []
