"""The tray icon on Linux: a StatusNotifierItem over D-Bus, as a backend of pystray.

pystray's own backend needs GTK for a menu; this one needs only the session bus. Panels need every property to exist,
pictures in several sizes, no `x-default` in menus, and a new registration after each restart of the panel.
"""

import asyncio
import contextlib
import itertools
import logging
import os
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

from dbus_fast import Message, PropertyAccess, RequestNameReply
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from agent.core.shown.display import IconState
from agent.platforms.session_bus import (
    BusSilent,
    NoSessionBus,
    ask_bus,
    close_session_bus,
    connect_session_bus,
    new_owner,
    watch_owner,
)
from agent.tray.artwork import SIZES, argb, icon_picture
from agent.tray.backend import TITLE, Hooks, TrayUnavailable
from agent.tray.dbusmenu import DBusMenu, constant_property
from agent.tray.menu import pystray

logger = logging.getLogger(__name__)

WATCHER = "org.kde.StatusNotifierWatcher"
"""The bus name of the program that introduces icons to panels; every desktop uses KDE's name."""

_WATCHER_PATH = "/StatusNotifierWatcher"
_ITEM = "org.kde.StatusNotifierItem"
_ITEM_PATH = "/StatusNotifierItem"
_MENU_PATH = "/MenuBar"

NO_HOST = (
    "No program on this desktop shows tray icons "
    "(on GNOME the extension AppIndicator and KStatusNotifierItem Support does)."
)
"""Tells the user why there is no icon: no panel has taken it."""

REGISTER_AFTER = (0.0, 0.3, 1.0, 3.0, 10.0)
"""Seconds before each attempt to register: a panel takes its bus name some time before it answers."""

BUS_ENDED = "The D-Bus session bus has ended; the tray icon comes back with it."

REJOIN_AFTER = (0.2, 1.0, 2.0, 5.0)
"""Seconds before each attempt to reach a session bus that has ended; the last one repeats. A failed attempt takes a
millisecond."""

_item_numbers = itertools.count(1)

Pixmaps: TypeAlias = list[tuple[int, int, bytes]]
_Pixmaps = Annotated[Pixmaps, DBusSignature("a(iiay)")]
_ToolTip = Annotated[list[Any], DBusSignature("(sa(iiay)ss)")]


def _sentence(reason: Exception) -> str:
    """The reason as a whole sentence."""
    text = str(reason)
    return f"{text[:1].upper()}{text[1:]}."


class _Item(ServiceInterface):
    """The exported item: all that a panel reads of the pystray icon."""

    def __init__(self, icon: "SniIcon") -> None:
        super().__init__(_ITEM)
        self._icon = icon

    Category = constant_property("Category", "s", "ApplicationStatus")
    Title = constant_property("Title", "s", TITLE)
    WindowId = constant_property("WindowId", "i", 0)
    # There is no icon theme: pictures are sent as pixels.
    IconThemePath = constant_property("IconThemePath", "s", "")
    IconName = constant_property("IconName", "s", "")
    OverlayIconName = constant_property("OverlayIconName", "s", "")
    OverlayIconPixmap = constant_property("OverlayIconPixmap", "a(iiay)", [])
    AttentionIconName = constant_property("AttentionIconName", "s", "")
    AttentionIconPixmap = constant_property("AttentionIconPixmap", "a(iiay)", [])
    AttentionMovieName = constant_property("AttentionMovieName", "s", "")
    Menu = constant_property("Menu", "o", _MENU_PATH)

    @dbus_property(PropertyAccess.READ)
    def Id(self) -> DBusStr:
        """A name that is the same in every session: panels remember by it where the user put the icon."""
        return str(self._icon.name)

    @dbus_property(PropertyAccess.READ)
    def Status(self) -> DBusStr:
        """Whether the icon is shown. "NeedsAttention" is not used: with it some panels let the icon blink."""
        return "Active" if self._icon.visible else "Passive"

    @dbus_property(PropertyAccess.READ)
    def IconPixmap(self) -> _Pixmaps:
        """The picture at every size panels use."""
        return list(self._icon.icon or ())

    @dbus_property(PropertyAccess.READ)
    def ToolTip(self) -> _ToolTip:
        """Icon name, pixels, title, text. Panels may read the text as markup, so the title holds the whole tooltip."""
        return ["", [], self._icon.title, ""]

    @dbus_property(PropertyAccess.READ)
    def ItemIsMenu(self) -> DBusBool:
        """Whether a left click opens the menu too: it does where the menu has no default line."""
        return self._icon.default_item() is None

    @dbus_method()
    def Activate(self, _x: DBusInt32, _y: DBusInt32) -> None:
        """A left click."""
        self._icon.activate()

    @dbus_method()
    def SecondaryActivate(self, _x: DBusInt32, _y: DBusInt32) -> None:
        """A middle click."""
        self._icon.activate()

    @dbus_method()
    def ContextMenu(self, _x: DBusInt32, _y: DBusInt32) -> None:
        """A right click in a panel that draws no menus. It does nothing: there is no window to draw a menu in."""

    @dbus_method()
    def Scroll(self, _delta: DBusInt32, _orientation: DBusStr) -> None:
        """The wheel does nothing."""

    @dbus_signal()
    def NewIcon(self) -> None:
        """Tells panels to read the picture again."""

    @dbus_signal()
    def NewToolTip(self) -> None:
        """Tells panels to read the tooltip again."""

    @dbus_signal()
    def NewStatus(self) -> DBusStr:
        """Tells panels that the icon is shown or hidden."""
        return "Active" if self._icon.visible else "Passive"


