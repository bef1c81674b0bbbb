"""Set-up: the steps as they stand, with a drawing at each part of them, and everything that can be done about them."""

from collections.abc import Mapping
from typing import Any

from agent.core.commands import SetUp, Unusable, read_command
from agent.page.backend import Answer, Backend, Endpoint, Refused, said, text_field
from agent.page.endpoints.guide import of_case, without_drawings
from agent.tws.applications import ApplicationKind

NOTICE_SECONDS = 30.0
"""How long an act may take: the channels of a notice may be slow."""


async def read_setup(backend: Backend, _: Mapping[str, Any]) -> Answer:
    """The set-up as it stands."""
    return _drawn(said(await backend.ask(SetUp())))


async def act(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Do one thing about it, and tell how it stands then."""
    wanted = text_field(asked, "act")
    command = read_command({**asked, "command": "setup", "act": wanted})
    if isinstance(command, Unusable):
        raise Refused(command.reason)
    return _drawn(said(await backend.ask(command)))


def _drawn(answer: Answer) -> Answer:
    """The answer with the instructions of each step as lists with drawings, one for each layout of the windows."""
    setup = answer.get("setup")
    if setup is None:
        return answer
    kind = ApplicationKind(answer.get("kind", ApplicationKind.UNKNOWN))
    steps = [{**step, "lists": _lists(kind, step)} for step in setup["steps"]]
    return {**answer, "setup": {**setup, "steps": steps}}


def _lists(kind: ApplicationKind, step: Mapping[str, Any]) -> list[Answer]:
    told = step["steps"]
    if step.get("typed"):
        # They are done in the user's program, whose windows are not drawn here.
        return [without_drawings(ApplicationKind.UNKNOWN, told)]
    return list(of_case(kind, told)) if told else []


def _starts(asked: Mapping[str, Any]) -> bool:
    """Whether Gatelight would start at log-in from now on."""
    return asked.get("act") == "start-at-login"


ENDPOINTS = (
    Endpoint("GET", "setup", read_setup),
    Endpoint("POST", "setup", act, seconds=NOTICE_SECONDS, guarded=_starts),
)
