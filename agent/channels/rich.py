"""Desktop notifications with buttons, through desktop-notifier: toasts on Windows, D-Bus on Linux, macOS in a bundle.

desktop-notifier 6.2 logs a failure and returns as if all were well; only its `on_dispatched` says that a notice was
sent. Everything here runs on the loop's own thread, and the library reports clicks there too.
"""

import contextlib
import importlib
import logging
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from agent.channels import ChannelKind, Delivered, Delivery, NotDelivered, Place
from agent.channels.texts import (
    APP_NAME,
    SERVICE,
    icons_folder,
    linux_text,
    manner_of,
    message_text,
    message_title,
)
from agent.core.shown.display import Action, Notice

logger = logging.getLogger(__name__)

# The library's warnings say in a traceback what `NotDelivered` says in words.
logging.getLogger("desktop_notifier").setLevel(logging.ERROR)


ACTIONS_KEPT = 50
"""Notices whose buttons still work. Windows' Action Center keeps at most 20 notices of one program."""


class RichChannel:
    """Notices that can be clicked. A later notice of the same key replaces the earlier one."""

    name = "desktop notifications with buttons"

    def __init__(self, icons: Path | None, on_action: Callable[[Action], None]) -> None:
        """`icons` is the folder of built icons, if there is one. `on_action` takes every click and returns at once."""
        self._icons = icons
        self._on_action = on_action
        self._library: ModuleType | None = None
        self._notifier: Any = None
        self._watched: Any = None
        self._shown: dict[str, str] = {}
        self._actions: dict[str, dict[str, Action]] = {}
        """By notice and button: the action of a click; "" is the notice itself. They are kept here because the library
        forgets notices that Windows' Action Center still shows."""

    async def announce(self, notice: Notice) -> Delivery:
        """See `Channel.announce`."""
        text = await linux_text(notice) if sys.platform == "linux" else message_text(notice)
        if isinstance(text, NotDelivered):
            return text
        if (bus := self._bus()) is not None and not bus.connected:
            await self.close()
        notifier = self._open()
        if isinstance(notifier, NotDelivered):
            return notifier
        if not await notifier.request_authorisation():
            return NotDelivered("the notifications of Gatelight are switched off in the system’s settings")
        assert self._library is not None
        sent: list[bool] = []
        wish = self._notification(self._library, notice, text, lambda: sent.append(True))
        await notifier.send_notification(wish)
        if not sent:
            await self.close()
            return NotDelivered("the notification service did not take it")
        await self._watch_service()
        await self._clear(self._shown.pop(notice.key, None))
        self._shown[notice.key] = wish.identifier
        self._remember(wish, notice)
        return Delivered(self.name)

    async def withdraw(self, key: str) -> bool:
        """See `Channel.withdraw`."""
        identifier = self._shown.pop(key, None)
        stood = identifier is not None and identifier in await self._standing()
        await self._clear(identifier)
        return stood

    async def close(self) -> None:
        """Close the connection to the notification service; the next notice opens it again."""
        bus = self._bus()
        self._notifier = None
        self._shown.clear()
        if bus is not None:
            from agent.platforms.session_bus import close_session_bus

            await close_session_bus(bus)

    async def _watch_service(self) -> None:
        """Forget the numbers of our notices when the service ends: a new service gives them to other notices."""
        bus = self._bus()
        if bus is None or bus is self._watched:
            return
        from agent.platforms import session_bus

        numbers = self._notifier._backend._platform_to_interface_notification_identifier

        def forget(message: Any) -> None:
            if session_bus.new_owner(message, SERVICE) == "":
                numbers.clear()
                self._shown.clear()

        with contextlib.suppress(session_bus.BusSilent):
            await session_bus.watch_owner(bus, SERVICE)
            bus.add_message_handler(forget)
            self._watched = bus

    def _bus(self) -> Any:
        """The library's connection to the session bus on Linux; None while it has none."""
        return getattr(getattr(self._notifier, "_backend", None), "bus", None)

    def _open(self) -> Any:
        if self._notifier is not None:
            return self._notifier
        try:
            with warnings.catch_warnings():
                # Importing the library makes an event loop policy, which newer Pythons warn about.
                warnings.simplefilter("ignore", DeprecationWarning)
                self._library = importlib.import_module("desktop_notifier")
                dummy = importlib.import_module("desktop_notifier.backends.dummy").DummyNotificationCenter
                notifier = self._library.DesktopNotifier(APP_NAME, self._icon("gatelight"))
        except Exception as failure:
            # On Windows "class not registered" means no toasts; on any system the package may be missing.
            return NotDelivered(f"this system has none ({failure or type(failure).__name__})")
        if isinstance(notifier._backend, dummy):
            return NotDelivered("this system has none for a program like this one")
        notifier.on_clicked = lambda identifier: self._clicked(identifier, "")
        notifier.on_button_pressed = self._clicked
        self._notifier = notifier
        return notifier

    def _icon(self, name: str) -> Any:
        assert self._library is not None
        file = self._icons / f"{name}.png" if self._icons else None
        return self._library.Icon(path=file) if file and file.is_file() else None

    def _notification(self, library: ModuleType, notice: Notice, text: str, dispatched: Callable[[], None]) -> Any:
        manner = manner_of(notice)
        actions = [(offer.label, offer.action) for offer in notice.offers if offer.action is not None]
        return library.Notification(
            title=message_title(notice),
            message=text,
            urgency=library.Urgency(manner.urgency),
            icon=self._icon(manner.icon),
            buttons=tuple(library.Button(title=label, on_pressed=self._click(action)) for label, action in actions),
            on_clicked=self._click(actions[0][1]) if actions else _ignore,
            on_dispatched=dispatched,
            timeout=manner.seconds,
        )

    def _remember(self, wish: Any, notice: Notice) -> None:
        actions = [offer.action for offer in notice.offers if offer.action is not None]
        kept = {button.identifier: action for button, action in zip(wish.buttons, actions, strict=True)}
        self._actions[wish.identifier] = {**kept, **({"": actions[0]} if actions else {})}
        for oldest in tuple(self._actions)[:-ACTIONS_KEPT]:
            del self._actions[oldest]

    def _clicked(self, identifier: str, button: str) -> None:
        """Do the action of a click on a notice that the library has forgotten."""
        action = self._actions.get(identifier, {}).get(button)
        if action is not None:
            self._on_action(action)

    def _click(self, action: Action) -> Callable[[], None]:
        return lambda: self._on_action(action)

    async def _standing(self) -> list[str]:
        """The notices that are on the screen or in the system's list of notices, as far as the system tells."""
        standing: list[str] = []
        if self._notifier is not None:
            with contextlib.suppress(Exception):
                standing = await self._notifier.get_current_notifications()
        return standing

    async def _clear(self, identifier: str | None) -> None:
        if identifier is None or self._notifier is None:
            return
        # The library raises an error for a notice that the user or a time limit has closed meanwhile.
        with contextlib.suppress(Exception):
            await self._notifier.clear(identifier)


CHANNEL = ChannelKind(lambda _, host: RichChannel(icons_folder(), host.act), Place.DESKTOP, keys=("desktop",))


def _ignore() -> None:
    """Takes a click on a notice that offers nothing."""
