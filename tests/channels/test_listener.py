"""The channel that passes every notice on to a function."""

from agent.channels import Delivered
from agent.channels.listener import ListenerChannel
from agent.core.problem import Severity
from agent.core.shown.display import Notice


async def test_every_notice_is_passed_on_as_it_is() -> None:
    heard: list[Notice] = []
    channel = ListenerChannel(heard.append)
    notices = [Notice("a", Severity.INFO, "First", "One."), Notice("b", Severity.ERROR, "Second", "Two.", over=True)]

    assert [await channel.announce(notice) for notice in notices] == [Delivered("listener")] * 2
    assert heard == notices
