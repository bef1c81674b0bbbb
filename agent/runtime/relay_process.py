"""Starts relays as processes of their own, and tells those that run what to do instead."""

import json
import os
import subprocess
from pathlib import Path

import agent
from agent.core.facts import RelaySeen
from agent.core.relay_facts import RelayOrder
from agent.platforms.files import replace_own_file
from agent.platforms.folders import make_private
from agent.platforms.own_process import own_command
from agent.platforms.starting import await_end, detached

KEEP = "keep-relay"
"""The command of such a process, for the agent alone: see `agent.__main__`."""


def start_relay(folder: Path, order: RelayOrder) -> "subprocess.Popen[bytes]":
    """A process that relays and reports to a folder. Neither our end nor a Ctrl-C reaches it. Raises OSError.

    It needs no configuration, so that one that is being changed cannot stop it.
    """
    make_private(folder)
    told = json.dumps({"order": order.to_json(), "folder": str(folder)})
    # It loads its modules from where ours come from.
    process = detached([*own_command(KEEP), told], os.environ, Path(agent.__file__).parents[1])
    await_end(process)
    return process


def tell_relay(folder: Path, relay: RelaySeen, order: RelayOrder) -> None:
    """Leave an order for a relay that runs; it looks every second. Raises OSError."""
    replace_own_file(folder / f"{relay.port}-{relay.pid}.order", json.dumps(order.to_json()).encode())
