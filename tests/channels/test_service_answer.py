"""What is heard of a service: the sentence of a refusal, and the replies of a mail server."""

import pytest

from agent.channels.service_answer import MailReplies, sentence_in


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('{"code":40301,"http":403,"error":"forbidden","link":"https://ntfy.sh/docs"}', "forbidden"),
        ('{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}', "Bad Request: chat not found"),
        ('{"user":"invalid","errors":["user key is invalid","no token"],"status":0}', "user key is invalid, no token"),
        ('{"message": "Unknown Webhook", "code": 10015}', "Unknown Webhook"),
        (" slow down\n", "slow down"),
        ("<html><body>a long page</body></html>", ""),
        ("", ""),
        ("{}", ""),
        ("[1]", ""),
        ("null", ""),
        ('{"error": {"deep": 1}}', ""),
        ('{"errors": [1, null]}', ""),
    ],
)
def test_of_a_refusal_the_sentence_for_people_is_told(body: str, sentence: str) -> None:
    assert sentence_in(body) == sentence


def test_no_body_is_too_deep() -> None:
    assert sentence_in("[" * 100_000).startswith("[")


def test_a_refusal_of_a_mail_server_is_not_replaced_by_what_follows() -> None:
    replies = MailReplies()
    for code, text in ((220, b"hello"), (250, b"OK"), (550, b"no such mailbox"), (250, b"reset"), (221, b"bye")):
        replies.take(code, text)

    assert (replies.refusal, replies.latest) == ("550 no such mailbox", "550 no such mailbox")


def test_of_replies_that_take_everything_the_last_before_the_end_counts() -> None:
    replies = MailReplies()
    for code, text in ((250, b"OK"), (250, b"queued"), (221, b"bye"), (-1, b"")):
        replies.take(code, text)

    assert (replies.refusal, replies.latest) == ("", "250 queued")


def test_nothing_heard_is_nothing_said() -> None:
    assert MailReplies().latest == ""
