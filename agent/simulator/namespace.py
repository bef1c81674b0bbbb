"""A network of its own for a process, as one in a container has: on Linux, as root or with user namespaces."""

import ctypes
import os
import socket
import struct
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1
"""All four from the Linux headers sched.h, sockios.h and if.h."""


def enter_own_network() -> bool:
    """Move this process, which must have one thread only, to a network with nothing but loopback; False: refused."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0 and not _as_somebody_else(libc):
        return False
    try:
        _raise_loopback()
    except OSError:
        # Nothing of it can be seen from outside, but nothing inside can be reached either.
        return False
    return True


def _as_somebody_else(libc: ctypes.CDLL) -> bool:
    """Without root: in a user namespace of its own a process may do as it likes with the network."""
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    try:
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    except OSError:
        return False
    return True


def _raise_loopback() -> None:
    if sys.platform == "linux":
        import fcntl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP))
