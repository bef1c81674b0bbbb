"""Harmless real processes that could be mistaken for TWS or IB Gateway, as context managers.

Those made of a renamed interpreter (see `agent/simulator/disguise.py`) also end when the tests are killed.
"""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from agent.simulator.child import spawn
from agent.simulator.disguise import Disguise, named_process
from agent.simulator.scene import client_portal
from agent.simulator.world import free_port

END_TIMEOUT = 10.0
"""Seconds a decoy may take to end."""


@dataclass(frozen=True, slots=True)
class Decoy:
    """A running decoy."""

    pid: int
    ports: tuple[int, ...] = ()
    """What it listens on."""

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self.pid)


@contextmanager
def disguised(
    disguise: Disguise, *, ports: tuple[int, ...] = (), speaks: str = "nothing", log: Path | None = None
) -> Iterator[Decoy]:
    """A process of any look, listening on `ports` (0: any free one) and speaking HTTP or nothing."""
    first = {"part": "bystander", "ports": list(ports), "speaks": speaks}
    process = spawn(disguise, first, log or disguise.folder / "decoy.log")
    try:
        assert process.stdout is not None
        answer = json.loads(process.stdout.readline())
        assert answer["ok"], answer
        yield Decoy(process.pid, tuple(answer["ports"]))
    finally:
        _end(process)


@contextmanager
def real(*command: str, folder: Path) -> Iterator[Decoy]:
    """A real program of this machine, waiting on a standard input that says nothing."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    )
    try:
        _wait_for_command_line(process.pid)
        yield Decoy(process.pid)
    finally:
        for child in _children(process.pid):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        _end(process)


def shell_running_grep(folder: Path) -> contextlib.AbstractContextManager[Decoy]:
    """A shell that runs `grep ibgateway`, as everybody does who looks for it."""
    return real("bash", "-c", "grep ibgateway - install4j.ibgateway.GWClient; true", folder=folder)


def editor(folder: Path) -> contextlib.AbstractContextManager[Decoy]:
    """An editor with a log file of TWS open."""
    return disguised(named_process(folder, "vim", str(folder / "Jts" / "tws.log"), str(folder / "Jts" / "jts.ini")))


def own_program(folder: Path) -> contextlib.AbstractContextManager[Decoy]:
    """A user's program, `python tws_bot.py`."""
    script = folder / "tws_bot.py"
    script.write_text("import sys\nsys.stdin.read()\n")
    return real(sys.executable, str(script), "--gateway", "ibgateway", folder=folder)


def foreign_java(folder: Path, port: int = 7496) -> contextlib.AbstractContextManager[Decoy]:
    """A Java program that has nothing to do with IB, on a port of TWS."""
    disguise = named_process(
        folder,
        "java",
        "-cp",
        "/srv/shop/lib/*",
        "-Dspring.profiles.active=production",
        "com.example.shop.Main",
        options=("-Xmx512m",),
    )
    return disguised(disguise, ports=(port,), speaks="http")


def vnc_server(folder: Path) -> contextlib.AbstractContextManager[Decoy]:
    """The VNC server that shows an IB Gateway: its words, not its process."""
    disguise = named_process(
        folder,
        "Xtigervnc",
        *(":1", "-desktop", "ibgateway", "-auth", "/opt/ibgateway/.Xauthority", "-geometry", "1024x768"),
        *("-rfbport", "5901"),
    )
    return disguised(disguise, ports=(0,))


def client_portal_gateway(folder: Path, port: int = 0) -> contextlib.AbstractContextManager[Decoy]:
    """The Client Portal Gateway: Java by the same maker, but no socket API."""
    return disguised(client_portal(folder), ports=(port,), speaks="http")


def mac_installer(folder: Path) -> contextlib.AbstractContextManager[Decoy]:
    """The installer of IB Gateway on macOS, with the same program file name as the application."""
    bundle = folder / "IB Gateway 10.45 Installer.app" / "Contents" / "MacOS"
    return disguised(named_process(bundle, "JavaApplicationStub"))


def linux_installer(folder: Path) -> contextlib.AbstractContextManager[Decoy]:
    """The installer of IB Gateway on Linux: a shell script with Java inside."""
    script = folder / "ibgateway-10.45-standalone-linux-x64.sh"
    script.write_text("#!/bin/sh\nread answer\n")
    return real("sh", str(script), "-q", "-dir", str(folder / "Jts" / "ibgateway" / "1045"), folder=folder)


def linux_installer_java(folder: Path) -> contextlib.AbstractContextManager[Decoy]:
    """The Java of that installer: install4j, but neither application's main class."""
    disguise = named_process(
        folder,
        "java",
        "-Dexe4j.moduleName=" + str(folder / "ibgateway-10.45-standalone-linux-x64.sh"),
        "-classpath",
        "i4jruntime.jar:launcher0.jar",
        "install4j.Installer2046481984",
    )
    return disguised(disguise)


def log_follower(folder: Path) -> contextlib.AbstractContextManager[Decoy]:
    """`tail -F` on a log of IB Gateway."""
    log = folder / "ibgateway" / "ibgateway.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    return real("tail", "-F", str(log), folder=folder)


def terminal_of_ibc(folder: Path) -> contextlib.AbstractContextManager[Decoy]:
    """The terminal window in which IBC runs."""
    return disguised(
        named_process(folder, "xterm", "-T", "IBC (GATEWAY 1045)", "-e", "/opt/ibc/scripts/displaybannerandlaunch.sh")
    )


DECOYS: dict[str, Callable[[Path], contextlib.AbstractContextManager[Decoy]]] = {
    "shell running grep": shell_running_grep,
    "editor": editor,
    "own program": own_program,
    "foreign java": lambda folder: foreign_java(folder, free_port()),
    "vnc server": vnc_server,
    "client portal gateway": client_portal_gateway,
    "mac installer": mac_installer,
    "linux installer": linux_installer,
    "linux installer java": linux_installer_java,
    "log follower": log_follower,
    "terminal of ibc": terminal_of_ibc,
}
"""All of them by name, on ports that are free."""


def _wait_for_command_line(pid: int) -> None:
    # Right after its start Linux shows a process with no command line for a moment.
    deadline = time.monotonic() + END_TIMEOUT
    while not psutil.Process(pid).cmdline() and time.monotonic() < deadline:
        time.sleep(0.005)


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait(END_TIMEOUT)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
