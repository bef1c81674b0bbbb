"""Gives each run of the tests a machine of its own as far as it can see: processes and network.

Many tests look at the whole machine, as Gatelight does: side by side they would find each other's applications. As a
plugin of pytest this starts the run anew in process and network namespaces of its own, where Linux allows that, so
that two runs, or one test file beside a run, do not disturb each other. As a module it runs parts of the tests at once.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

ALREADY = "GATELIGHT_TESTS_APART"
"""Set in the environment of a run that has its own namespaces."""
STILL_RUNNING = 60.0
"""Seconds between two signs of life."""

_NETWORK = (
    "ip link set lo up",
    # A way out that leads nowhere: without any, this machine would count as off the network.
    "ip link add gl0 type veth peer name gl1",
    "ip addr add 192.0.2.2/24 dev gl0",
    "ip link set gl0 up",
    "ip link set gl1 up",
    "ip route add default via 192.0.2.1",
)
_APART = ("unshare", "--pid", "--net", "--mount", "--fork", "--kill-child", "--mount-proc", "sh", "-ec")


def pytest_addoption() -> None:
    """Start the run anew in namespaces of its own: pytest calls this before it captures any output."""
    if ALREADY not in os.environ and possible():
        os.environ[ALREADY] = "yes"
        command = _alone([sys.executable, *sys.orig_argv[1:]])
        os.execvp(command[0], command)


def possible() -> bool:
    """Whether runs can be kept apart here."""
    if sys.platform != "linux" or os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("ip")):
        return False
    return subprocess.run(_alone(["true"]), check=False, capture_output=True).returncode == 0


def run(parts: Mapping[str, Sequence[str]], folder: Path) -> list[str]:
    """Run pytest's commands in `folder`, at once where they can be kept apart; returns which failed."""
    if not possible():
        return [name for name, command in parts.items() if subprocess.run(command, cwd=folder, check=False).returncode]
    began = time.monotonic()
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as kept:
        running: dict[str, tuple[subprocess.Popen[bytes], IO[bytes]]] = {}
        for number, (name, command) in enumerate(parts.items()):
            kept_output = (Path(kept) / str(number)).open("w+b")
            started = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=kept_output, stderr=subprocess.STDOUT
            )
            running[name] = (started, kept_output)
        told = began
        try:
            while running:
                time.sleep(0.2)
                for name, (process, output) in tuple(running.items()):
                    if process.poll() is not None:
                        del running[name]
                        _show(name, output, process.returncode, time.monotonic() - began)
                        failed += [name] if process.returncode else []
                if running and time.monotonic() - told >= STILL_RUNNING:
                    told = time.monotonic()
                    print(f"… {told - began:.0f} s: {', '.join(running)} under way", flush=True)
        finally:
            for process, output in running.values():
                process.kill()
                process.wait()
                output.close()
    return failed


def _alone(command: Sequence[str]) -> list[str]:
    # The shell stays as process 1, which takes leave of the orphans of killed programs.
    return [*_APART, "; ".join(_NETWORK) + '; "$@" || exit $?', "sh", *command]


def _show(name: str, output: IO[bytes], status: int, seconds: float) -> None:
    with output:
        output.seek(0)
        print(f"\n── {name} ──\n{output.read().decode(errors='replace')}", flush=True)
    print(f"── {name}: {'passed' if status == 0 else f'FAILED ({status})'} in {seconds:.0f} s", flush=True)
