"""What is heard of a service: the words that are closest to it win."""

import logging

import pytest

from agent.channels.service_answer import LONGEST_ANSWER, ServiceAnswer


def log(answer: ServiceAnswer, message: str, level: int = logging.DEBUG) -> None:
    answer.emit(logging.LogRecord("apprise", level, "file", 1, message, (), None))


def test_nothing_heard_is_no_answer() -> None:
    assert ServiceAnswer().words == ""


def test_an_exception_tells_more_than_a_warning_and_a_response_more_than_both() -> None:
    answer = ServiceAnswer()
    log(answer, "Failed to send.", logging.WARNING)
    warned = answer.words
    log(answer, "Connecting …")
    log(answer, "Socket Exception: [Errno 111] Connection\r\n refused")
    failed = answer.words
    answer.response(400, "Bad Request", b'{"error": "no"}')

    assert warned == "Failed to send."
    assert failed == "[Errno 111] Connection refused"
    assert answer.words == "400 Bad Request: no"


def test_a_refusal_of_a_mail_server_is_not_replaced_by_what_follows() -> None:
    answer = ServiceAnswer()
    for code, text in ((220, b"hello"), (250, b"OK"), (550, b"no such mailbox"), (250, b"reset"), (221, b"bye")):
        answer.reply(code, text)

    assert answer.words == "550 no such mailbox"


def test_of_replies_that_take_everything_the_last_before_the_end_counts() -> None:
    answer = ServiceAnswer()
    for code, text in ((250, b"OK"), (250, b"queued"), (221, b"bye"), (-1, b"")):
        answer.reply(code, text)

    assert answer.words == "250 queued"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b'{"error": {"deep": 1}}', b'{"errors": [1, null]}', b"<html>", b"[" * 100_000],
)
def test_a_body_without_a_sentence_adds_nothing(body: bytes) -> None:
    answer = ServiceAnswer()
    answer.response(500, "Internal Server Error", body)

    assert answer.words in ("500 Internal Server Error", f"500 Internal Server Error: {body.decode()}"[:LONGEST_ANSWER])
    if not body.startswith(b"[["):
        assert answer.words == "500 Internal Server Error"


def test_a_failure_is_told_by_its_innermost_cause() -> None:
    answer = ServiceAnswer()
    answer.unreachable(RuntimeError("https://secret/token", OSError(111, "Connection refused")))

    assert answer.words == "Connection refused"


def test_an_answer_is_bounded() -> None:
    answer = ServiceAnswer()
    answer.response(400, "Bad Request", b"x" * 10_000)

    assert len(answer.words) == LONGEST_ANSWER
