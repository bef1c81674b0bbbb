import argparse
import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from agent.errors import UsageError
from agent.simulator.command import add_arguments, command, fault_list
from agent.simulator.control import ask_simulator
from agent.simulator.disguise import environment
from agent.simulator.process_faults import FAULTS
from agent.simulator.world import free_port

PROGRAM = """
import argparse, sys
from agent.errors import GatelightError
from agent.simulator.command import add_arguments, command

parser = argparse.ArgumentParser(prog="gatelight simulate")
add_arguments(parser)

def say(text):
    sys.stdout.write(text + "\\n")
    sys.stdout.flush()

try:
    sys.exit(command(parser.parse_args(), say))
except GatelightError as error:
    sys.stderr.write(str(error) + "\\n")
    sys.exit(error.exit_status)
"""

PATIENCE = 30.0
"""Seconds in which a command must have ended; it takes a fraction of one."""


class Running:
    """`gatelight simulate` in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process = process
        self.port = port

    def next_line(self, *words: str) -> str:
        """The next line of output that holds all these words."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if all(word in line for word in words):
                return line
        raise AssertionError(f"the output ended before {words}")

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 2) as client:
            client.settimeout(10)
            client.sendall(b"API\0" + (9).to_bytes(4, "big") + b"v157..178")
            return len(client.recv(4)) == 4
        return False


@contextmanager
def simulate(*arguments: str, port: int = 0) -> Iterator[Running]:
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "--port", str(port), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        yield Running(process, port)
    finally:
        process.kill()
        process.wait(PATIENCE)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def refused(*arguments: str) -> tuple[int, str]:
    """Exit status and error output of a command that cannot work."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment(),
        timeout=30,
        check=False,
    )
    return done.returncode, done.stderr


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)


def test_it_says_what_it_plays_and_answers_on_its_port() -> None:
    with simulate("--application", "tws", "--mode", "live", "--shape", "ibc") as running:
        line = running.next_line("Simulating")

        assert line.startswith("Simulating TWS 10.45, live trading, started by IBC (pid ")
        assert f"on port {running.port} of this machine; server version 226. Ctrl-C ends it." in line
        assert running.answers()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_all_its_processes_and_no_complaint(number: signal.Signals) -> None:
    with simulate("--fault", "several") as running:
        running.next_line("Simulating")
        children = running.children()
        running.process.send_signal(number)
        output, errors = running.process.communicate(timeout=PATIENCE)

        assert len(children) >= 3
        assert running.process.returncode == 0
        assert errors == ""
        assert output.endswith("The simulation has ended.\n")
        assert not [child for child in children if child.is_running()]


def test_no_process_outlives_a_command_that_was_killed() -> None:
    with simulate("--shape", "container") as running:
        running.next_line("Simulating")
        children = running.children()
        running.process.kill()
        gone, alive = psutil.wait_procs(children, timeout=PATIENCE)

        assert len(gone) >= 3
        assert alive == []


def test_faults_are_switched_by_typing_their_names() -> None:
    with simulate() as running:
        running.next_line("Simulating")
        running.type("silent")
        running.next_line("faults in force: silent.")
        during = running.answers()
        running.type("heal silent")
        running.next_line("faults in force: none.")

        assert not during
        assert running.answers()


def test_what_is_typed_wrongly_gets_a_sentence_and_it_goes_on() -> None:
    with simulate() as running:
        running.next_line("Simulating")
        running.type("nonsense")
        running.next_line("There is no fault “nonsense”; `gatelight simulate --list-faults` names them all.")
        running.type("notice soon")
        running.next_line("A notice needs its code: notice 1100.")
        running.type("slow=2")
        running.next_line("faults in force: slow=2.")
        running.type("other-port 70000")
        running.next_line("other-port takes 1 to 65535")

        assert running.process.poll() is None


def test_the_application_can_be_ended_and_restarted_by_typing() -> None:
    with simulate() as running:
        running.next_line("Simulating")
        for typed, said in [
            ("log-out", f"port {running.port}"),
            ("log-in", f"port {running.port}"),
            ("kill", "Now not running"),
            ("silent", "Now not running; faults in force: silent."),
            ("heal", "faults in force: none."),
            ("restart", f"port {running.port}; faults in force: none."),
            ("restart 0", f"port {running.port}; faults in force: none."),
        ]:
            running.type(typed)
            running.next_line(said)

        assert running.answers()


def test_quit_ends_it() -> None:
    with simulate() as running:
        running.next_line("Simulating")
        running.type("quit")
        running.process.wait(PATIENCE)

        assert running.process.returncode == 0


def test_it_goes_on_when_nothing_more_can_be_typed() -> None:
    with simulate() as running:
        running.next_line("Simulating")
        assert running.process.stdin is not None
        running.process.stdin.close()
        time.sleep(0.2)

        assert running.answers()


def test_ibc_may_have_a_command_server() -> None:
    port = free_port()
    with simulate("--shape", "ibc", "--command-server", str(port)) as running:
        running.next_line("Simulating")
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(b"RECONNECTDATA\n")

            assert client.recv(100) == b"OK\r\n"


async def test_faults_are_switched_over_the_control_socket(tmp_path: Path) -> None:
    path = tmp_path / "control"
    with simulate("--control", str(path)) as running:
        running.next_line("Simulating")
        answer = await ask_simulator(path, do="fault", name="no-listener")

        assert answer["faults"] == {"no-listener": ""}
        assert not running.answers()


def test_faults_from_the_start_are_named() -> None:
    with simulate("--fault", "slow=1", "--fault", "no-listener") as running:
        assert "Faults in force: " in running.next_line("Simulating", "slow=1", "no-listener")


def test_a_port_in_use_is_refused_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, error = refused("--port", str(port))

    assert status == 2
    assert error == f"Port {port} is in use by another program; end that program, or choose another one with --port.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--port", "0"), "--port takes a number from 1 to 65535, not 0."),
        (("--port", "70000"), "--port takes a number from 1 to 65535, not 70000."),
        (("--server-version", "99"), "--server-version takes a number from 157 to 226, not 99."),
        (("--app-version", "ten"), "--app-version takes a version like 10.45, not “ten”."),
        (
            ("--shape", "ibc", "--command-server", "70000"),
            "--command-server takes a number from 1 to 65535, not 70000.",
        ),
        (("--command-server", "7462"), "--command-server needs --shape ibc: it is IBC that has one."),
        (("--fault", "memory=1"), "memory takes 64 to 4096 (megabytes of -Xmx), not 1."),
        (("--fault", "bad"), "There is no fault “bad”; `gatelight simulate --list-faults` names them all."),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        command(parsed(*arguments), lambda _: None)

    assert str(caught.value) == sentence
    assert caught.value.exit_status == 2


def test_a_control_socket_that_cannot_be_made_is_refused_in_one_sentence(tmp_path: Path) -> None:
    status, error = refused("--port", str(free_port()), "--control", str(tmp_path / "missing" / "control"))

    assert status == 2
    assert error.startswith("No control socket can be made at ")
    assert error.count("\n") == 1


def test_all_faults_are_listed_with_what_they_take() -> None:
    said: list[str] = []
    status = command(parsed("--list-faults"), said.append)

    assert status == 0
    assert {line.split()[0] for line in said[0].splitlines()} == set(FAULTS)
    assert "[=port; default 5000]" in fault_list()
