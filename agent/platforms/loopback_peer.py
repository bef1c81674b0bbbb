"""Whose a connection over loopback is: every user and every program of a computer can connect to every port of it.

Each system tells it in its own way. What counts is the user of the process that holds the other end.

- Linux tells the user of one socket at once (`loopback_linux`). Root is let in: relays of containers and WSL are
  root's, and root can read and end this program anyway.
- Windows tells the process of every socket, and the user of a process to that user alone. What cannot be asked is
  refused (`loopback_processes`).
- macOS tells the sockets of our own processes alone: what none of them holds is another user's.

Where a system tells nothing at all (a sandbox without a socket table), the connection is let in: the page's own key
then has to keep others out, see `agent.page.guard`.
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
"""Faults of this program or machine, not of a system that does not tell."""

_Address: TypeAlias = tuple[str, int]
"""IPv4 address and port."""
PeerJudge: TypeAlias = Callable[[_Address, _Address], bool]
"""Whether a process of this user has connected from one address to another. Raises OSError where that is not told."""


def is_ours(peer: _Address, own: _Address) -> bool | Awaitable[bool]:
    """Whether a process of this user has connected from `peer` to `own`: at once on Linux, elsewhere soon."""
    if sys.platform == "linux":
        from agent.platforms import loopback_linux

        try:
            return loopback_linux.is_ours_by_netlink(peer, own)
        except OSError:
            return aside(loopback_linux.is_ours_by_text, peer, own)
    else:
        return aside(_by_processes(), peer, own)


async def aside(judge: PeerJudge, peer: _Address, own: _Address) -> bool:
    """The same in a thread, for what takes milliseconds; True where the system does not tell at all.

    A question that failed is no such case: a hostile program could make it fail, by using up this program's files.
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
        from agent.platforms.user_windows import runs_as_this_user as same_user

        return loopback_processes.TcpTable(same_user)
    return loopback_processes.Own()
