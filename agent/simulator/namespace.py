"""Gives a process a network of its own, as in a container: on Linux, as root or with user namespaces."""

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
    """Move this process, which must have only one thread, to a network with only loopback; False: refused."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0 and not _in_user_namespace(libc):
        return False
    try:
        _raise_loopback()
    except OSError:
        # The process has its network, but without loopback no port in it can be reached.
        return False
    return True


def _in_user_namespace(libc: ctypes.CDLL) -> bool:
    """Enter a user namespace, in which a process may have a network of its own without being root."""
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
