"""Messages to a phone, a chat or a mailbox, through Apprise, for a user who is away from the computer.

Every message has a process of its own (`agent.channels.remote_sender`), which ends when it takes too long. So no answer
of a service can fill the agent's memory or keep another service or the desktop waiting. What is sent to which target,
and when it is tried again, is decided in `agent.core.alerts.targets`.
"""

import json
import logging
from dataclasses import replace
from typing import Any

from agent.channels import Delivered, Delivery, NotDelivered, harmless_text
from agent.channels.remote_sender import COMMAND, MOST_SAID, SEND_SECONDS, Word
from agent.core.problem import Severity
from agent.core.settings import KEY_STORE, TargetSettings
from agent.core.shown.display import Notice
from agent.core.shown.targets import SendOutcome, TargetAnswer, TargetMessage
from agent.core.told_steps import text_lines
from agent.platforms.key_store import WITH_REMOTE, WITHOUT_KEYRING
from agent.platforms.own_process import ask_own_process, own_command

logger = logging.getLogger(__name__)


INSTALL_APPRISE = f"Apprise is not installed: {WITH_REMOTE}"
"""Told where pip installed Gatelight without the extra; every package holds Apprise."""

_KINDS = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.ERROR: "failure"}
_OUTCOMES = {
    Word.TAKEN: SendOutcome.TAKEN,
    Word.REFUSED: SendOutcome.REFUSED,
    Word.UNFIT: SendOutcome.UNFIT,
    # A key store that is locked now may be open later; the others stay as they are until the user changes something.
    Word.LOCKED: SendOutcome.REFUSED,
}
_SAID = {
    Word.MISSING: INSTALL_APPRISE,
    Word.UNKNOWN_ADDRESS: "its address is not one that Apprise knows",
    Word.NO_KEYRING: f"the address is in the key store of the system, which is out of reach: {WITHOUT_KEYRING}",
    Word.NO_STORE: "this system has no key store that Gatelight can use: write the address into the configuration",
    Word.NO_SECRET: "the key store has nothing under this name: run “gatelight config secret {name}”",
    Word.LOCKED: "the key store of the system does not give the address: it may be locked",
}


def message_for(notice: Notice) -> TargetMessage:
    """A notice as it is sent: with its steps, for a screen that has room for them."""
    steps = "".join(f"\n{line}" for line in text_lines(notice.steps))
    well = notice.over and not notice.no_news
    return TargetMessage(notice.title, notice.text + steps, "success" if well else _KINDS[notice.severity])


async def send_message(url: str, message: TargetMessage) -> TargetAnswer:
    """Send one message, made harmless; `url`: see `TargetSettings`. The process that did it has ended then."""
    message = replace(message, title=harmless_text(message.title), body=harmless_text(message.body))
    # The address is a secret and goes through standard input, because every user can read the arguments of programs.
    order = json.dumps({"url": url, "title": message.title, "body": message.body, "type": message.kind})
    try:
        told = await ask_own_process(_sender(), order.encode("ascii"), SEND_SECONDS, "remote notices")
    except OSError as failure:
        logger.warning("a remote notice could not be sent: no process could be used (%s)", type(failure).__name__)
        return TargetAnswer(SendOutcome.REFUSED, "no process could be started for it")
    if told.late:
        return TargetAnswer(SendOutcome.LATE, f"no answer within {SEND_SECONDS:g} s")
    try:
        return _answer(json.loads(told.output), url)
    except (ValueError, KeyError, TypeError):
        # A process that ended early, for example over its memory limit, counts as a refusal.
        return TargetAnswer(SendOutcome.REFUSED, "the answer was too large or too strange to be read")


def _answer(told: Any, url: str) -> TargetAnswer:
    word, said, wait = Word(told["word"]), str(told["said"])[:MOST_SAID], told["retry_after"]
    words = _SAID.get(word, said).format(name=url.removeprefix(KEY_STORE)) if word in _SAID else said
    retry_after = float(wait) if isinstance(wait, int | float) else None
    return TargetAnswer(_OUTCOMES.get(word, SendOutcome.UNUSABLE), words, retry_after)


class TargetChannel:
    """One target as a channel, for a test: the message goes out at once, and the service's own answer is told."""

    def __init__(self, target: TargetSettings) -> None:
        self.name = f"“{target.name}”"
        self._url = target.url

    async def announce(self, notice: Notice) -> Delivery:
        """See `Channel.announce`."""
        answer = await send_message(self._url, message_for(notice))
        return Delivered(f"{self.name} ({answer.said})") if answer.taken else NotDelivered(answer.said)

    async def withdraw(self, key: str) -> bool:
        """See `Channel.withdraw`; a message that was sent stays sent."""
        return False


def _sender() -> tuple[str, ...]:
    return own_command(COMMAND)