def _without_broken_connections(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keep the end of the bus out of the log: dbus-fast reports it in its own futures, which no caller can await."""
    if isinstance(context.get("exception"), ConnectionError | EOFError):
        logger.debug("%s: %s", context.get("message"), context["exception"])
    else:
        loop.default_exception_handler(context)


_PystrayIcon: Any = pystray().Icon


class SniIcon(_PystrayIcon):  # type: ignore[misc]
    """The backend. Its thread is the one that calls `run`; other threads may call only `post` and `stop`."""

    HAS_NOTIFICATION = False

    def __init__(self, name: str, hooks: Hooks) -> None:
        super().__init__(name)
        self._hooks = hooks
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._item = _Item(self)
        self._lines = DBusMenu(self._clicked, lambda: self._hooks.menu_opened())
        self._registration: asyncio.Task[None] | None = None
        self._own_name = ""
        self._serve: Callable[[], None] = lambda: None

    def run(self, setup: Callable[[Any], None] | None = None) -> None:
        """See `TrayIcon.run`; raises `TrayUnavailable` without a session bus. Waits for a new bus when one ends."""
        with asyncio.Runner() as runner:
            runner.get_loop().set_exception_handler(_without_broken_connections)
            try:
                bus = runner.run(self._join())
            except NoSessionBus as reason:
                raise TrayUnavailable(_sentence(reason)) from reason
            self._loop, self._ended = runner.get_loop(), asyncio.Event()
            self._serve = lambda: runner.run(self._until_ended(bus))
            super().run(setup)

    def post(self, call: Callable[[], None]) -> None:
        """See `TrayIcon.post`."""
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(call)
        except RuntimeError:
            logger.debug("the icon has stopped, so nothing more is shown")

    def _tell_panels(self, tell: Callable[[], None]) -> None:
        """Send a signal. Without a bus it is lost, without harm: panels read everything at the next registration."""
        try:
            tell()
        except (OSError, ValueError) as failure:
            # The socket of an ending bus closes a moment before the connection reports it.
            logger.debug("the icon could not be updated: %s", failure)

    def picture(self, state: IconState) -> Pixmaps:
        """See `TrayIcon.picture`. The background of the panel cannot be asked, so the picture suits all."""
        return [(size, size, argb(icon_picture(state, size))) for size in SIZES]

    def spelt(self, label: str) -> str:
        """See `TrayIcon.spelt`; `dbusmenu` does it."""
        return label

    def default_item(self) -> Any:
        """The line of the menu that a click on the icon chooses; None if there is none."""
        return next((item for item in self.menu or () if item.default), None)

    def activate(self) -> None:
        """Do the default line of the menu: the icon was clicked."""
        if (item := self.default_item()) is not None:
            self._clicked(item)

    def _clicked(self, item: Any) -> None:
        if item.enabled:
            item(self)

    def _show(self) -> None:
        self._visible = True
        self._tell_panels(self._item.NewStatus)

    def _hide(self) -> None:
        if self._loop is not None and self._loop.is_running():
            self._visible = False
            self._tell_panels(self._item.NewStatus)

    def _update_icon(self) -> None:
        self._icon_valid = True
        self._tell_panels(self._item.NewIcon)

    def _update_title(self) -> None:
        self._tell_panels(self._item.NewToolTip)

    def _update_menu(self) -> None:
        self._tell_panels(lambda: self._lines.update(self.menu))

    def _stop(self) -> None:
        if self._ended is not None and self._loop is not None:
            # This works with and without a bus. RuntimeError: the loop has already ended.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._ended.set)

    def _run(self) -> None:
        self._serve()

    async def _join(self) -> MessageBus:
        bus = await connect_session_bus()
        try:
            bus.export(_ITEM_PATH, self._item)
            bus.export(_MENU_PATH, self._lines)
            name = f"{_ITEM}-{os.getpid()}-{next(_item_numbers)}"
            owned = await bus.request_name(name)
            # A sandbox may forbid names. The connection's own name works too.
            self._own_name = name if owned is RequestNameReply.PRIMARY_OWNER else str(bus.unique_name)
            await watch_owner(bus, WATCHER)
        except BaseException as failure:
            await close_session_bus(bus)
            if isinstance(failure, Exception):
                raise NoSessionBus(f"the D-Bus session bus does not work ({failure})") from failure
            raise
        return bus

    async def _until_ended(self, bus: MessageBus | None) -> None:
        assert self._ended is not None
        self._mark_ready()
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            while bus is not None:
                await self._be_on(bus, ended)
                bus = None if ended.done() else await self._rejoin(ended)
        finally:
            ended.cancel()
            self._running = False
            self._visible = False

    async def _be_on(self, bus: MessageBus, ended: asyncio.Future[Any]) -> None:
        """Stay on this bus until it ends, or the icon does."""

        def watch(message: Message) -> None:
            if new_owner(message, WATCHER):
                self._register_soon(bus)

        bus.add_message_handler(watch)
        self._register_soon(bus)
        lost = asyncio.ensure_future(bus.wait_for_disconnect())  # type: ignore[no-untyped-call]
        try:
            await asyncio.wait((ended, lost), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if self._registration is not None:
                self._registration.cancel()
        if not lost.done():
            bus.disconnect()
            await asyncio.wait((lost,), timeout=1.0)
        if lost.done():
            # The error is fetched, or asyncio would log it. The cause of a connection's end does not matter.
            lost.exception()

    async def _rejoin(self, ended: asyncio.Future[Any]) -> MessageBus | None:
        """The new session bus, once there is one; None when the icon ends before that."""
        logger.warning(BUS_ENDED)
        self._hooks.seen(BUS_ENDED, tell=False)
        pauses = itertools.chain(REJOIN_AFTER, itertools.repeat(REJOIN_AFTER[-1]))
        while not ended.done():
            await asyncio.wait((ended,), timeout=next(pauses))
            joining = asyncio.ensure_future(self._try_to_join())
            await asyncio.wait((ended, joining), return_when=asyncio.FIRST_COMPLETED)
            if not joining.done():
                joining.cancel()
                await asyncio.wait((joining,))
            elif (bus := joining.result()) is not None:
                return bus
        return None

    async def _try_to_join(self) -> MessageBus | None:
        try:
            return await self._join()
        except NoSessionBus:
            return None

    def _register_soon(self, bus: MessageBus) -> None:
        if self._registration is not None:
            self._registration.cancel()
        self._registration = asyncio.ensure_future(self._register(bus))

    async def _register(self, bus: MessageBus) -> None:
        failure = ""
        for pause in REGISTER_AFTER:
            await asyncio.sleep(pause)
            try:
                await ask_bus(bus, WATCHER, _WATCHER_PATH, WATCHER, "RegisterStatusNotifierItem", "s", [self._own_name])
            except BusSilent as refusal:
                failure = str(refusal)
            else:
                logger.info("the tray icon is registered with the panel")
                self._hooks.seen()
                return
        logger.info("no panel takes the tray icon yet; it appears when one does (%s)", failure)
        self._hooks.seen(NO_HOST)
