"""A test of one address: sends one notice, and tells what the service answered, in its own words."""

import json
from dataclasses import dataclass

from agent.channels.remote import INSTALL_APPRISE
from agent.channels.remote_sender import COMMAND, MISSING, REFUSED, SAID, SEND_SECONDS, TAKEN, UNKNOWN_ADDRESS
from agent.core.shown.display import TargetTried
from agent.platforms.own_process import ask_own_process, own_command
from agent.tws.outside import FromOutside, OutsideText
from agent.tws.privacy import Private, parts_of_secret, redact

TITLE = "A test from Gatelight"
BODY = "This is where notices come when you are away from your computer."


@dataclass(frozen=True, slots=True)
class _Heard(FromOutside):
    words: OutsideText = ""


async def try_address(url: str) -> TargetTried:
    """Send a test to an Apprise URL. No part of the URL is in what is returned."""
    notice = {"title": TITLE, "body": BODY, "type": "info"}
    order = json.dumps({"url": url, "notices": [notice], "tell": True}).encode("ascii")
    try:
        told = await ask_own_process(own_command(COMMAND), order, SEND_SECONDS, "remote test")
    except OSError:
        return TargetTried(False, "The test could not be sent: no process could be started.")
    word, answer = REFUSED, ""
    for line in told.output.decode("ascii").splitlines():
        first, _, rest = line.partition(" ")
        if first == SAID:
            answer = json.loads(rest)
        else:
            word = rest
    words = _Heard(redact(answer, Private(words=parts_of_secret(url)))).words
    if word == MISSING:
        return TargetTried(False, f"{INSTALL_APPRISE}.")
    if word == UNKNOWN_ADDRESS:
        return TargetTried(False, "Apprise knows no service of such an address: look for a mistake in it.")
    if word == TAKEN:
        return TargetTried(True, "The service took the test: look whether it has arrived.", words)
    if told.late:
        return TargetTried(False, f"The service did not answer within {SEND_SECONDS:g} s.", words)
    return TargetTried(False, "The service did not take the test.", words)
