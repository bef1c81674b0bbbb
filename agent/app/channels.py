"""The one list of channels, which agent, set-up and settings use.

To add a channel: write `agent/channels/<name>.py` with the channel and its `CHANNEL`, and list it below. Its settings
are keys like any other (`agent/config/keys.py`), named in `keys` of the `CHANNEL`; each text of them is `guarded` and
`secret`.
`tests/channels/test_contract.py` says what is missing.
"""

from typing import Any

from agent.channels import (
    Chain,
    Channel,
    ChannelHost,
    ChannelKind,
    Place,
    balloon,
    desktop,
    harmless,
    listener,
    log,
    remote,
    rich,
)
from agent.config.keys import secrets_of
from agent.core.settings import NotificationSettings, Settings, TargetSettings, in_key_store
from agent.core.shown.display import Notice
from agent.core.shown.targets import TargetAnswer, targets_of
from agent.tws.outside import masked
from agent.tws.privacy import Private, parts_of_secret

CHANNELS: tuple[ChannelKind, ...] = (
    rich.CHANNEL,
    desktop.CHANNEL,
    balloon.CHANNEL,
    listener.CHANNEL,
    log.CHANNEL,
)
"""Of several desktop channels, the one listed first is tried first."""


def notices_on(notifications: NotificationSettings) -> bool:
    """Whether the configuration lets any notice reach the user."""
    return any(kind.switched_on(notifications) for kind in CHANNELS) or bool(targets_of(notifications))


async def try_target(target: TargetSettings, notice: Notice) -> TargetAnswer:
    """Send a notice to one target for a test, as it is, at once; the answer is the service's own, masked.

    The target need not be in the configuration yet.
    """
    notice = harmless(notice)
    answer = await remote.send_message(target.url, remote.message_for(notice))
    secret = () if in_key_store(target.url) else parts_of_secret(target.url)
    return masked(answer, Private(words=secret))


def _secrets(notifications: NotificationSettings) -> tuple[str, ...]:
    return secrets_of(Settings(notifications=notifications))


class Channels:
    """The channels of one program, each made at its first use.

    A channel is kept as long as the program runs, because it knows which notices it can withdraw.
    """

    def __init__(self, host: ChannelHost) -> None:
        self._host = host
        self._made: dict[tuple[Any, ...], Channel | None] = {}

    def chain(self, notifications: NotificationSettings) -> Chain:
        """The channels through which a notice of the agent goes."""
        on_desktop, secrets = self._on(notifications, Place.DESKTOP), _secrets(notifications)
        always, fallback = self._on(notifications, Place.ALWAYS), self._on(notifications, Place.FALLBACK)
        if on_desktop:
            return Chain(on_desktop, [*always, *fallback], secrets)
        return Chain(fallback, always, secrets)

    def to_the_user(self, notifications: NotificationSettings) -> Chain:
        """The channels of the same chain that the configuration switches on: for a test of them."""
        targets = [remote.TargetChannel(target) for target in targets_of(notifications)]
        return Chain(self._on(notifications, Place.DESKTOP), targets, _secrets(notifications))

    async def desktop_moved(self) -> None:
        """Let go of the desktop that was: the next notice is shown on the one that is."""
        await self._close([channel for (kind, *_), channel in self._made.items() if kind.place is Place.DESKTOP])

    async def close(self) -> None:
        """Close everything that the channels hold open."""
        await self._close(list(self._made.values()))

    @staticmethod
    async def _close(channels: list[Channel | None]) -> None:
        for channel in channels:
            close = getattr(channel, "close", None)
            if close is not None:
                await close()

    def _on(self, notifications: NotificationSettings, place: Place) -> list[Channel]:
        return [channel for kind in CHANNELS if kind.place is place for channel in self._of(kind, notifications)]

    def _of(self, kind: ChannelKind, notifications: NotificationSettings) -> list[Channel]:
        """The channel of a kind, in a list; empty where it is switched off or cannot work here."""
        if kind.keys and not kind.switched_on(notifications):
            return []
        made = (kind, *(getattr(notifications, key) for key in kind.keys))
        if made not in self._made:
            self._made[made] = kind.make(notifications, self._host)
        channel = self._made[made]
        return [] if channel is None else [channel]
