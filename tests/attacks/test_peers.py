"""Peers that answer without end, byte by byte or not at all: remote services, and whatever else the agent asks."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import ExitStack

import psutil
import pytest

from agent.channels import remote
from agent.channels.remote import send_message
from agent.channels.remote_sender import COMMAND, MOST_MEMORY, MOST_SAID
from agent.core.facts import Unknown
from agent.core.shown.targets import SendOutcome, TargetMessage
from agent.session import ibc_commands, settings
from tests.attacks import hostile_service as rules
from tests.attacks.hostile_service import HostileService, Manner, hostile

MESSAGE = TargetMessage("TWS does not answer", "It hangs.", "failure")

WITHIN_A_MOMENT = [
    rules.endless_body,
    rules.endless_chunks,
    rules.packed_bomb,
    rules.never_ending_redirects,
    rules.endless_headers,
    rules.one_endless_header,
]
"""What is recognised by its size."""
BY_THE_CLOCK = [
    rules.byte_by_byte,
    rules.byte_by_byte_from_the_first,
    rules.always_a_moment_more,
    rules.silence,
]

MOST_SENT = 64 << 20
"""Bytes a service gets rid of at most; the buffers of the system take some megabytes."""


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "SEND_SECONDS", 3.0)


@pytest.fixture(autouse=True)
def no_sender_is_left() -> Iterator[None]:
    yield
    assert not [child for child in psutil.Process().children() if COMMAND in child.cmdline()]
    # The largest child there ever was, in KiB.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < MOST_MEMORY * 1.25


@pytest.mark.parametrize("manner", WITHIN_A_MOMENT, ids=lambda manner: manner.__name__)
async def test_a_remote_service_that_answers_too_much_is_left(manner: Manner) -> None:
    own = psutil.Process()
    before = own.memory_info().rss
    with hostile(manner) as service:
        answer = await send_message(f"json://127.0.0.1:{service.port}/", MESSAGE)

        assert answer.outcome is SendOutcome.REFUSED
        assert len(answer.said) <= MOST_SAID
        assert service.sent < MOST_SENT
        assert own.memory_info().rss - before < 20 << 20


@pytest.mark.usefixtures("short_patience")
async def test_remote_services_that_never_end_keep_nobody_waiting() -> None:
    with ExitStack() as stack:
        services: list[HostileService] = [stack.enter_context(hostile(manner)) for manner in BY_THE_CLOCK]
        urls = [f"json://127.0.0.1:{service.port}/" for service in services]
        # On a busy machine a sender may not have begun before its time is over.
        for _ in range(20):
            answers = await asyncio.gather(*(send_message(url, MESSAGE) for url in urls))
            assert not any(answer.taken for answer in answers)
            if reached := all(service.clients for service in services):
                break
        assert reached


@pytest.mark.usefixtures("short_patience")
async def test_a_mail_server_that_greets_without_end_fills_nothing() -> None:
    with hostile(rules.endless_mail_greeting) as service:
        url = f"mailto://user:secret@127.0.0.1:{service.port}/?smtp=127.0.0.1&mode=insecure&from=a@example.org"
        for _ in range(20):
            assert not (await send_message(url, MESSAGE)).taken
            if service.clients:
                break
        assert service.clients


IBC_MANNERS: dict[Manner, str] = {
    rules.endless_line: "is not that of a command server",
    rules.endless_lines: "none of them was an answer",
    rules.letter_by_letter: "did not answer within",
    rules.silence: "did not answer within",
}


@pytest.mark.parametrize("manner", IBC_MANNERS, ids=lambda manner: manner.__name__)
async def test_a_command_server_that_never_ends_is_given_up(manner: Manner) -> None:
    with hostile(manner) as service:
        answer = await ibc_commands.send_command(service.port, "RECONNECTDATA", within=0.5)

        assert not answer.accepted
        assert IBC_MANNERS[manner] in answer.text
        assert service.sent < MOST_SENT


SETTINGS_MANNERS: dict[Manner, str] = {
    rules.endless_body: "does not speak the TWS API",
    rules.huge_length: "does not speak the TWS API",
    rules.endless_frame: "too much for settings",
    rules.endless_messages: "came",
    rules.hello_letter_by_letter: "the time was up",
    rules.letter_by_letter: "does not speak the TWS API",
    rules.silence: "the time was up",
}


@pytest.mark.parametrize("manner", SETTINGS_MANNERS, ids=lambda manner: manner.__name__)
async def test_an_application_that_never_ends_its_settings_is_given_up(manner: Manner) -> None:
    own = psutil.Process()
    before = own.memory_info().rss
    with hostile(manner) as service:
        answer = await settings.ask_settings("127.0.0.1", service.port, [4711], within=0.5)

        assert isinstance(answer.settings, Unknown)
        assert SETTINGS_MANNERS[manner] in answer.settings.reason
        assert service.sent < MOST_SENT
        assert own.memory_info().rss - before < 20 << 20
