"""Channels, the ways in which a notice reaches people, and the chain that tries them one after the other."""

import asyncio
import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Protocol, TypeAlias

from agent.core.settings import NotificationSettings
from agent.core.shown.display import Action, Notice, NoticeTried
from agent.tws.outside import mask
from agent.tws.printable import one_line, printable
from agent.tws.privacy import NOTHING_MORE, Private, parts_of_secret

_log = logging.getLogger(__name__)

CHANNEL_SECONDS = 10.0
"""Seconds a channel has to take or refuse a notice before it is passed over; most need some milliseconds."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The notice was taken by the named channel."""

    channel: str


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """The notice was not taken. The reason is in words for people."""

    reason: str


Delivery: TypeAlias = Delivered | NotDelivered


class Channel(Protocol):
    """One way of telling people. A channel that holds something open also has `async def close(self) -> None`."""

    @property
    def name(self) -> str:
        """The channel's name, for people."""

    async def announce(self, notice: Notice) -> Delivery:
        """Tell the notice. Return `Delivered` only where it is known that the notice was taken."""

    async def withdraw(self, key: str) -> bool:
        """Take the notice of this key back, where the channel can; returns whether it stood on a desktop until now."""


class Place(Enum):
    """When a channel is told, beside the others."""

    DESKTOP = "desktop"
    """Told in the order of the list until one takes the notice; one that was closed opens anew with the next notice."""
    ALWAYS = "always"
    """Told every notice, whether or not a desktop channel took it."""
    FALLBACK = "fallback"
    """Told every notice; it confirms a notice where no desktop channel is switched on."""


@dataclass(frozen=True, slots=True)
class ChannelHost:
    """What a channel may need of the program it runs in. A callback is None where the program has none."""

    act: Callable[[Action], None] = lambda _: None
    """Takes a click; returns at once."""
    balloon: Callable[[str, str, Action | None], bool] | None = None
    """See `BalloonChannel`; Windows only."""
    on_notice: Callable[[Notice], None] | None = None
    """Is called with every notice."""


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """What the file of a channel declares, as `CHANNEL`."""

    make: Callable[[NotificationSettings, ChannelHost], Channel | None]
    """Makes the channel; None where it cannot work: on another system, or without what it needs of the host."""
    place: Place
    keys: tuple[str, ...] = ()
    """The keys of `[notifications]` that switch the channel on; one is enough. A channel without keys is always on."""

    def __post_init__(self) -> None:
        known = {one.name for one in fields(NotificationSettings)}
        for key in self.keys:
            if key not in known:
                raise TypeError(
                    f"agent/core/settings.py: give NotificationSettings a field {key}, with its default, and "
                    f"agent/config/keys.py its Key (a CHANNEL has it in its keys)"
                )

    def switched_on(self, notifications: NotificationSettings) -> bool:
        """Whether one of the channel's keys switches it on."""
        return any(getattr(notifications, key) for key in self.keys)


def harmless_text(text: str) -> str:
    """A text as it may leave the program: masked, and without control characters.

    Names of people stay, because a connection may be named after its user.
    """
    return mask(printable(text), NOTHING_MORE)


def harmless(notice: Notice) -> Notice:
    """The notice as it may leave the program: see `harmless_text`."""
    safe = harmless_text
    return replace(
        notice,
        title=one_line(safe(notice.title)),
        text=safe(notice.text),
        steps=tuple(safe(step) for step in notice.steps),
        offers=tuple(replace(offer, label=one_line(safe(offer.label))) for offer in notice.offers),
    )


class Chain:
    """Channels tried in order until one takes the notice, and channels that are always told.

    Where none of the former takes a notice, the answer is `NotDelivered` with every reason. No reason has a part of
    `secrets` in it, whatever a channel or a library says of an address.
    """

    def __init__(
        self, channels: Sequence[Channel], always: Sequence[Channel] = (), secrets: Sequence[str] = ()
    ) -> None:
        self._channels = tuple(channels)
        self._always = tuple(always)
        self._private = Private(words=tuple(part for secret in secrets for part in parts_of_secret(secret)))
        self._telling: set[asyncio.Task[Delivery]] = set()
        self._refusals: dict[str, str] = {}

    async def announce(self, notice: Notice) -> Delivery:
        """See `Channel.announce`. Every notice is made harmless first, wherever it comes from."""
        notice = harmless(notice)
        # These run beside the chain: a service that does not answer must not delay the desktop.
        always = () if notice.once_more else self._always
        beside = [asyncio.create_task(self._try(channel, notice)) for channel in always]
        self._telling.update(beside)
        for task in beside:
            task.add_done_callback(self._telling.discard)
        beside_only = Delivered("channels beside the desktop")
        delivery = beside_only if notice.beside_desktop else await self._first_that_takes(notice)
        if beside:
            await asyncio.wait(beside, timeout=0)
        return delivery

    async def try_all(self, notice: Notice) -> NoticeTried:
        """Send a notice for a test: as `announce` does, but wait for every channel, and tell what became of it."""
        notice = harmless(notice)

        async def named(channel: Channel) -> Delivery:
            delivery = await self._try(channel, notice)
            return delivery if isinstance(delivery, Delivered) else NotDelivered(f"{channel.name}: {delivery.reason}")

        if not self._channels and not self._always:
            return NoticeTried(refused=("no channel that is switched on can be used here",))
        chain = [self._first_that_takes(notice)] if self._channels else []
        told = await asyncio.gather(*chain, *map(named, self._always))
        return NoticeTried(
            tuple(one.channel for one in told if isinstance(one, Delivered)),
            tuple(one.reason for one in told if isinstance(one, NotDelivered)),
        )

    async def _first_that_takes(self, notice: Notice) -> Delivery:
        reasons = []
        for channel in self._channels:
            match await self._try(channel, notice):
                case Delivered() as delivered:
                    return delivered
                case NotDelivered(reason):
                    reasons.append(f"{channel.name}: {reason}")
        return NotDelivered("; ".join(reasons) or "no channel is switched on")

    async def withdraw(self, key: str) -> bool:
        """See `Channel.withdraw`; every channel is told, since any of them may have taken the notice."""
        stood = False
        for channel in (*self._channels, *self._always):
            try:
                stood |= await asyncio.wait_for(channel.withdraw(key), CHANNEL_SECONDS)
            except Exception as failure:
                _log.info("%s could not withdraw a notice (%s)", channel.name, type(failure).__name__)
        return stood

    async def _try(self, channel: Channel, notice: Notice) -> Delivery:
        delivery: Delivery
        try:
            delivery = await asyncio.wait_for(channel.announce(notice), CHANNEL_SECONDS)
        except TimeoutError:
            delivery = NotDelivered(f"no answer within {CHANNEL_SECONDS:g} s")
        except Exception as failure:
            # A failing channel must not silence the ones after it.
            delivery = NotDelivered(f"it failed ({type(failure).__name__})")
            told = mask("".join(traceback.format_exception(failure)), self._private)
            _log.debug("%s failed: %s", channel.name, told)
        if isinstance(delivery, NotDelivered):
            delivery = NotDelivered(mask(one_line(printable(delivery.reason)), self._private))
        self._note(channel.name, delivery)
        return delivery

    def _note(self, name: str, delivery: Delivery) -> None:
        """Log a refusal when it begins and when it ends, not with every notice."""
        match delivery:
            case Delivered():
                if self._refusals.pop(name, None):
                    _log.info("%s takes notices again", name)
            case NotDelivered(reason):
                if self._refusals.get(name) != reason:
                    self._refusals[name] = reason
                    _log.warning("%s did not take a notice: %s", name, reason)
