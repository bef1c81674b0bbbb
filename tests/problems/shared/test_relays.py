"""Relays in words."""

import pytest

from agent.core.memory import Served
from agent.problems.shared.relays import UNSEEN, behind, case_of, missed
from tests.problems.scene import relay

CASES = {
    "docker-proxy": ("container", "in the container", "The container (through docker-proxy)"),
    "wslrelay.exe": ("machine", "in the virtual machine", "The virtual machine (through wslrelay.exe)"),
    "ssh": ("tunnel", "at the end of the tunnel", "The tunnel (ssh)"),
    "my-forwarder": ("relay", "behind the relay", "The relay (my-forwarder)"),
}


@pytest.mark.parametrize("program", CASES)
def test_a_relay_is_called_by_what_it_leads_to(program: str) -> None:
    assert (case_of(program), behind(relay(program=program)), missed(Served(4002, program))) == CASES[program]


def test_what_is_not_shown_has_no_kind() -> None:
    assert (case_of(None), behind(None), missed(Served(4002))) == (UNSEEN, "behind that port", "What answered")
