"""The log as a channel."""

import logging

import pytest

from agent.channels import Channel
from agent.channels.log import LogChannel
from agent.core.problem import Severity
from agent.core.shown.display import Notice


@pytest.mark.parametrize(
    ("severity", "over", "level"),
    [
        (Severity.ERROR, False, logging.WARNING),
        (Severity.WARNING, False, logging.WARNING),
        (Severity.INFO, False, logging.INFO),
        (Severity.ERROR, True, logging.INFO),
    ],
)
async def test_the_log_has_every_notice_on_one_line(
    severity: Severity, over: bool, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    channel: Channel = LogChannel()

    await channel.announce(Notice("k", severity, "TWS does not answer", "A dialog\nmay be open.", over=over))

    assert [(r.levelno, r.getMessage()) for r in caplog.records] == [
        (level, "TWS does not answer: A dialog may be open.")
    ]
