"""Asking an agent as a client of the control channel does, without the channel in between."""

from typing import Any

from agent.core.commands import LoopCommand, read_command
from agent.runtime.control.answers import answer
from agent.runtime.loop import AgentLoop


def answered(loop: AgentLoop, request: dict[str, Any]) -> dict[str, Any]:
    """What the loop answers to a request that it can answer alone."""
    command = read_command(request)
    assert isinstance(command, LoopCommand)
    return answer(loop, command)
