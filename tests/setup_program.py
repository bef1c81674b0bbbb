"""`gatelight setup` in a process of its own, seeing only the applications below a folder, its graces shortened.

Arguments: the folder, then what `gatelight setup` takes: --config FILE --data-dir DIR [--no-input] [NAME];
and `--updates-at ADDRESS`, as if it was built in.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from agent.app.world import RealWorld
from agent.cli.setup import walk
from agent.cli.terminal import print_text
from agent.core.facts import Known, MachineFacts
from agent.core.updates import Origin
from agent.runtime.logs import set_up_logs
from agent.runtime.paths import find_places
from tests.faults.watching import QUICK, below, calm


def only(folder: Path, machine: MachineFacts) -> MachineFacts:
    """The machine without the applications, sockets and installations of others."""
    machine = replace(below(folder)(machine), installed=Known(()))
    if not isinstance(machine.processes, Known) or not isinstance(machine.sockets, Known):
        return machine
    ports = {port for process in machine.processes.value.applications for port in process.api_ports}
    sockets = machine.sockets.value
    kept = replace(
        sockets,
        listeners=tuple(x for x in sockets.listeners if x.port in ports),
        clients=tuple(c for c in sockets.clients if c.port in ports),
    )
    # Those of other tests that run beside this one.
    processes = replace(machine.processes.value, programs=())
    return replace(machine, processes=Known(processes), sockets=Known(kept))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--config", required=True)
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--no-input", action="store_true")
    parser.add_argument("--updates-at", default="")
    parser.add_argument("name", nargs="?", default="")
    options = parser.parse_args()
    with set_up_logs(None, 0):
        return run(options)


def run(options: argparse.Namespace) -> int:
    return walk(
        find_places(options.config, options.data_dir, environ={}),
        options.name,
        say=print_text,
        no_input=options.no_input,
        world=RealWorld(only=lambda machine: only(options.folder, machine)),
        timing=QUICK,
        known=calm(),
        origin=Origin(options.updates_at),
    )


if __name__ == "__main__":
    sys.exit(main())
