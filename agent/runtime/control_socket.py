"""The control channel on Linux and macOS: a socket that only this user can open, and where it lies."""

import errno
import os
import socket
import stat
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from agent.runtime.clock import SystemClock
from agent.runtime.paths import Places

assert sys.platform != "win32"

LONGEST_SOCKET_PATH = 100
"""Bytes; macOS takes 103 and Linux 107, and bind fails beyond."""
_SOCKET = "agent.sock"
_PREFIX = "gatelight-"
"""How the folder begins that takes the socket when the data folder's own path is too long."""
_PRIVATE_FOLDER = 0o700
_PRIVATE_SOCKET = 0o600
_SO_PEERCRED, _UCRED = 17, struct.Struct("=iII")
"""Linux: process, user and group (asm-generic/socket.h and `struct ucred`, socket(7))."""
_LOCAL_PEERCRED, _XUCRED = 1, struct.Struct("=IIh2x16I")
"""macOS: version, user, groups (sys/un.h and `struct xucred` in sys/ucred.h); read, not tried."""
_RETRY = 0.01
"""Seconds until another try where the other side is busy."""


def bind(places: Places) -> socket.socket:
    """A bound socket in the first place that takes one; `socket_path` finds it. OSError when no place does."""
    failure = OSError(errno.ENAMETOOLONG, "no folder with a path short enough for a socket")
    forget(places)
    for path in new_socket_paths(places):
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            bound.bind(str(path))
            path.chmod(_PRIVATE_SOCKET)
            remember(places, path)
        except OSError as error:
            # Some file systems (shared folders, FAT) hold no sockets: the next place may.
            failure = error
            bound.close()
            discard_folder(path)
        else:
            bound.setblocking(False)
            return bound
    raise failure


def ask(places: Places, line: bytes, timeout: float, longest: int) -> bytes:
    """One line out and one back within the time limit; PermissionError where another user listens, OSError or
    TimeoutError otherwise.
    """
    clock = SystemClock()
    deadline = clock.now().monotonic + timeout

    def left() -> float:
        seconds = deadline - clock.now().monotonic
        if seconds <= 0:
            raise TimeoutError
        return seconds

    path = socket_path(places)
    owner = _owner(path)
    if os.geteuid() not in (0, owner):
        raise PermissionError
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        while True:
            channel.settimeout(left())
            try:
                channel.connect(str(path))
                break
            except BlockingIOError:
                # Linux does not wait when the queue of new clients is full.
                time.sleep(min(_RETRY, left()))
        if peer_user(channel) != owner:
            # A file can be moved there or given away; who listens on it cannot be made up.
            raise PermissionError
        # An agent with too many clients says so and leaves without having read: its answer counts still.
        with suppress(BrokenPipeError, ConnectionResetError):
            channel.sendall(line)
        received = bytearray()
        with suppress(ConnectionResetError):
            while not received.endswith(b"\n") and len(received) <= longest:
                channel.settimeout(left())
                part = channel.recv(1 << 16)
                if not part:
                    break
                received += part
    return bytes(received)


def socket_path(places: Places) -> Path:
    """Where a running agent's socket is, if one runs."""
    try:
        return Path(os.fsdecode(_record(places).read_bytes()))
    except OSError:
        return places.control / _SOCKET


def new_socket_paths(places: Places) -> Iterator[Path]:
    """Places for the socket in order of preference; the folder of each exists and belongs to this user alone."""
    plain = places.control / _SOCKET
    if fits(plain):
        places.control.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
        places.control.chmod(_PRIVATE_FOLDER)
        plain.unlink(missing_ok=True)
        yield plain
    # Imported late: a client has no use for it, and is to be quick.
    import tempfile

    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):
        # mkdtemp adds eight characters of its own.
        if base and fits(Path(base) / (_PREFIX + "12345678") / _SOCKET):
            try:
                folder = tempfile.mkdtemp(prefix=_PREFIX, dir=base)
            except OSError:
                continue
            yield Path(folder) / _SOCKET


def remember(places: Places, path: Path) -> None:
    """Write down where the socket is, when it is not where everybody looks first."""
    if path.parent != places.control:
        draft = _record(places).with_suffix(".new")
        draft.write_bytes(os.fsencode(path))
        draft.replace(_record(places))


def forget(places: Places) -> None:
    """Remove the socket of this data folder, whoever left it; only for the holder of the instance lock."""
    path = socket_path(places)
    with suppress(OSError):
        path.unlink()
    discard_folder(path)
    with suppress(OSError):
        _record(places).unlink()


def discard_folder(path: Path) -> None:
    """Remove the folder that was made for this socket, if one was."""
    if path.parent.name.startswith(_PREFIX):
        with suppress(OSError):
            path.parent.rmdir()


def peer_user(channel: socket.socket) -> int:
    """The user at the other end, as the system knows it: of the process that connected, or that began to listen."""
    if sys.platform == "linux":
        _process, user, _group = _UCRED.unpack(channel.getsockopt(socket.SOL_SOCKET, _SO_PEERCRED, _UCRED.size))
    else:
        _version, user, *_groups = _XUCRED.unpack(channel.getsockopt(0, _LOCAL_PEERCRED, _XUCRED.size))
    return int(user)


def may_ask(channel: socket.socket) -> bool:
    """Whether a client is this user, or an administrator, who could become this user anyway."""
    try:
        return peer_user(channel) in (0, os.geteuid())
    except OSError:
        # It has gone already.
        return False


def fits(path: Path) -> bool:
    """Whether a path is short enough for a socket."""
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH


def _owner(path: Path) -> int:
    """Whose a socket is. PermissionError for what is none: nothing of ours lies there."""
    found = path.lstat()
    if not stat.S_ISSOCK(found.st_mode):
        raise PermissionError
    return found.st_uid


def _record(places: Places) -> Path:
    return places.data / "control.path"
