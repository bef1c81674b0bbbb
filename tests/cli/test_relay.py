"""`gatelight relay`, as a user types it; and that the process behind it stays small."""

import re
import signal
import socket
import subprocess
import sys

from tests.commands import PATIENCE, ROOT, Place, environment
from tests.faults.conftest import place

__all__ = ["place"]

LARGE = (
    "asyncio ib_async aiohttp PIL pystray apscheduler psutil platformdirs filelock rich tomlkit logging ssl"
    " multiprocessing statistics"
)
"""Modules that a process which stands between a program and TWS for days does without."""


def configured(place: Place, listen: int, to: int) -> None:
    place.config.write_text(f'[[relays]]\nname = "Mine"\nlisten = {listen}\nto = "127.0.0.1:{to}"\n')


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def test_it_relays_until_it_is_told_to_stop(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tws:
        tws.settimeout(PATIENCE)
        port, to = free_port(), tws.getsockname()[1]
        configured(place, port, to)
        process = place.start("relay", "mine")
        assert process.stderr is not None
        try:
            assert process.stderr.readline() == (
                f"Relay “Mine” listens on port {port} and leads to 127.0.0.1:{to}: let programs connect to {port} "
                f"instead of {to}. Ctrl-C ends it.\n"
            )
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as program:
                program.sendall(b"API\0")
                wire, _ = tws.accept()
                with wire:
                    assert wire.recv(100) == b"API\0"
                    process.send_signal(signal.SIGINT)
                    assert program.recv(1) == b""
        finally:
            if process.poll() is None:
                process.terminate()
            _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")


def test_a_relay_that_is_not_configured_is_one_sentence(place: Place) -> None:
    place.config.write_text("")
    done = place.do("relay", "Mine")
    assert done.status == 2
    assert done.sentence.startswith("No relay is configured: write one into the configuration, headed [[relays]]")

    configured(place, 5002, 4002)
    done = place.do("relay", "Yours")
    assert (done.status, done.sentence) == (2, 'There is no relay "Yours": known are "Mine".')


def test_a_port_that_is_taken_is_one_sentence(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        configured(place, taken.getsockname()[1], 4002)
        done = place.do("relay", "Mine")
    assert done.status == 2
    assert re.search(r"^Relay “Mine” cannot listen on port \d+, which another program uses: end that", done.sentence)


def test_its_process_loads_nothing_large() -> None:
    code = f"""
import sys
import agent.cli.main, agent.cli.options, agent.cli.relay
agent.cli.options.build_parser("gatelight", ["relay"])
print(sorted(set({LARGE.split()!r}) & set(sys.modules)))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=environment(), cwd=ROOT)
    assert done.stdout == "[]\n", done.stderr
