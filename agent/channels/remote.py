"""Notices to a phone, a chat or a mailbox, through Apprise, for a user who is away from the computer.

Every service has its own processes (`agent.channels.remote_sender`), which end when they take too long. So no answer of
a service can fill the agent's memory or keep another service or the desktop waiting.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import TypeAlias

from agent.channels import ChannelKind, Delivered, Delivery, NotDelivered, Place
from agent.channels.remote_sender import COMMAND, MISSING, REFUSED, SEND_SECONDS, TAKEN, UNKNOWN_ADDRESS
from agent.core.problem import Severity
from agent.core.shown.display import Notice
from agent.core.told_steps import text_lines
from agent.platforms.own_process import ask_own_process, own_command

logger = logging.getLogger(__name__)

INSTALL_APPRISE = "Apprise is not installed: install Gatelight with its extra, `pip install 'gatelight[remote]'`"
MOST_SENDERS = 2
"""Processes of one service at a time. Notices that come meanwhile wait and go together with the next process."""
MOST_UNSENT = 100
"""Notices that may wait for one service."""

_TYPES = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.ERROR: "failure"}
_LATE = "late"

_Message: TypeAlias = dict[str, str]


class RemoteChannel:
    """Services named by Apprise URLs. They are told every notice, as the desktop is."""

    name = "remote notices"

    def __init__(self, urls: Sequence[str]) -> None:
        """`urls` may hold passwords and tokens, so they are never logged."""
        self._services = [_Service(url) for url in urls]
        self._told_unknown: set[int] = set()

    async def announce(self, notice: Notice) -> Delivery:
        """See `Channel.announce`."""
        steps = "".join(f"\n{line}" for line in text_lines(notice.steps))
        kind = "success" if notice.over else _TYPES[notice.severity]
        message = {"title": notice.title, "body": notice.text + steps, "type": kind}
        words = await asyncio.gather(*(service.send(message) for service in self._services))
        return self._delivery(words)

    async def withdraw(self, key: str) -> None:
        """See `Channel.withdraw`; a notice that was sent stays sent."""

    def _delivery(self, words: Sequence[str]) -> Delivery:
        if MISSING in words:
            return NotDelivered(INSTALL_APPRISE)
        for number, word in enumerate(words, 1):
            if word == UNKNOWN_ADDRESS and number not in self._told_unknown:
                self._told_unknown.add(number)
                logger.warning("address %d of notifications.remote is not one that Apprise knows", number)
        known = [(number, word) for number, word in enumerate(words, 1) if word != UNKNOWN_ADDRESS]
        if not known:
            return NotDelivered("none of the addresses in notifications.remote is one that Apprise knows")
        refusals = [
            f"the service of address {number} " + ("did not answer in time" if word == _LATE else "did not take it")
            for number, word in known
            if word != TAKEN
        ]
        return NotDelivered(", ".join(refusals)) if refusals else Delivered(self.name)


CHANNEL = ChannelKind(lambda chosen, _: RemoteChannel(chosen.remote), Place.ALWAYS, keys=("remote",))


class _Service:
    """One address, and the notices that wait for it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: list[tuple[_Message, asyncio.Future[str]]] = []
        self._senders: set[asyncio.Task[None]] = set()
        self._sending = 0

    async def send(self, message: _Message) -> str:
        """Send a message. Returns the sender's word for the result."""
        if len(self._waiting) >= MOST_UNSENT:
            return _LATE
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, answer))
        if self._sending < MOST_SENDERS:
            self._sending += 1
            # The sender is a separate task: a caller that gives up its notice must not stop the others.
            sender = asyncio.create_task(self._send_all(), name="remote notices")
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)
        return await answer

    async def _send_all(self) -> None:
        """Send the waiting notices, and those that come meanwhile."""
        while self._waiting:
            batch, self._waiting = [entry for entry in self._waiting if not entry[1].done()], []
            try:
                words = await _run_sender(self._url, [message for message, _ in batch]) if batch else []
            except Exception as failure:
                logger.warning(
                    "a remote notice could not be sent: no process could be used (%s)", type(failure).__name__
                )
                words = [REFUSED] * len(batch)
            for (_, answer), word in zip(batch, words, strict=True):
                if not answer.done():
                    answer.set_result(word)
        # There is no await since the loop saw no notice waiting, so a later notice starts another sender.
        self._sending -= 1


async def _run_sender(url: str, messages: Sequence[_Message]) -> list[str]:
    """A word for each message, from a process that has ended when this returns."""
    # The address is a secret and goes through standard input, because every user can read the arguments of programs.
    order = json.dumps({"url": url, "notices": messages}).encode("ascii")
    told = await ask_own_process(_sender(), order, SEND_SECONDS, "remote notices")
    # A process that ended early, for example over its memory limit, counts as a refusal.
    words = [_LATE if told.late else REFUSED] * len(messages)
    for line in told.output.decode("ascii").splitlines():
        number, word = line.split()
        words[int(number)] = word
    return words


def _sender() -> tuple[str, ...]:
    return own_command(COMMAND)
