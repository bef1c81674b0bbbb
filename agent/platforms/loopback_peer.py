"""Whether a connection over loopback comes from this user: any program on a computer can connect to any of its ports.

The user of the process that holds the other end counts. Each system tells it in its own way:

- Linux tells the user of one socket at once (`loopback_linux`). Root is let in: relays of containers and WSL run as
  root, and root can read and end this program anyway.
- Windows tells the process of every socket, but the user of a process only to that user. A connection of a process that
  cannot be asked is refused (`loopback_processes`).
- macOS tells only the sockets of our own processes. A connection that none of them holds is another user's.

Where a system tells nothing at all (a sandbox without a socket table), the connection is let in. Only the page's key
then keeps other users out, see `agent.page.guard`.
"""

import asyncio
import errno
import logging
import sys
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TypeAlias

logger = logging.getLogger("agent.platforms")

_RAN_OUT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN, errno.EINTR})
"""Errors of a program or machine that has run out of something: the system would tell otherwise."""

_Address: TypeAlias = tuple[str, int]
"""IPv4 address and port."""
PeerJudge: TypeAlias = Callable[[_Address, _Address], bool]
"""Whether a process of this user has connected from one address to another. Raises OSError where that is unknown."""


def is_ours(peer: _Address, own: _Address) -> bool | Awaitable[bool]:
    """Whether a process of this user has connected from `peer` to `own`; on other systems than Linux, an awaitable."""
    if sys.platform == "linux":
        from agent.platforms import loopback_linux

        try:
            return loopback_linux.is_ours_by_netlink(peer, own)
        except OSError:
            return aside(loopback_linux.is_ours_by_text, peer, own)
    else:
        return aside(_by_processes(), peer, own)


async def aside(judge: PeerJudge, peer: _Address, own: _Address) -> bool:
    """The same in a thread, for a judge that takes milliseconds; True where the system tells nothing at all.

    A question that failed for want of resources gives False: a hostile program could use up this program's files.
    """
    try:
        return await asyncio.to_thread(judge, peer, own)
    except OSError as fault:
        told_here = fault.errno in _RAN_OUT or isinstance(fault, TimeoutError)
        logger.debug("it was not told whose a connection is: %s", fault)
        return not told_here


@lru_cache(maxsize=1)
def _by_processes() -> PeerJudge:
    from agent.platforms import loopback_processes

    if sys.platform == "win32":
        from agent.platforms.user_windows import runs_as_this_user

        return loopback_processes.TcpTable(runs_as_this_user)
    return loopback_processes.Own()
