"""A crowded machine, staged for real: thousands of processes that sleep, thousands of sockets that stand.

Everything belongs to one helper process, which ends it all when its standard input closes or its parent dies.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SOCKETS_EACH = 900
"""Sockets held by one process: below the usual limit of 1,024 descriptors."""

_HELPER = """
import os, signal, socket, sys

processes, sockets, each = map(int, sys.argv[1:])
crowd = []

def ends_with_us():
    # PR_SET_PDEATHSIG of linux/prctl.h
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)

def hold(count):
    # A listener, and both ends of connections to it: on a port per process, all on loopback.
    listening = socket.create_server(("127.0.0.1", 0), backlog=count)
    held = [listening]
    for _ in range(count // 2):
        held.append(socket.create_connection(listening.getsockname()))
        held.append(listening.accept()[0])
    return held

def begin(count):
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        ends_with_us()
        held = hold(count) if count else None
        os.write(tell, b"x")
        os.close(tell)
        os.close(told)
        while True:
            signal.pause()
    os.close(tell)
    os.read(told, 1)
    os.close(told)
    crowd.append(pid)

ends_with_us()
try:
    left = sockets
    while left > 0:
        begin(min(each, left))
        left -= each
    while len(crowd) < processes:
        begin(0)
    print("ready", flush=True)
    sys.stdin.read()
finally:
    for pid in crowd:
        os.kill(pid, signal.SIGKILL)
    for pid in crowd:
        os.waitpid(pid, 0)
"""


@contextmanager
def crowd(processes: int, sockets: int) -> Iterator[None]:
    """So many more processes and TCP sockets on this machine. Raises RuntimeError where they cannot be had."""
    if not processes and not sockets:
        yield
        return
    words = [sys.executable, "-ISc", _HELPER, str(processes), str(sockets), str(SOCKETS_EACH)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as helper:
        assert helper.stdin is not None
        assert helper.stdout is not None
        try:
            if helper.stdout.readline() != b"ready\n":
                raise RuntimeError("so many processes and sockets cannot be had here")
            yield
        finally:
            helper.stdin.close()
            helper.wait()
