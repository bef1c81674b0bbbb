"""Relays in words: what a program on the API port leads to, and what it is called when it is gone."""

from agent.core.facts import Listener
from agent.core.memory import Served
from agent.core.text import shortened
from agent.problems.shared.words import HOST_ROOM
from agent.tws.relays import RelayKind, relay_kind

UNSEEN = "unseen"
"""The case in which the system does not show what answers."""


def case_of(program: str | None) -> str:
    """The case of a guide's steps for a relay of this name."""
    if program is None:
        return UNSEEN
    kind = relay_kind(program) or RelayKind.RELAY
    return "machine" if kind is RelayKind.MACHINE else kind.value


_BEHIND = {
    "container": "in the container",
    "machine": "in the virtual machine",
    "tunnel": "at the end of the tunnel",
    "relay": "behind the relay",
    UNSEEN: "behind that port",
}


def behind(relay: Listener | None) -> str:
    """Where a relay leads to, like "at the end of the tunnel"."""
    return _BEHIND[case_of(None if relay is None else relay.program)]


def missed(served: Served) -> str:
    """What served a session and is gone, like "The tunnel (ssh)"."""
    if served.program is None:
        return "What answered"
    name = shortened(served.program, HOST_ROOM // 2)
    return {
        "container": f"The container (through {name})",
        "machine": f"The virtual machine (through {name})",
        "tunnel": f"The tunnel ({name})",
        "relay": f"The relay ({name})",
    }[case_of(served.program)]
