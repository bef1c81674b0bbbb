import asyncio
import logging
from dataclasses import dataclass, field, replace

import pytest

from agent import channels
from agent.channels import Chain, Delivered, Delivery, NotDelivered
from agent.core.problem import Severity
from agent.core.shown.display import Notice, NoticeTried

NOTICE = Notice("paper/api-silent", Severity.ERROR, "TWS does not answer", "A dialog\nmay be open.")


@dataclass
class Recording:
    """A channel that does as it is told, and remembers what it was asked."""

    name: str
    does: Delivery | Exception | None
    """None: it never answers."""
    told: list[Notice] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    stood: bool = False
    """The user has its notices until they are withdrawn."""

    async def announce(self, notice: Notice) -> Delivery:
        self.told.append(notice)
        if self.does is None:
            await asyncio.Event().wait()
        if isinstance(self.does, Exception):
            raise self.does
        assert self.does is not None
        return self.does

    async def withdraw(self, key: str) -> bool:
        self.withdrawn.append(key)
        if isinstance(self.does, Exception):
            raise self.does
        return self.stood


async def test_the_first_channel_that_confirms_wins() -> None:
    first, second, third = (
        Recording("first", NotDelivered("no desktop")),
        Recording("second", Delivered("second")),
        Recording("third", Delivered("third")),
    )

    assert await Chain([first, second, third]).announce(NOTICE) == Delivered("second")
    assert (first.told, second.told, third.told) == ([NOTICE], [NOTICE], [])


async def test_what_nobody_took_comes_back_with_every_reason() -> None:
    chain = Chain([Recording("a", NotDelivered("no desktop")), Recording("b", OSError("broken"))])

    assert await chain.announce(NOTICE) == NotDelivered("a: no desktop; b: it failed (OSError)")


async def test_without_channels_nothing_is_claimed() -> None:
    assert await Chain([]).announce(NOTICE) == NotDelivered("no channel is switched on")


async def test_a_channel_that_never_answers_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "CHANNEL_SECONDS", 0.01)
    chain = Chain([Recording("stuck", None), Recording("next", Delivered("next"))])

    assert await chain.announce(NOTICE) == Delivered("next")


async def test_a_service_that_does_not_answer_keeps_the_desktop_from_nothing() -> None:
    answered = asyncio.Event()

    class Slow(Recording):
        async def announce(self, notice: Notice) -> Delivery:
            await answered.wait()
            return await super().announce(notice)

    slow, desktop = Slow("service", Delivered("service")), Recording("desktop", Delivered("desktop"))
    chain = Chain([desktop], always=[slow])

    assert await chain.announce(NOTICE) == Delivered("desktop")
    assert slow.told == []

    answered.set()
    await asyncio.sleep(0.01)

    assert slow.told == [NOTICE]


async def test_some_channels_are_always_told_and_do_not_count_as_delivery() -> None:
    log = Recording("log", Delivered("log"))

    assert await Chain([Recording("a", NotDelivered("no"))], always=[log]).announce(NOTICE) == NotDelivered("a: no")
    assert log.told == [NOTICE]


async def test_a_notice_is_withdrawn_everywhere_even_past_a_failure() -> None:
    broken, sound = Recording("broken", OSError("broken")), Recording("sound", Delivered("sound"))

    assert not await Chain([broken, sound]).withdraw("key")

    assert (broken.withdrawn, sound.withdrawn) == (["key"], ["key"])


@pytest.mark.parametrize("who", [(True, False), (False, True), (False, False)])
async def test_a_notice_that_stood_anywhere_until_it_was_withdrawn_stood(who: tuple[bool, bool]) -> None:
    first, second = (Recording(str(n), Delivered(str(n)), stood=stood) for n, stood in enumerate(who))

    assert await Chain([first], always=[second]).withdraw("key") == any(who)


async def test_a_refusal_is_logged_when_it_changes_and_not_each_time(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    channel = Recording("desktop", NotDelivered("no desktop"))
    chain = Chain([channel])

    for does in (NotDelivered("no desktop"), NotDelivered("no desktop"), Delivered("desktop"), Delivered("desktop")):
        channel.does = does
        await chain.announce(NOTICE)

    assert [record.getMessage() for record in caplog.records] == [
        "desktop did not take a notice: no desktop",
        "desktop takes notices again",
    ]


async def test_a_test_notice_goes_to_every_channel_and_each_is_named() -> None:
    desktop, second = Recording("desktop", NotDelivered("no desktop")), Recording("balloon", Delivered("balloon"))
    third, phone, chat = (
        Recording("third", Delivered("third")),
        Recording("phone", Delivered("phone")),
        Recording("chat", OSError("broken")),
    )
    tried = await Chain([desktop, second, third], [phone, chat]).try_all(NOTICE)

    assert tried == NoticeTried(("balloon", "phone"), ("chat: it failed (OSError)",))
    assert third.told == [], "one notice on the desktop is enough"
    assert (await Chain([desktop], [chat]).try_all(NOTICE)).refused == (
        "desktop: no desktop",
        "chat: it failed (OSError)",
    )


async def test_a_test_notice_without_a_channel_is_not_claimed_to_be_taken() -> None:
    assert await Chain([]).try_all(NOTICE) == NoticeTried(refused=("no channel that is switched on can be used here",))


SECRET = "hook://Anna:pass%20word@Host.example:8443/T0K3N?key=Q7X9"


@pytest.mark.parametrize("part", [SECRET, "host.example", "Host.example:8443", "T0K3N", "pass word", "Q7X9", "Anna"])
@pytest.mark.parametrize("way", [NotDelivered, OSError])
async def test_no_part_of_a_secret_is_in_a_reason_or_in_the_log(
    way: type[NotDelivered | OSError], part: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    chain = Chain([], [Recording("hook", way(f"refused by {part}\x1b[2J\n"))], secrets=(SECRET,))
    said = [str(await chain.try_all(NOTICE)), *(record.getMessage() for record in caplog.records)]
    await chain.withdraw("key")
    said += [f"{record.getMessage()} {record.exc_info}" for record in caplog.records]

    assert len(said) > 2
    assert not [words for words in said if part in words]
    assert "\x1b" not in said[0]


async def test_the_end_of_what_the_desktop_did_not_show_is_told_to_the_others_alone() -> None:
    desktop, remote = Recording("desktop", Delivered("desktop")), Recording("remote", Delivered("remote"))
    delivery = await Chain([desktop], [remote]).announce(replace(NOTICE, over=True, beside_desktop=True))
    await asyncio.sleep(0)

    assert isinstance(delivery, Delivered)
    assert (desktop.told, [n.title for n in remote.told]) == ([], [NOTICE.title])


async def test_what_is_told_once_more_is_told_to_the_desktop_alone() -> None:
    desktop, remote = Recording("desktop", Delivered("desktop")), Recording("remote", Delivered("remote"))
    again = replace(NOTICE, once_more=True)

    assert await Chain([desktop], [remote]).announce(again) == Delivered("desktop")
    assert ([n.title for n in desktop.told], remote.told) == ([NOTICE.title], [])


async def test_without_a_secret_in_it_a_reason_stays_as_it_is() -> None:
    chain = Chain([Recording("hook", NotDelivered("it does not answer"))], secrets=(SECRET,))

    assert await chain.announce(NOTICE) == NotDelivered("hook: it does not answer")
