"""The D-Bus session bus of a Linux desktop: connecting to it, and asking it questions that never hang.

Import it on Linux only, and late: dbus-fast takes 50 ms to import.
"""

import asyncio
import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

CONNECT_SECONDS = 2.0
"""A bus on the same machine needs milliseconds."""

_ANSWER_SECONDS = 5.0
"""A question may make the bus start a program, such as a notification service; that takes a second or two."""

_BUS = "org.freedesktop.DBus"
_BUS_PATH = "/org/freedesktop/DBus"


class NoSessionBus(Exception):
    """There is no session bus, or it does not answer; `str()` says which, in words for users."""


class BusSilent(Exception):
    """A question on the bus was refused or not answered."""


class _Bus(MessageBus):
    """A connection whose unsent messages are no surprise: once the bus has ended, its end is what is told."""

    def send(self, msg: Message) -> "asyncio.Future[Any]":  # type: ignore[override]
        sent = super().send(msg)
        sent.add_done_callback(lambda future: future.cancelled() or future.exception())
        return sent


def session_bus_addresses(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Where the session bus listens: as the session was told, else where systemd has the user's bus. At least one;
    raises `NoSessionBus`.
    """
    variables = os.environ if environ is None else environ
    told = variables.get("DBUS_SESSION_BUS_ADDRESS")
    socket = Path(variables.get("XDG_RUNTIME_DIR", "/nonexistent")) / "bus"
    users = f"unix:path={socket}" if socket.is_socket() else None
    found = tuple(dict.fromkeys(address for address in (told, users) if address))
    if not found:
        raise NoSessionBus("there is no D-Bus session bus, so this is not a desktop session")
    return found


async def connect_session_bus(environ: Mapping[str, str] | None = None) -> MessageBus:
    """A new connection to the session bus; raises `NoSessionBus`."""
    *others, last = session_bus_addresses(environ)
    for address in others:
        with contextlib.suppress(NoSessionBus):
            return await _connect(address)
    return await _connect(last)


async def _connect(address: str) -> MessageBus:
    bus = None
    try:
        bus = _Bus(bus_address=address)
        return await asyncio.wait_for(bus.connect(), CONNECT_SECONDS)
    except BaseException as failure:
        # Connecting may have been broken off, by the time limit or by our end; its socket is then open.
        if bus is not None and bus._sock is not None:
            await close_session_bus(bus)
        if not isinstance(failure, Exception):
            raise
        # dbus-fast raises errors of the socket, the address parser and its log-in to the bus.
        raise NoSessionBus(
            f"the D-Bus session bus cannot be reached ({failure or type(failure).__name__})"
        ) from failure


async def close_session_bus(bus: MessageBus) -> None:
    """Close the connection. dbus-fast ends it with an error, which asyncio logs unless it is retrieved."""
    bus.disconnect()
    ended = asyncio.ensure_future(bus.wait_for_disconnect())  # type: ignore[no-untyped-call]
    await asyncio.wait((ended,), timeout=1.0)
    if ended.done():
        ended.exception()
    else:
        ended.cancel()


async def ask_bus(
    bus: MessageBus,
    destination: str,
    path: str,
    interface: str,
    member: str,
    signature: str = "",
    body: Sequence[Any] = (),
    seconds: float = _ANSWER_SECONDS,
) -> list[Any]:
    """Call a method and return its answer; raises `BusSilent`."""
    message = Message(destination, path, interface, member, signature=signature, body=list(body))
    try:
        reply = await asyncio.wait_for(bus.call(message), seconds)
    except TimeoutError as late:
        raise BusSilent(f"{destination} did not answer within {seconds:g} s") from late
    except Exception as failure:
        # When the connection breaks meanwhile, dbus-fast raises the error of the socket.
        raise BusSilent(f"the D-Bus session bus broke off ({failure or type(failure).__name__})") from failure
    if reply is None or reply.message_type is not MessageType.METHOD_RETURN:
        raise BusSilent(f"{destination} refused {member}" + (f": {reply.body[0]}" if reply and reply.body else ""))
    return list(reply.body)


async def has_owner(bus: MessageBus, name: str) -> bool:
    """Whether a program on the bus owns this name now."""
    return bool((await ask_bus(bus, _BUS, _BUS_PATH, _BUS, "NameHasOwner", "s", [name]))[0])


async def can_be_started(bus: MessageBus, name: str) -> bool:
    """Whether the bus would start a program for this name."""
    return name in (await ask_bus(bus, _BUS, _BUS_PATH, _BUS, "ListActivatableNames"))[0]


async def watch_owner(bus: MessageBus, name: str) -> None:
    """Make the bus report every change of this name's owner, by a NameOwnerChanged signal."""
    rule = f"type='signal',sender='{_BUS}',interface='{_BUS}',member='NameOwnerChanged',arg0='{name}'"
    await ask_bus(bus, _BUS, _BUS_PATH, _BUS, "AddMatch", "s", [rule])


def new_owner(message: Message, name: str) -> str | None:
    """The unique name that now owns `name`, "" for none; None if the message is about something else."""
    if message.member != "NameOwnerChanged" or message.interface != _BUS or message.sender != _BUS:
        return None
    changed, _before, after = message.body
    return str(after) if changed == name else None
