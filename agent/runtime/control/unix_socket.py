"""The control channel on Linux and macOS: a socket that only this user can open, and the place of its file."""

import errno
import os
import socket
import stat
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.platforms.files import is_gone, read_file, replace_own_file
from agent.runtime.clock import countdown
from agent.runtime.paths import Places

assert sys.platform != "win32"

LONGEST_SOCKET_PATH = 100
"""Bytes; macOS takes 103 and Linux 107, and bind fails beyond."""
_SOCKET = "agent.sock"
_PREFIX = "gatelight-"
"""Beginning of the name of a folder for the socket, where the data folder's path is too long."""
_PRIVATE_SOCKET = 0o600
_SO_PEERCRED, _UCRED = 17, struct.Struct("=iII")
"""Linux: process, user and group (asm-generic/socket.h and `struct ucred`, socket(7))."""
_LOCAL_PEERCRED, _XUCRED = 1, struct.Struct("=IIh2x16I")
"""macOS: version, user, groups (sys/un.h and `struct xucred` in sys/ucred.h); not tried."""
_RETRY = 0.01
"""Seconds until another try while the other side is busy."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A socket with its file."""

    socket: socket.socket
    path: Path
    file: os.stat_result


def bind_control(places: Places) -> Bound:
    """A bound socket in the first place where one is possible; `socket_path` finds it. OSError where none is."""
    # Imported late: a client does not need it, and must be quick.
    from agent.platforms.folders import make_private

    failure = OSError(errno.ENAMETOOLONG, "no folder with a path short enough for a socket")
    forget(places)
    for path in new_socket_paths(places):
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Recorded before the socket exists: the next start finds and removes what a kill leaves behind.
            remember(places, path)
            make_private(path.parent)
            path.unlink(missing_ok=True)
            bound.bind(str(path))
            path.chmod(_PRIVATE_SOCKET)
            bound.setblocking(False)
            return Bound(bound, path, path.lstat())
        except OSError as error:
            # Some file systems (shared folders, FAT) have no sockets; the next place may be on another one.
            failure = error
            bound.close()
            forget(places)
    raise failure


def in_place(places: Places, bound: Bound) -> bool:
    """Whether clients find this socket; OSError where that cannot be known."""
    try:
        return socket_path(places) == bound.path and os.path.samestat(bound.path.lstat(), bound.file)
    except OSError as fault:
        if is_gone(fault):
            return False
        raise


def leave(places: Places, bound: Bound) -> None:
    """Remove this socket and the record of its place, but nothing of an agent that has replaced it since."""
    with suppress(OSError):
        if not os.path.samestat(bound.path.lstat(), bound.file):
            return
    if socket_path(places) == bound.path:
        forget(places)
    else:
        _remove(bound.path)


def ask(places: Places, line: bytes, timeout: float, longest: int) -> bytes:
    """Send one line and read one, within `timeout` seconds.

    Raises PermissionError where another user listens, TimeoutError, or another OSError.
    """
    left = countdown(timeout)
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
                # On Linux `connect` does not wait while the queue of new clients is full.
                time.sleep(min(_RETRY, left()))
        if peer_user(channel) != owner:
            # A file can be moved or given to another user; the user of the listening process cannot be forged.
            raise PermissionError
        # An agent with too many clients answers and closes without having read; its answer still counts.
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
    """The place of the socket of a running agent."""
    try:
        return Path(os.fsdecode(read_file(_record(places), LONGEST_SOCKET_PATH, links=False)))
    except OSError:
        return places.control / _SOCKET


def new_socket_paths(places: Places) -> Iterator[Path]:
    """Places for the socket in order of preference; their folders do not exist yet."""
    plain = places.control / _SOCKET
    if _fits(plain):
        yield plain
    # Imported late: a client does not need it, and must be quick.
    import tempfile

    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):
        path = Path(base or "") / (_PREFIX + os.urandom(4).hex()) / _SOCKET
        if base and _fits(path) and os.access(base, os.W_OK):
            yield path


def remember(places: Places, path: Path) -> None:
    """Record the place of the socket, where it is not the usual one."""
    if path.parent != places.control:
        replace_own_file(_record(places), os.fsencode(path))


def forget(places: Places) -> None:
    """Remove the socket of this data folder, from any process; only for the holder of the instance lock."""
    _remove(socket_path(places))
    with suppress(OSError):
        _record(places).unlink()


def _remove(path: Path) -> None:
    """Remove a socket, and the folder that was made for it, if there is one."""
    with suppress(OSError):
        path.unlink()
    if path.parent.name.startswith(_PREFIX):
        with suppress(OSError):
            path.parent.rmdir()


def peer_user(channel: socket.socket) -> int:
    """The user at the other end, as the system knows it: of the process that connected, or that listens."""
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
        # The client has gone already.
        return False


def _fits(path: Path) -> bool:
    """Whether a path is short enough for a socket."""
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH


def _owner(path: Path) -> int:
    """The user who owns a socket's file; PermissionError for a file that is no socket, and so not ours."""
    found = path.lstat()
    if not stat.S_ISSOCK(found.st_mode):
        raise PermissionError
    return found.st_uid


def _record(places: Places) -> Path:
    return places.data / "control.path"
