"""What can be clicked besides fixes: watch or not, pause, snooze, seen, look now; a test notice; start at log-in."""

from collections.abc import Mapping
from typing import Any

from agent.core.commands import read_command
from agent.page.backend import Answer, Backend, Endpoint, Refused, said, text_field

COMMANDS = ("connect", "disconnect", "pause", "resume", "snooze", "seen", "ignore", "look")


async def do_action(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """One of the commands of the control channel, and none of its others."""
    command = text_field(asked, "command")
    if command not in COMMANDS:
        raise Refused(f"“{command[:40]}” cannot be asked for here.")
    answer = said(await backend.ask(read_command(asked)))
    if "not_kept" in answer:
        raise Refused(str(answer["not_kept"]), 409)
    return answer


async def send_notice(backend: Backend, _: Mapping[str, Any]) -> Answer:
    """A notice to every channel that is switched on; the answer says in words which took it."""
    tried = await backend.test_notice()
    if not tried.taken:
        raise Refused(tried.sentence, 409)
    return {"done": True, "said": tried.sentence}


async def user_is_here(backend: Backend, _: Mapping[str, Any]) -> Answer:
    """The user moves, types or clicks on the page: what it shows is seen."""
    backend.looked()
    return {"done": True}


async def set_at_login(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Start at log-in, or no longer."""
    on = asked.get("on")
    if not isinstance(on, bool):
        raise Refused("“on” must be true or false.")
    reason = await backend.at_login(on)
    if reason is not None:
        raise Refused(reason, 409)
    return {"done": True}


ENDPOINTS = (
    Endpoint("POST", "do", do_action),
    Endpoint("POST", "looked", user_is_here),
    Endpoint("POST", "test-notice", send_notice, seconds=30.0),
    Endpoint("POST", "at-login", set_at_login, guarded=lambda _: True),
)
